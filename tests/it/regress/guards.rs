//! Child scopes and their guards.

use std::mem;

use allocator_api2::alloc::Allocator;
use arenite::collections::Vec as ArenaVec;
use arenite::{Arena, Backing, Child};

use super::{Blocks, layout, over_every_backing, panics, rounds, used};

/// Uses a handle for this and that.
fn work<B: Backing>(arena: &Arena<B>, blocks: &mut Blocks) {
    for size in [8, 40, 1, 300] {
        blocks.alloc(arena, layout(size, 8));
    }
}

/// Opens children down to `depth`, uses each, and forgets those whose bit in `forgotten` is set.
fn nest<B: Backing>(arena: &Arena<B>, depth: usize, forgotten: usize, blocks: &mut Blocks) {
    work(arena, blocks);
    if depth == 0 {
        return;
    }
    let child = arena.child();
    let mark = blocks.live.len();
    nest(&child, depth - 1, forgotten >> 1, blocks);
    blocks.check();
    blocks.live.truncate(mark);
    if forgotten & 1 == 1 {
        mem::forget(child);
    } else {
        drop(child);
    }
    work(arena, blocks);
    blocks.check();
}

over_every_backing! {
    // bump-scope 2.4.1. Every subset of the guards at every depth.
    fn forgotten_guard(mut arena) {
        for forgotten in 0..16 {
            nest(&arena, 4, forgotten, &mut Blocks::default());
            nest(&arena, 2, !forgotten, &mut Blocks::default());
            arena.reset();
            work(&arena, &mut Blocks::default());
            assert!(arena.stats().used <= arena.stats().committed);
        }
        nest(&arena, 4, 0b1111, &mut Blocks::default());
        drop(arena);
    }

    fn forgotten_guards_cost_no_chunks_after_a_reset(mut arena) {
        let mut chunks = 0;
        for round in 0..rounds(200) {
            for forgotten in [0b1111, 0b0101, 0b0010] {
                nest(&arena, 4, forgotten, &mut Blocks::default());
            }
            arena.reset();
            match round {
                0 | 1 => chunks = arena.stats().committed,
                _ => assert_eq!(arena.stats().committed, chunks, "round {round}"),
            }
        }
    }

    fn children_end_in_any_order(arena) {
        // All orders of four.
        for order in 0..24_usize {
            let before = used(&arena);
            let mut blocks = Blocks::default();
            let mut children: Vec<Child<'_, B, 8>> = Vec::new();
            let mut ranges = Vec::new();
            for _ in 0..4 {
                children.push(arena.child());
                let start = blocks.live.len();
                work(children.last().unwrap(), &mut blocks);
                ranges.push(blocks.live[start..].to_vec());
                for child in &children {
                    blocks.alloc(child, layout(24, 8));
                    ranges.last_mut().unwrap().truncate(4);
                }
            }
            let (mut left, mut code) = (vec![0, 1, 2, 3], order);
            while !left.is_empty() {
                let which = left.remove(code % left.len());
                code /= left.len() + 1;
                blocks.check();
                // What a child handed out is gone with it; all that the others have must stay.
                let child = &children[which];
                let mine = blocks.alloc(child, layout(8, 8));
                blocks.remove(mine);
                let survivors: Vec<_> = left.iter().flat_map(|&other| ranges[other].clone()).collect();
                blocks.live.clone_from(&survivors);
                end(&mut children, which, &arena);
                let outer = arena.alloc_layout(layout(16, 8));
                for &(start, len, _) in &survivors {
                    assert!(outer.addr().get() + 16 <= start.addr().get() || start.addr().get() + len <= outer.addr().get());
                }
                blocks.check();
            }
            drop(children);
            assert!(used(&arena) >= before, "what the arena handed out itself stays");
        }
    }

    fn two_guards_swapped(arena) {
        let mut blocks = Blocks::default();
        blocks.alloc(&arena, layout(16, 8));
        let right_parent = arena.child();
        let mut left = arena.child();
        work(&left, &mut blocks);
        let mut right = right_parent.child();
        work(&right, &mut blocks);
        mem::swap(&mut left, &mut right);
        work(&left, &mut blocks);
        work(&right, &mut blocks);
        // Each ends with the parent that it came from, whatever the variable is called.
        drop(left);
        blocks.live.truncate(5);
        work(&right, &mut blocks);
        work(&right_parent, &mut blocks);
        blocks.check();
        drop(right);
        drop(right_parent);
        blocks.live.truncate(1);
        work(&arena, &mut blocks);
        blocks.check();
    }

    fn a_guard_that_moves(arena) {
        let mut blocks = Blocks::default();
        let child = arena.child();
        work(&child, &mut blocks);
        let child = Box::new(child);
        work(&child, &mut blocks);
        let child = *child;
        let grandchild = child.child();
        work(&grandchild, &mut blocks);
        let grandchildren = vec![grandchild, child.child()];
        work(&grandchildren[1], &mut blocks);
        work(&grandchildren[0], &mut blocks);
        blocks.check();
        drop(grandchildren);
        work(&child, &mut Blocks::default());
    }

    // bump-scope 1.4.1 and others kept an address of the handle.
    fn a_handle_moved_or_swapped_with_blocks_outstanding(arena) {
        let mut blocks = Blocks::default();
        work(&arena, &mut blocks);
        let last = blocks.alloc(&arena, layout(32, 8));
        let mut places = [Box::new(Some(arena)), Box::new(None)];
        for round in 0..4 {
            let arena = places[round % 2].as_ref().as_ref().expect("it was moved here");
            if round == 1 {
                blocks.remove(last);
                // SAFETY: the block is this arena's, with that layout, and used no more.
                unsafe { arena.deallocate(last, layout(32, 8)) };
            }
            work(arena, &mut blocks);
            mem::forget(arena.child());
            work(arena, &mut blocks);
            blocks.check();
            // Into the other place, and back to where it was before.
            let [left, right] = &mut places;
            mem::swap(&mut **left, &mut **right);
        }
        let mut arena = places[0].take().expect("it was moved four times");
        work(&arena, &mut blocks);
        arena.scope(|inner| work(inner, &mut Blocks::default()));
        blocks.check();
        arena.reset();
        work(&arena, &mut Blocks::default());
    }

    fn panic_between_three_levels(arena) {
        let mut outer = ArenaVec::new_in(&arena);
        outer.extend(0..10_u32);
        for level in 0..4 {
            let before = used(&arena);
            let unwound = panics(|| {
                arena.scope(|one| {
                    one.alloc([1_u8; 100]);
                    assert_ne!(level, 1);
                    one.scope(|two| {
                        two.alloc([2_u8; 3000]);
                        assert_ne!(level, 2);
                        two.scope(|three| {
                            three.alloc([3_u8; 100]);
                            assert_ne!(level, 3);
                        });
                    });
                });
            });
            assert_eq!(unwound, level != 0);
            assert_eq!(used(&arena), before, "the scopes gave back what they took");
            outer.push(level);
        }
        assert!(outer.iter().copied().eq((0..10).chain(0..4)));
    }

    // An arena that walked its scopes by recursion.
    fn depth_is_no_matter_of_the_stack_at_the_end(arena) {
        fn down<B: Backing>(arena: &Arena<B>, depth: usize) -> usize {
            *arena.alloc(depth) + if depth == 0 { 0 } else { arena.scope(|inner| down(inner, depth - 1)) }
        }
        let depth = rounds(500);
        assert_eq!(down(&arena, depth), depth * (depth + 1) / 2);
    }
}

/// Ends the child at that place; in its place is one that was never used.
fn end<'a, B: Backing>(children: &mut [Child<'a, B, 8>], which: usize, arena: &'a Arena<B>) {
    drop(mem::replace(&mut children[which], arena.child()));
}
