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
    let filler = room - if cfg!(arenite_asan) { 24 } else { 16 };
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
