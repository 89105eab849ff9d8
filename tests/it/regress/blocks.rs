//! Blocks that grow, shrink and are freed.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};
use arenite::collections::Vec as ArenaVec;
use arenite::{Arena, Auto, Chained, Growth};

use super::{Blocks, assert_holds, layout, over_every_backing};

over_every_backing! {
    // RUSTSEC-2020-0006: the new size was read out of the old block.
    fn growing_copied_the_new_size_out_of_the_old_block(arena) {
        let allocator = &arena;
        for (old, new) in [(1, 2), (16, 48), (100, 5000), (5000, 90_000)] {
            let first = allocator.allocate(layout(old, 8)).unwrap().cast::<u8>();
            // SAFETY: a block of `old` bytes, handed out just now.
            unsafe { first.write_bytes(0x11, old) };
            let behind = arena.alloc([0x22_u8; 64]);
            // SAFETY: the block came from this arena with that layout.
            let grown = unsafe { allocator.grow(first, layout(old, 8), layout(new, 8)) }.unwrap();
            assert_eq!(grown.len(), new);
            assert_ne!(grown.cast(), first, "what lies behind the block is in use");
            assert_holds(grown.cast(), old, 0x11);
            assert_eq!(behind, &[0x22; 64]);
        }
    }

    // bumpalo 232: source and target overlapped when the last block shrank by less than half.
    fn overlap_on_shrink(arena) {
        let allocator = &arena;
        for align in [1, 2, 8, 64] {
            for old in [1, 3, 8, 17, 64, 127] {
                for new in 0..=old {
                    let mut blocks = Blocks::default();
                    let block = allocator.allocate(layout(old, align)).unwrap().cast::<u8>();
                    for i in 0..old {
                        // SAFETY: within the block.
                        let place = unsafe { block.add(i) };
                        // SAFETY: a byte of the block, which nobody else has.
                        unsafe { place.write(i as u8) };
                    }
                    // SAFETY: the block came from this arena with that layout.
                    let less = unsafe { allocator.shrink(block, layout(old, align), layout(new, align)) }.unwrap();
                    assert_eq!(less.len(), new);
                    blocks.alloc(&arena, layout(old, 1));
                    // SAFETY: `new` bytes of a block in use, all written.
                    let kept = unsafe { std::slice::from_raw_parts(less.cast::<u8>().as_ptr(), new) };
                    assert!(kept.iter().enumerate().all(|(i, &byte)| byte == i as u8), "{old} to {new} at {align}");
                    blocks.check();
                }
            }
        }
    }

    // GHSA-xhx6-q96x-pf9c: the inner scope's end took the outer block's memory back.
    fn an_outer_block_grown_shrunk_or_freed_inside_an_inner_scope(arena) {
        let mut grown = ArenaVec::new_in(&arena);
        grown.extend(0..4_u64);
        let mut freed = Some(filled(&arena, 64));
        let mut shrunk = filled(&arena, 100);
        for round in 0..4 {
            arena.scope(|inner| {
                inner.alloc([0xEE_u8; 200]);
                shrunk.truncate(100 - 20 * round);
                shrunk.shrink_to_fit();
                grown.extend((0..100).map(|i| i + 4 + 100 * round as u64));
                freed = None;
                inner.scope(|innermost| {
                    innermost.alloc([0xDD_u8; 300]);
                    grown.reserve_exact(1000);
                });
            });
            arena.alloc([0xCC_u8; 500]);
        }
        assert!(grown.iter().copied().eq(0..404));
        assert!(shrunk.iter().copied().eq(0..40));
    }

    // A heap that served `realloc` from whatever heap was current.
    fn realloc_across_heaps(arena) {
        let other = Arena::new();
        let mut outer = ArenaVec::new_in(&arena);
        let mut foreign = ArenaVec::new_in(&other);
        arena.scope(|inner| {
            let mut own = ArenaVec::new_in(inner);
            for i in 0..200_u32 {
                outer.push(i);
                own.push(i + 1000);
                foreign.push(i + 2000);
                if i % 64 == 0 {
                    own.shrink_to_fit();
                    outer.shrink_to_fit();
                }
            }
            assert!(own.iter().copied().eq(1000..1200));
        });
        arena.alloc([0_u8; 1000]);
        assert!(outer.iter().copied().eq(0..200));
        assert!(foreign.iter().copied().eq(2000..2200));
    }

    // A free that was decided by the current scope instead of by whose block it is.
    fn freed_inside_an_inner_scope_what_an_outer_one_made_and_the_reverse(arena) {
        let mut blocks = Blocks::default();
        let size = layout(32, 8);
        let outer = blocks.alloc(&arena, size);
        let middle = arena.child();
        let of_middle = blocks.alloc(&middle, size);
        let inner = middle.child();
        let of_inner = blocks.alloc(&inner, size);
        blocks.remove(outer);
        // SAFETY: the block is the arena's, with that layout, and used no more.
        unsafe { (&arena).deallocate(outer, size) };
        blocks.remove(of_middle);
        // SAFETY: likewise, the middle scope's.
        unsafe { (&*middle).deallocate(of_middle, size) };
        for handle in [&arena, &middle, &inner, &middle, &arena] {
            blocks.alloc(handle, size);
            blocks.alloc(handle, layout(700, 8));
        }
        blocks.remove(of_inner);
        // SAFETY: likewise, the inner scope's. It is not the last.
        unsafe { (&*inner).deallocate(of_inner, size) };
        blocks.alloc(&inner, size);
        blocks.check();
    }
}

fn filled<B: arenite::Backing>(arena: &Arena<B>, len: u64) -> ArenaVec<'_, u64, B> {
    let mut filled = ArenaVec::new_in(arena);
    filled.extend(0..len);
    filled
}

/// Chunks that touch each other: cut from one range, one behind the other.
struct Neighbours {
    range: NonNull<u8>,
    len: usize,
    cut: Cell<usize>,
}

// SAFETY: blocks are disjoint parts of a range that outlives the allocator, and its address is not the allocator's.
unsafe impl Allocator for Neighbours {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let start = self.cut.get().next_multiple_of(layout.align());
        let end = start + layout.size();
        if end > self.len {
            return Err(AllocError);
        }
        self.cut.set(end);
        // SAFETY: `start <= len`, so this is in the range.
        let start = unsafe { self.range.add(start) };
        Ok(NonNull::slice_from_raw_parts(start, layout.size()))
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}
}

fn over_neighbours(test: impl Fn(Arena<Chained<Neighbours>>)) {
    let mut memory = vec![0_u128; 1 << 14];
    let len = size_of_val(&*memory);
    for chunk in [256, 272, 512, 1024] {
        let range = NonNull::from(&mut *memory).cast();
        let base = Neighbours { range, len, cut: Cell::new(0) };
        let chunks = Chained::new_in(base).first_chunk(chunk).growth(Growth::Constant);
        test(Arena::new_in(chunks.side_chunks_above(usize::MAX)));
    }
}

#[test]
fn neighbouring_chunks() {
    over_neighbours(|arena| {
        let allocator = &arena;
        let mut blocks = Blocks::default();
        let small = layout(8, 8);
        blocks.alloc(&arena, small);
        let mut last = None;
        while arena.chunk_capacity() > super::GAP {
            last = Some(blocks.alloc(&arena, small));
        }
        let last = last.expect("a chunk has room for two");
        let first = blocks.alloc(&arena, small);
        assert!(first > last, "the next chunk lies behind");
        let between = first.addr().get() - last.addr().get();
        assert!(between <= 8 + 64 + super::GAP, "{between} bytes: only a record lies between");
        blocks.remove(first);
        // SAFETY: the block is this arena's, with that layout, and used no more.
        unsafe { allocator.deallocate(first, small) };
        // In place, this would run over the record and into the next chunk.
        blocks.remove(last);
        // SAFETY: likewise.
        let grown = unsafe { allocator.grow(last, small, layout(100, 8)) }.unwrap().cast();
        blocks.add(grown, 100);
        blocks.remove(grown);
        // SAFETY: likewise.
        unsafe { allocator.deallocate(grown, layout(100, 8)) };
        for _ in 0..100 {
            blocks.alloc(&arena, small);
        }
        blocks.check();
    });
}

#[test]
fn neighbouring_blocks_of_two_windows_in_one_chunk() {
    over_neighbours(|arena| {
        let allocator = &arena;
        let mut blocks = Blocks::default();
        let small = layout(8, 8);
        let before = blocks.alloc(&arena, small);
        let child = arena.child();
        let first = blocks.alloc(&child, small);
        assert_eq!(
            first.addr().get(),
            before.addr().get() + 8 + super::GAP,
            "the child's window begins at once"
        );
        blocks.remove(first);
        // SAFETY: the block is the child's, with that layout, and used no more.
        unsafe { (&*child).deallocate(first, small) };
        blocks.remove(before);
        // SAFETY: likewise, the arena's. The child's window must not move.
        let grown = unsafe { allocator.grow(before, small, layout(16, 8)) }.unwrap().cast();
        blocks.add(grown, 16);
        for handle in [&arena, &child, &arena, &child] {
            blocks.alloc(handle, small);
            blocks.alloc(handle, layout(24, 8));
        }
        blocks.check();
        drop(child);
        super::assert_holds(grown, 16, 3);
    });
}

#[test]
fn a_stretch_that_was_left_and_entered_again_keeps_what_lies_before_it() {
    let arena: Arena<_> = Arena::new_in(Chained::new().first_chunk(1024).growth(Growth::Constant));
    let allocator = &arena;
    let mut blocks = Blocks::default();
    let before = blocks.alloc(&arena, layout(400, 8));
    blocks.alloc(&arena, layout(900, 8));
    let in_stretch = blocks.alloc(&arena, layout(96, 8));
    if !cfg!(arenite_zeal) {
        assert_eq!(in_stretch.addr().get(), before.addr().get() + 400 + super::GAP, "the stretch is used");
    }
    blocks.remove(in_stretch);
    // SAFETY: the block is this arena's, with that layout, and used no more.
    unsafe { allocator.deallocate(in_stretch, layout(96, 8)) };
    blocks.remove(before);
    // SAFETY: likewise. It ends where the window begins, but is not in it.
    unsafe { allocator.deallocate(before, layout(400, 8)) };
    for size in [96, 8, 300, 1, 8] {
        blocks.alloc(&arena, layout(size, 8));
    }
    blocks.check();
    assert!(arena.stats().used <= arena.stats().committed);
}

#[test]
fn blocks_of_no_bytes_stand_for_no_other() {
    let arena = Arena::<Auto, 1>::with_min_align();
    let allocator = &arena;
    let mut blocks = Blocks::default();
    let nothing = layout(0, 1);
    // One before there is a chunk, one at a position.
    let early = allocator.allocate(nothing).unwrap().cast::<u8>();
    blocks.alloc(&arena, layout(3, 1));
    let at_pos = allocator.allocate(nothing).unwrap().cast::<u8>();
    let behind = blocks.alloc(&arena, layout(5, 1));
    for block in [early, at_pos] {
        // SAFETY: a block of this arena's with that layout.
        let grown = unsafe { allocator.grow(block, nothing, layout(9, 1)) }.unwrap().cast::<u8>();
        blocks.add(grown, 9);
    }
    blocks.check();
    let twice = [allocator.allocate(nothing).unwrap(), allocator.allocate(nothing).unwrap()];
    for block in twice {
        // SAFETY: likewise.
        let grown = unsafe { allocator.grow(block.cast(), nothing, layout(9, 1)) }.unwrap().cast::<u8>();
        blocks.add(grown, 9);
    }
    assert!(behind >= at_pos);
    blocks.check();
}
