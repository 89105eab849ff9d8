//! Every figure of `Stats` moves.

use std::alloc::Layout;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Buffer, Chained, Fixed, ResetMode};

#[test]
fn used_moves() {
    let arena = Arena::new();
    assert_eq!(arena.stats().used, 0);
    arena.alloc(1_u8);
    let used = arena.stats().used;
    assert!(used >= 8);
    let layout = Layout::new::<[u64; 4]>();
    let block = (&arena).allocate(layout).unwrap();
    assert!(arena.stats().used >= used + 32);
    // SAFETY: the block is the arena's with this layout, and is used no more.
    unsafe { (&arena).deallocate(block.cast(), layout) };
    assert_eq!(arena.stats().used, used);
    arena.scope(|inner| {
        inner.alloc([0_u64; 1000]);
        assert!(inner.stats().used >= used + 8000);
    });
    assert_eq!(arena.stats().used, used);
}

/// Whatever its size, the last block is known for the last: it is given back, resized where it stands, given back.
#[test]
fn the_last_block_gives_all_of_itself_back() {
    let arena = Arena::with_capacity(4096);
    arena.alloc(1_u8);
    let before = arena.stats().used;
    for size in 0..300 {
        let [layout, longer, shorter] =
            [size, size * 3 + 1, size / 2].map(|size| Layout::from_size_align(size, 1).unwrap());
        let block = (&arena).allocate(layout).unwrap().cast::<u8>();
        // SAFETY: the block is the arena's with this layout, and the new size is not smaller.
        let grown = unsafe { (&arena).grow(block, layout, longer) }.unwrap();
        assert_eq!(grown.cast(), block);
        let used = arena.stats().used;
        assert!(used >= before + longer.size());
        // SAFETY: the block is the arena's with this layout, and the new size is not larger.
        let shrunk = unsafe { (&arena).shrink(block, longer, shorter) }.unwrap();
        assert_eq!(shrunk.cast(), block);
        assert!(arena.stats().used + (longer.size() - shorter.size()) < used + 16);
        // SAFETY: the block is the arena's with this layout, and is used no more.
        unsafe { (&arena).deallocate(block, shorter) };
        assert_eq!(arena.stats().used, before, "{size} bytes");
    }
}

/// A parent that gave its last block back while a child had the tail gets the tail back nevertheless.
#[test]
fn a_tail_goes_back_to_a_parent_that_moved_back() {
    let arena = Arena::with_capacity(4096);
    let room = arena.chunk_capacity();
    let layout = Layout::new::<[u64; 8]>();
    let block = (&arena).allocate(layout).unwrap();
    let child = arena.child();
    child.alloc([1_u64; 8]);
    // SAFETY: the block is the arena's with this layout, and is used no more.
    unsafe { (&arena).deallocate(block.cast(), layout) };
    drop(child);
    assert_eq!(arena.chunk_capacity(), room);
}

/// The window is the one that it was when the mark was made, but it was left meanwhile, for memory that must be taken
/// back as well.
#[test]
#[cfg_attr(any(arenite_asan, arenite_memcheck), ignore = "sizes are chosen for blocks without gaps")]
fn rewinding_through_a_window_that_was_entered_again() {
    let arena: Arena<_> = Arena::new_in(Chained::new().first_chunk(1008));
    arena.alloc(1_u64);
    // The parent moves on, so that the rest of its first chunk is kept for later; its second one is empty then.
    let child = arena.child();
    let layout = Layout::new::<u64>();
    let block = (&arena).allocate(layout).unwrap();
    drop(child);
    // SAFETY: the block is the arena's with this layout, and is used no more.
    unsafe { (&arena).deallocate(block.cast(), layout) };
    let (used, chunks) = (arena.stats().used, arena.stats().chunks);
    let mark = arena.checkpoint();
    // A child has the second chunk, so this goes to the first one; the next does not fit there, and the child has ended.
    let child = arena.child();
    arena.alloc([1_u8; 900]);
    drop(child);
    arena.alloc([1_u8; 200]);
    assert_eq!(arena.stats().chunks, chunks);
    // SAFETY: nothing that was handed out since is used any more, and the child has ended.
    unsafe { arena.rewind(mark) };
    assert_eq!(arena.stats().used, used);
}

#[test]
fn peak_moves_and_stays() {
    let mut arena = Arena::new();
    arena.scope(|inner| {
        inner.alloc([0_u64; 1000]);
    });
    let peak = arena.stats().peak;
    assert!((8000..8100).contains(&peak), "{peak}");
    arena.alloc([0_u64; 10]);
    assert_eq!(arena.stats().peak, peak);
    arena.reset();
    assert_eq!(arena.stats().peak, peak);
    arena.alloc([0_u64; 2000]);
    assert!(arena.stats().peak >= 16_000);
}

#[test]
fn committed_and_reserved_move() {
    let mut arena = Arena::new();
    assert_eq!((arena.stats().committed, arena.stats().reserved), (0, 0));
    arena.alloc(1_u8);
    let first = arena.stats();
    assert!(first.committed >= 8 && first.reserved > first.committed);
    assert_eq!(first.committed, arena.allocated_bytes());
    assert_eq!(first.reserved, arena.allocated_bytes_including_metadata());
    arena.alloc([0_u8; 10_000]);
    let second = arena.stats();
    assert!(second.committed >= first.committed + 10_000 && second.reserved > second.committed);
    arena.reset_with(ResetMode::FreeAll);
    assert_eq!((arena.stats().committed, arena.stats().reserved), (0, 0));

    let mut buffer = Buffer::<1000>::new();
    let arena: Arena<_> = Arena::new_in(Fixed::from(&mut buffer));
    arena.alloc(1_u8);
    let stats = arena.stats();
    assert_eq!(stats.reserved, 1000);
    assert!((8..1000).contains(&stats.committed), "{stats}");
}

#[test]
fn wasted_moves() {
    let mut arena: Arena<_> = Arena::new_in(Chained::new().first_chunk(256));
    let room = {
        arena.alloc(1_u8);
        arena.chunk_capacity()
    };
    let filler = room - if cfg!(any(arenite_asan, arenite_memcheck)) { 24 } else { 16 };
    arena.alloc_slice_fill_copy(filler, 1_u8);
    assert_eq!(arena.stats().wasted, 0);
    arena.alloc([1_u64; 8]);
    assert_eq!(arena.stats().wasted, 16);
    arena.reset();
    assert_eq!(arena.stats().wasted, 0);
}

#[test]
fn chunks_move() {
    let mut arena = Arena::new();
    assert_eq!(arena.stats().chunks, 0);
    arena.alloc(1_u8);
    assert_eq!(arena.stats().chunks, 1);
    let full = arena.chunk_capacity();
    arena.alloc_slice_fill_copy(full + 1, 1_u8);
    assert_eq!(arena.stats().chunks, 2);
    arena.reset();
    assert_eq!(arena.stats().chunks, 1);
    arena.reset_with(ResetMode::FreeAll);
    assert_eq!(arena.stats().chunks, 0);
}

#[test]
fn the_backing_is_named() {
    let chained: Arena<_> = Arena::new_in(Chained::new());
    let mut buffer = Buffer::<8>::new();
    let fixed: Arena<_> = Arena::new_in(Fixed::from(&mut buffer));
    let names = [Arena::new().stats().backing, chained.stats().backing, fixed.stats().backing];
    assert_eq!(names, ["auto (chained)", "chained", "fixed"]);
}
