//! `wrap::Failing`: each condition refuses what it says, and nothing else.

use crate::testing::hostile::{Defect, Hostile};
use allocator_api2::alloc::{Allocator, Global};
use arenite::wrap::{Counting, Failing};
use std::alloc::Layout;

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Which of the next `n` allocations of one byte are refused, counted from 1.
fn refused(failing: &Failing<impl Allocator>, n: usize) -> Vec<usize> {
    (1..=n)
        .filter(|n| {
            let result =
                if n % 2 == 0 { failing.allocate(bytes(1)) } else { failing.allocate_zeroed(bytes(1)) };
            // SAFETY: the block was just allocated with this layout.
            result.map(|block| unsafe { failing.deallocate(block.cast(), bytes(1)) }).is_err()
        })
        .collect()
}

#[test]
fn each_condition_refuses_what_it_says() {
    let failing = Failing::new(Counting::new(Global));
    assert_eq!(refused(&failing, 5), []);
    failing.fail_nth(3);
    assert_eq!(refused(&failing, 9), [3]);
    assert_eq!((failing.requests(), failing.refused()), (9, 1));
    failing.fail_nth(1);
    assert_eq!(refused(&failing, 9), [1]);
    failing.fail_nth(0);
    assert_eq!(refused(&failing, 9), []);
    failing.fail_after(4);
    assert_eq!(refused(&failing, 6), [5, 6]);
    failing.fail_after(usize::MAX);
    assert_eq!(refused(&failing, 6), []);
    failing.fail_always();
    assert_eq!(refused(&failing, 3), [1, 2, 3]);
    failing.succeed();
    assert_eq!(refused(&failing, 3), []);
    failing.fail_every(2);
    assert_eq!(refused(&failing, 5), [2, 4]);
    // Conditions add up, and each counts from when it was set.
    failing.fail_nth(2);
    assert_eq!(refused(&failing, 5), [1, 2, 3, 5]);
    failing.fail_every(0);
    failing.fail_nth(5);
    assert_eq!((refused(&failing, 3), failing.requests()), (vec![], 3));
    failing.fail_every(1000);
    assert_eq!((refused(&failing, 3), failing.requests()), (vec![2], 3));
    failing.fail_every(0);
    failing.fail_nth(0);
    failing.fail_above(0);
    assert_eq!(refused(&failing, 2), [1, 2]);
    failing.fail_above(1);
    assert_eq!(refused(&failing, 2), []);
    failing.allocate(bytes(2)).unwrap_err();
    failing.succeed();
    // What is refused never reaches the inner allocator.
    let counts = failing.inner().counts();
    assert_eq!((counts.failed, counts.blocks_live), (0, 0));
    assert_eq!(refused(&failing, 3), []);
    assert_eq!(failing.into_inner().counts().requests(), counts.requests() + 3);
}

/// A live block of 16 bytes, and whether `grow`, `grow_zeroed` and `shrink` of it are refused, one after the other.
fn resizes_refused(failing: &Failing<impl Allocator>) -> [bool; 3] {
    let mut block = failing.inner().allocate(bytes(16)).unwrap().cast::<u8>();
    let mut layout = bytes(16);
    let mut refused = [true; 3];
    for (refused, new) in refused.iter_mut().zip([32, 64, 8].map(bytes)) {
        let result = match new.size() {
            // SAFETY: the block is live with this layout, and grows.
            32 => unsafe { failing.grow(block, layout, new) },
            // SAFETY: as above.
            64 => unsafe { failing.grow_zeroed(block, layout, new) },
            // SAFETY: the block is live with this layout, and shrinks.
            _ => unsafe { failing.shrink(block, layout, new) },
        };
        if let Ok(resized) = result {
            (block, layout, *refused) = (resized.cast::<u8>(), new, false);
        }
    }
    // SAFETY: the block is live with this layout, refused resizes having left it alone.
    unsafe { failing.deallocate(block, layout) };
    refused
}

#[test]
fn resizes_count_as_they_are_told() {
    let failing = Failing::new(Counting::new(Global));
    failing.fail_always();
    assert_eq!(resizes_refused(&failing), [true, true, false]);
    assert_eq!(failing.requests(), 2);
    failing.count_grow(false);
    assert_eq!(resizes_refused(&failing), [false, false, false]);
    assert_eq!(failing.requests(), 2);
    failing.count_shrink(true);
    assert_eq!(resizes_refused(&failing), [false, false, true]);
    failing.count_grow(true);
    assert_eq!(resizes_refused(&failing), [true, true, true]);
    failing.succeed();
    failing.fail_above(40);
    assert_eq!(resizes_refused(&failing), [false, true, false]);
    assert_eq!((failing.inner().counts().blocks_live, failing.inner().counts().bytes_live), (0, 0));
}

#[test]
fn every_resize_moves_where_it_is_told() {
    // Its buffer stays readable after a free.
    let failing = Failing::new(Counting::new(Hostile::new(Defect::None)));
    let (inner, outer) = (failing.inner(), Counting::new(&failing));
    let resize = || {
        let block = outer.allocate(bytes(32)).unwrap().cast::<u8>();
        // SAFETY: the block has 32 bytes.
        unsafe { block.write_bytes(7, 32) };
        // SAFETY: the block is live with this layout, and grows.
        let grown = unsafe { outer.grow(block, bytes(32), bytes(48)) }.unwrap().cast::<u8>();
        // SAFETY: the block is live with this layout, and shrinks.
        let shrunk = unsafe { outer.shrink(grown, bytes(48), bytes(16)) }.unwrap().cast::<u8>();
        // SAFETY: the first 16 bytes were written before and have moved along.
        assert_eq!(unsafe { shrunk.cast::<[u8; 16]>().read() }, [7; 16]);
        // SAFETY: the block is live with this layout.
        unsafe { outer.deallocate(shrunk, bytes(16)) };
        block
    };
    resize();
    assert_eq!((outer.counts().resized_in_place, outer.counts().resized_moved), (2, 0));

    outer.reset();
    inner.reset();
    failing.move_resizes(true);
    let old = resize();
    assert_eq!((outer.counts().resized_in_place, outer.counts().resized_moved), (0, 2));
    let counts = inner.counts();
    assert_eq!((counts.allocate, counts.deallocate, counts.grow, counts.shrink), (3, 3, 0, 0));
    // SAFETY: the block had 32 bytes.
    let second_half = unsafe { old.add(16) };
    // SAFETY: the memory is the buffer's, which outlives the block; the shrunk block took the first half.
    assert_eq!(unsafe { second_half.cast::<[u8; 16]>().read() }, [0xDD; 16]);
}

#[test]
fn a_move_that_fails_leaves_the_block() {
    let base = Counting::new(Failing::new(Global));
    let failing = Failing::new(&base);
    failing.move_resizes(true);
    base.inner().fail_after(1);
    assert_eq!(resizes_refused(&failing), [true, true, true]);
    assert_eq!((base.counts().blocks_live, base.counts().bytes_live), (0, 0));
}

#[test]
fn chance_depends_on_the_seed_alone() {
    let failing = Failing::new(Global);
    let draw = |probability, seed| {
        failing.fail_with_probability(probability, seed);
        refused(&failing, 2000)
    };
    assert_eq!((draw(0.0, 1).len(), draw(-1.0, 1).len(), draw(f64::NAN, 1).len()), (0, 0, 0));
    assert_eq!((draw(1.0, 1).len(), draw(7.0, 2).len()), (2000, 2000));
    for seed in [0, 1, 2, u64::MAX, 1 << 40] {
        let first = draw(0.1, seed);
        assert!((140..260).contains(&first.len()), "{} of 2000 with seed {seed}", first.len());
        assert_eq!(first, draw(0.1, seed));
        assert_ne!(first, draw(0.1, seed ^ 1));
        // More likely, and the same ones still.
        let more = draw(0.5, seed);
        assert!(first.iter().all(|number| more.contains(number)));
    }
    failing.succeed();
    assert_eq!(refused(&failing, 100), []);
}

#[test]
fn resizes_have_conditions_of_their_own() {
    let failing = Failing::new(Counting::new(Global));
    let resizes = failing.resizes();
    resizes.fail_nth(2);
    assert_eq!(refused(&failing, 5), [], "allocations are none");
    assert_eq!(resizes_refused(&failing), [false, true, false]);
    assert_eq!((resizes.requests(), resizes.refused(), failing.refused()), (3, 1, 1));
    resizes.fail_nth(0);
    resizes.fail_every(3);
    assert_eq!(resizes_refused(&failing), [false, false, true], "a shrink is one, whatever counts otherwise");
    resizes.succeed();
    resizes.fail_above(32);
    assert_eq!(resizes_refused(&failing), [false, true, false]);
    resizes.succeed();
    resizes.fail_after(1);
    assert_eq!(resizes_refused(&failing), [false, true, true]);
    resizes.fail_with_probability(1.0, 0);
    failing.fail_always();
    failing.succeed();
    assert_eq!(resizes_refused(&failing), [false, false, false], "all is taken back at once");
    resizes.fail_always();
    assert_eq!((refused(&failing, 3), resizes_refused(&failing)), (vec![], [true; 3]));
    assert_eq!((failing.inner().counts().blocks_live, failing.inner().counts().bytes_live), (0, 0));
}
