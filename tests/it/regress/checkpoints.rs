//! Checkpoints.

use std::mem;

use arenite::{Arena, Chained, Growth};

use super::{Blocks, layout, over_every_backing, panics, rounds, used};

over_every_backing! {
    fn marks_at_three_levels(arena) {
        let mut blocks = Blocks::default();
        blocks.alloc(&arena, layout(8, 8));
        for _ in 0..5 {
            let (kept, before) = (blocks.live.len(), used(&arena));
            let outer = arena.checkpoint();
            for size in [8, 500, 9000, 70_000] {
                blocks.alloc(&arena, layout(size, 8));
                let (inner_kept, inner_before) = (blocks.live.len(), used(&arena));
                let inner = arena.checkpoint();
                for size in [70_000, 8, 1000] {
                    blocks.alloc(&arena, layout(size, 16));
                }
                blocks.check();
                blocks.live.truncate(inner_kept);
                // SAFETY: the mark is this arena's, nothing handed out since is used any more, no child was made.
                unsafe { arena.rewind(inner) };
                assert_eq!(used(&arena), inner_before);
                blocks.check();
            }
            blocks.live.truncate(kept);
            // SAFETY: likewise.
            unsafe { arena.rewind(outer) };
            assert_eq!(used(&arena), before);
        }
        blocks.alloc(&arena, layout(100, 8));
        blocks.check();
    }

    fn a_mark_before_the_first_chunk(arena) {
        let mark = arena.checkpoint();
        for round in 0..3 {
            let mut blocks = Blocks::default();
            blocks.alloc(&arena, layout(5000, 8));
            blocks.alloc(&arena, layout(8, 8));
            blocks.check();
            let chunks = arena.stats().chunks;
            // SAFETY: the mark is this arena's, nothing handed out since is used any more, no child was made.
            unsafe { arena.rewind(mark) };
            assert_eq!(used(&arena), 0);
            assert_eq!(arena.stats().chunks, chunks, "chunks are kept, round {round}");
        }
    }

    fn marks_in_a_child_and_around_one(arena) {
        let mut blocks = Blocks::default();
        blocks.alloc(&arena, layout(24, 8));
        let child = arena.child();
        blocks.alloc(&child, layout(24, 8));
        // Made while lent: what the child has is no part of it.
        let around = arena.checkpoint();
        let within = child.checkpoint();
        for _ in 0..4 {
            let kept = blocks.live.len();
            for size in [8, 300, 4000] {
                blocks.alloc(&child, layout(size, 8));
                blocks.alloc(&arena, layout(size, 8));
            }
            let forgotten = child.child();
            blocks.alloc(&forgotten, layout(64, 8));
            mem::forget(forgotten);
            blocks.check();
            blocks.live.truncate(kept);
            // SAFETY: the mark is the child's, nothing handed out since is used any more, its own child is forgotten.
            unsafe { child.rewind(within) };
            // SAFETY: likewise; the child was made before the mark.
            unsafe { arena.rewind(around) };
            blocks.check();
        }
        blocks.alloc(&child, layout(24, 8));
        drop(child);
        blocks.live.truncate(1);
        for size in [8, 24, 1000] {
            blocks.alloc(&arena, layout(size, 8));
        }
        blocks.check();
    }

    fn a_child_from_before_the_mark_ends_between(arena) {
        let mut blocks = Blocks::default();
        blocks.alloc(&arena, layout(40, 8));
        let child = arena.child();
        child.alloc([0_u8; 30]);
        let mark = arena.checkpoint();
        blocks.alloc(&arena, layout(2000, 8));
        drop(child);
        blocks.alloc(&arena, layout(60, 8));
        blocks.check();
        blocks.live.truncate(1);
        // SAFETY: the mark is this arena's, nothing handed out since is used any more, no child made since lives.
        unsafe { arena.rewind(mark) };
        for size in [60, 2000, 8, 100] {
            blocks.alloc(&arena, layout(size, 8));
            let child = arena.child();
            blocks.alloc(&child, layout(size, 8));
            blocks.check();
            blocks.live.pop();
        }
        blocks.check();
    }

    fn a_mark_from_before_a_reset_is_refused(mut arena) {
        arena.alloc(1);
        let mark = arena.checkpoint();
        arena.reset();
        arena.alloc(2);
        // SAFETY: refused, which is what is tested.
        assert!(panics(|| unsafe { arena.rewind(mark) }));
        assert_eq!(*arena.alloc(3), 3);
    }
}

/// A stack that is driven by hand takes no more chunks the longer it runs.
#[test]
fn rewinding_uses_chunks_again() {
    let arena: Arena<_> = Arena::new_in(Chained::new().first_chunk(256).growth(Growth::Constant));
    let mut chunks = None;
    for _ in 0..rounds(1000) {
        let mark = arena.checkpoint();
        for size in [100, 200, 300, 40] {
            arena.alloc_slice_fill_copy(size, 0_u8);
        }
        // SAFETY: the mark is this arena's, nothing handed out since is used any more, no child was made.
        unsafe { arena.rewind(mark) };
        assert_eq!(arena.stats().chunks, *chunks.get_or_insert(arena.stats().chunks));
    }
}
