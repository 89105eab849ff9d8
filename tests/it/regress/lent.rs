//! A parent whose tail is with a child.

use allocator_api2::alloc::Allocator;
use arenite::collections::Vec as ArenaVec;
use arenite::{Arena, Backing, Chained, Fixed, Growth};

use super::{Blocks, buffer, layout, over_every_backing, rounds, used};

over_every_backing! {
    fn frees_grows_and_shrinks_its_last_block_while_a_child_lives_and_after(arena) {
        let allocator = &arena;
        let (small, large) = (layout(16, 8), layout(48, 8));
        for ended_early in [false, true] {
            for change in 0..4 {
                let mut blocks = Blocks::default();
                blocks.alloc(&arena, small);
                let last = blocks.alloc(&arena, large);
                let mut child = Some(arena.child());
                blocks.alloc(child.as_ref().unwrap(), small);
                if ended_early {
                    blocks.live.pop();
                    child = None;
                }
                blocks.remove(last);
                match change {
                    // SAFETY (all three): the block is this arena's, with that layout; what is passed on is used by its
                    // new layout alone.
                    // SAFETY: see above.
                    0 => unsafe { allocator.deallocate(last, large) },
                    // SAFETY: see above.
                    1 => blocks.add(unsafe { allocator.shrink(last, large, small) }.unwrap().cast(), 16),
                    // SAFETY: see above.
                    2 => blocks.add(unsafe { allocator.grow(last, large, layout(500, 8)) }.unwrap().cast(), 500),
                    _ => {}
                }
                for _ in 0..3 {
                    blocks.alloc(&arena, small);
                    if let Some(child) = &child {
                        blocks.alloc(child, layout(200, 8));
                    }
                }
                // A second child gets what the parent took back.
                let second = arena.child();
                blocks.alloc(&second, small);
                blocks.check();
                drop(second);
                blocks.live.pop();
                let ended_with_the_child: Vec<_> = match child {
                    Some(child) => {
                        blocks.check();
                        drop(child);
                        blocks.live.iter().copied().filter(|&(_, len, _)| len == 200).collect()
                    }
                    None => Vec::new(),
                };
                blocks.live.retain(|block| !ended_with_the_child.contains(block));
                // The child's first block is gone, too: only what the parent made is looked at from here on.
                blocks.live.retain(|&(_, len, _)| len != 16 || ended_early);
                blocks.alloc(&arena, large);
                blocks.check();
            }
        }
    }

    fn takes_a_new_window_and_lends_that_as_well(arena) {
        let mut blocks = Blocks::default();
        let first = arena.child();
        blocks.alloc(&first, layout(8, 8));
        let mut children = vec![first];
        for _ in 0..6 {
            blocks.alloc(&arena, layout(100, 8));
            let child = arena.child();
            blocks.alloc(&child, layout(60, 8));
            children.push(child);
            for child in &children {
                blocks.alloc(child, layout(8, 8));
            }
        }
        blocks.check();
        while let Some(child) = children.pop() {
            drop(child);
            arena.alloc([0_u8; 40]);
            for child in &children {
                child.alloc(0_u64);
            }
        }
    }

    fn forgotten_child_and_grandchild_keep_their_blocks(arena) {
        let mut blocks = Blocks::default();
        blocks.alloc(&arena, layout(8, 8));
        let child = arena.child();
        blocks.alloc(&child, layout(8, 8));
        let grandchild = child.child();
        blocks.alloc(&grandchild, layout(8, 8));
        blocks.alloc(&grandchild, layout(2000, 8));
        std::mem::forget(grandchild);
        std::mem::forget(child);
        for size in [8, 100, 3000, 50_000] {
            blocks.alloc(&arena, layout(size, 8));
            let other = arena.child();
            blocks.alloc(&other, layout(size, 8));
            blocks.check();
            drop(other);
            blocks.live.pop();
        }
        // Nobody may hand out what a forgotten guard has: it is idle, not free.
        blocks.check();
    }

    fn outer_collections_grow_while_scopes_come_and_go(arena) {
        let mut lengths = ArenaVec::new_in(&arena);
        let mut texts = ArenaVec::new_in(&arena);
        for i in 0..rounds(2000) {
            arena.scope(|inner| {
                let text = inner.alloc_fmt(format_args!("{i:>width$}", width = i % 90));
                lengths.push(text.len());
                texts.push(&*arena.alloc_str(text));
            });
        }
        for (i, (text, &len)) in texts.iter().zip(&lengths).enumerate() {
            assert_eq!((text.len(), text.trim_start().parse()), (len, Ok(i)));
        }
    }
}

/// A parent with a living child goes on in memory that lies above: of one range no less than of chunks.
#[test]
fn a_range_serves_a_lent_parent() {
    let mut memory = buffer(8192);
    let arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
    let mut blocks = Blocks::default();
    blocks.alloc(&arena, layout(8, 8));
    let child = arena.child();
    for _ in 0..8 {
        blocks.alloc(&child, layout(64, 8));
        blocks.alloc(&arena, layout(64, 8));
    }
    blocks.check();
    assert!(arena.stats().chunks > 1);
}

/// The tail that comes back reaches as far as the child made the chunk longer, and no farther than nobody else's.
#[test]
fn a_child_that_made_the_chunk_longer_returns_all_of_it() {
    let mut memory = buffer(4096);
    let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
    for _ in 0..3 {
        arena.alloc(1_u64);
        let before = used(&arena);
        arena.scope(|inner| {
            // Not so much that nothing would be left to lend.
            inner.alloc([0_u8; 100]);
            inner.scope(|innermost| innermost.alloc([0_u8; 2000])[0])
        });
        assert_eq!(used(&arena), before);
        assert!(arena.chunk_capacity() >= 2000);
        let whole = arena.alloc([0x3C_u8; 2000]);
        arena.scope(|inner| inner.alloc([0xFF_u8; 500])[0]);
        assert_eq!(whole, &[0x3C; 2000]);
        arena.reset();
    }
}

/// Each scope pushes one outer element, with every size of chunk: memory stays within twice the need.
#[test]
fn tails_that_cannot_go_back_are_used_again() {
    fn check<B: Backing>(arena: Arena<B>) {
        let rounds = rounds(20_000);
        for i in 0..rounds {
            arena.scope(|inner| {
                inner.alloc([i; 3]);
                arena.alloc(i);
            });
        }
        let stats = arena.stats();
        let twice = 2 * rounds * (8 + super::GAP);
        assert!(cfg!(any(arenite_zeal, miri)) || stats.reserved <= twice + 64 * stats.chunks, "{stats}");
    }
    check(Arena::new());
    check(Arena::new_in(Chained::new().first_chunk(256).growth(Growth::Percent(150))));
}
