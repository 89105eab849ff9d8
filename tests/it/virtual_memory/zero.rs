//! Zero that is not: what is known to be zero is not zeroed again, so whatever makes memory dirty must be known.
//!
//! Each test dirties memory in one way, takes it again as zeroed, and looks.

use std::mem;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Auto, Backing, ResetMode, Virtual};

use super::{MIB, arena, block, check_zero, layout, zeroed};

/// Sizes around the steps in which windows, chunks and ranges grow.
const SIZES: [usize; 6] = [1, 60, 4000, 65_536, 200_000, 3 * MIB];

/// Runs `test` for every size.
fn for_each_size(test: impl Fn(fn() -> Arena<Virtual>, usize)) {
    for size in SIZES {
        test(arena, size);
    }
}

#[test]
fn after_a_retreat() {
    for_each_size(|make, size| {
        let arena = make();
        let first = zeroed(&arena, size);
        check_zero(first);
        let start = std::ptr::NonNull::from(first);
        // SAFETY: the block is this arena's with this layout, and is not used any more.
        unsafe { (&arena).deallocate(start.cast(), layout(size)) };
        check_zero(zeroed(&arena, size + 100));
    });
}

#[test]
fn after_a_rewind_in_one_window_and_across_windows() {
    for_each_size(|make, size| {
        let arena = make();
        block(&arena, 10);
        let mark = arena.checkpoint();
        check_zero(zeroed(&arena, size));
        // SAFETY: what was handed out since is not used any more.
        unsafe { arena.rewind(mark) };
        check_zero(zeroed(&arena, size / 2 + 1));
        // A living child makes the next block start another window.
        let child = arena.child();
        block(&arena, size);
        block(&child, size);
        drop(child);
        // SAFETY: as above.
        unsafe { arena.rewind(mark) };
        check_zero(zeroed(&arena, 2 * size));
        check_zero(zeroed(&arena, 2 * size));
    });
}

#[test]
fn after_a_child() {
    for_each_size(|make, size| {
        let arena = make();
        block(&arena, 10);
        for _ in 0..3 {
            arena.scope(|child| check_zero(zeroed(child, size)));
        }
        check_zero(zeroed(&arena, size));
    });
}

#[test]
fn in_a_child_whose_parent_retreated() {
    for_each_size(|make, size| {
        let arena = make();
        block(&arena, 10);
        let mark = arena.checkpoint();
        block(&arena, size);
        // SAFETY: what was handed out since is not used any more.
        unsafe { arena.rewind(mark) };
        let child = arena.child();
        check_zero(zeroed(&child, size));
        child.scope(|grandchild| check_zero(zeroed(grandchild, size)));
    });
}

#[test]
fn after_a_child_that_left_its_loan() {
    for_each_size(|make, size| {
        let arena = make();
        block(&arena, 10);
        let child = arena.child();
        block(&child, 50);
        // The grandchild has the rest of the loan, so the child goes elsewhere, and the grandchild grows beyond it.
        let grandchild = child.child();
        block(&child, size);
        block(&grandchild, size);
        drop(grandchild);
        block(&child, size);
        drop(child);
        check_zero(zeroed(&arena, size));
        check_zero(zeroed(&arena, 3 * size));
        check_zero(zeroed(&arena, 3 * size));
    });
}

#[test]
fn after_a_child_that_ended_after_its_parent_had_moved_on() {
    for_each_size(|make, size| {
        let arena = make();
        block(&arena, 10);
        let (first, second) = (arena.child(), arena.child());
        block(&first, size);
        block(&arena, 10);
        block(&second, size);
        drop(first);
        check_zero(zeroed(&arena, size));
        drop(second);
        check_zero(zeroed(&arena, 2 * size));
        check_zero(zeroed(&arena, 2 * size));
    });
}

#[test]
fn after_a_forgotten_child_and_grandchild() {
    for size in SIZES {
        for forgotten in 0..4 {
            let mut arena = arena();
            block(&arena, 10);
            let child = arena.child();
            let grandchild = child.child();
            block(&grandchild, size);
            block(&child, size);
            if forgotten & 1 == 0 {
                drop(grandchild)
            } else {
                mem::forget(grandchild)
            }
            block(&child, size);
            if forgotten & 2 == 0 {
                drop(child)
            } else {
                mem::forget(child)
            }
            check_zero(zeroed(&arena, size));
            check_zero(zeroed(&arena, 2 * size));
            arena.reset();
            check_zero(zeroed(&arena, size));
            check_zero(zeroed(&arena, 4 * size));
            drop(arena);
            // Perhaps from the cache.
            check_zero(zeroed(&super::arena(), 5 * size));
        }
    }
}

#[test]
fn where_a_stretch_was_kept() {
    let arena = arena();
    block(&arena, 10);
    for _ in 0..20 {
        // The tail cannot go back to the window that it came from: it is kept, and says so in its first bytes.
        let child = arena.child();
        block(&child, 100);
        block(&arena, 5000);
        drop(child);
        check_zero(zeroed(&arena, 50));
        check_zero(zeroed(&arena, 4000));
    }
    check_zero(zeroed(&arena, MIB));
}

#[test]
fn in_the_rounding_of_a_block_that_was_made_shorter() {
    let arena = arena();
    for (long, short, longer) in [(16, 9, 13), (16, 9, 40), (8, 1, 8), (200, 97, 104), (200, 97, 70_000)] {
        let start = (&arena).allocate(layout(long)).expect("memory").cast::<u8>();
        // SAFETY: the block is ours and has that many bytes.
        unsafe { start.write_bytes(0xEE, long) };
        // SAFETY: the block is this arena's with this layout, and the new size is smaller.
        let shorter =
            unsafe { (&arena).shrink(start, layout(long), layout(short)) }.expect("no memory is needed");
        // SAFETY: the block is this arena's with this layout, and the new size is larger.
        let grown = unsafe { (&arena).grow_zeroed(shorter.cast(), layout(short), layout(longer)) };
        // SAFETY: a block of that many bytes, initialised, which nobody else has.
        let bytes = unsafe { std::slice::from_raw_parts_mut(grown.expect("memory").cast().as_ptr(), longer) };
        assert!(bytes[..short].iter().all(|&byte| byte == 0xEE));
        check_zero(&mut bytes[short..]);
    }
}

#[test]
fn in_what_a_block_grows_by() {
    for size in SIZES {
        let arena = arena();
        let mark = arena.checkpoint();
        block(&arena, size);
        // SAFETY: what was handed out since is not used any more.
        unsafe { arena.rewind(mark) };
        let mut last = (&arena).allocate_zeroed(layout(8)).expect("memory").cast::<u8>();
        let mut len = 8;
        while len < 2 * size {
            let longer = len + len / 2 + 5;
            // SAFETY: the block is this arena's with this layout, and the new size is larger.
            let grown = unsafe { (&arena).grow_zeroed(last, layout(len), layout(longer)) };
            last = grown.expect("memory").cast();
            // SAFETY: a block of that many bytes, initialised, which nobody else has.
            let bytes = unsafe { std::slice::from_raw_parts_mut(last.as_ptr(), longer) };
            check_zero(&mut bytes[len..]);
            len = longer;
        }
    }
}

const MODES: [ResetMode; 6] = [
    ResetMode::Retain,
    ResetMode::RetainLimit(0),
    ResetMode::RetainLimit(5000),
    ResetMode::RetainLimit(100_000),
    ResetMode::Decay,
    ResetMode::FreeAll,
];

fn after_resets<B: Backing>(make: impl Fn() -> B) {
    for mode in MODES {
        for size in SIZES {
            let mut arena: Arena<B> = Arena::new_in(make());
            for round in 1..5 {
                check_zero(zeroed(&arena, size * round));
                arena.scope(|child| {
                    check_zero(zeroed(child, size));
                    check_zero(zeroed(&arena, size));
                });
                check_zero(zeroed(&arena, size / 3 + 1));
                arena.reset_with(mode);
            }
            check_zero(zeroed(&arena, size * 8));
        }
    }
}

#[test]
fn after_a_reset_in_every_mode() {
    after_resets(Virtual::new);
}

#[test]
fn after_a_reset_of_the_default() {
    after_resets(Auto::new);
}

/// A reset has a short way for an arena with one chunk.
#[test]
fn after_a_reset_of_a_sole_chunk() {
    for (size, forgets) in SIZES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
        // Of what another test has left, nothing is known to be zero.
        Virtual::trim_cache();
        let mut arena = Arena::with_capacity(3 * size + (1 << 20));
        for _ in 0..3 {
            check_zero(zeroed(&arena, size));
            let child = arena.child();
            block(&child, 2 * size);
            if forgets {
                mem::forget(child);
            } else {
                drop(child);
            }
            assert_eq!(arena.stats().chunks, 1);
            arena.reset();
            check_zero(zeroed(&arena, 3 * size));
            arena.reset();
        }
    }
}

#[test]
fn after_a_reset_of_several_ranges() {
    after_resets(|| Virtual::new().reserve(256 << 10));
}

#[test]
fn in_a_range_from_the_cache() {
    for size in SIZES {
        // Of a length that no other test has, so that it comes back.
        let make = || Arena::<_, 8>::new_in(Virtual::new().reserve(48 * MIB + size));
        for round in 1..4 {
            let arena = make();
            check_zero(zeroed(&arena, size * round));
            block(&arena, size);
        }
    }
}

#[test]
fn once_a_limit_is_raised() {
    for size in SIZES {
        let mut arena = arena().limit(size + 24);
        check_zero(zeroed(&arena, size));
        assert!((&arena).allocate_zeroed(layout(size + 50)).is_err());
        arena.set_allocation_limit(Some(3 * size + 100));
        check_zero(zeroed(&arena, size + 50));
        arena.reset();
        arena.set_allocation_limit(None);
        check_zero(zeroed(&arena, size + 50));
        check_zero(zeroed(&arena, 5 * size));
    }
}
