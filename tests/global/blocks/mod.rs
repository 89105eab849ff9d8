//! One block, against a list of what is in use of it. The files under test are compiled into this program.
//!
//! What threads do to a block at the same time is `tests/loom`'s; here, every figure is exact after every step.

mod oracle;

use std::ptr;

use crate::parts::block::{Block, Held, Left};
use crate::parts::line::{BLOCK, LINE, SHORT, UNIT, first, last as last_of};
use crate::random::Random;
use crate::rounds::rounds;
use oracle::{Oracle, REGION};

/// Where the block is said to be: nothing is ever read or written there.
fn start() -> *mut u8 {
    ptr::without_provenance_mut(1 << 20)
}

fn new_block() -> Block {
    Block::new(start(), 7)
}

fn token(block: &Block) -> Held<'_> {
    // SAFETY: the one token of a block that was just made.
    unsafe { Held::assume(block) }
}

#[test]
fn random_lives_of_a_block() {
    for seed in 0..rounds(8) as u64 {
        let block = new_block();
        let mut random = Random::new(seed);
        let mut oracle = Oracle::new(&block, token(&block), &mut random);
        for _ in 0..2000 {
            oracle.step(&mut random);
            oracle.check();
        }
        assert!(oracle.adoptions > 5 && oracle.crossings > 2, "{} {}", oracle.adoptions, oracle.crossings);
    }
}

#[test]
fn a_block_knows_where_it_is() {
    let block = new_block();
    assert_eq!((block.start(), block.index()), (start(), 7));
    assert_eq!(block.offset(start().wrapping_add(3 * LINE)), 3 * LINE);
    assert!(block.is_free() && !block.is_of(REGION));
    let held = token(&block);
    held.open_all(REGION);
    assert!(block.is_of(REGION) && !block.is_free() && !block.is_of(REGION + 64));
    for dirty in [true, false] {
        held.set_dirty(dirty);
        assert_eq!(held.is_dirty(), dirty);
    }
    held.set_prev(5);
    assert_eq!(held.prev(), 5);
}

/// Each way of freeing finds what does not lie in the block, and what was freed before.
#[test]
fn mistakes_are_found() {
    let others = |held: &Held<'_>, offset: usize, bytes: usize| held.block().free(offset, bytes).is_ok();
    type Free = fn(&Held<'_>, usize, usize) -> bool;
    let ways: [Free; 3] = [
        |held, offset, bytes| held.free(offset, bytes).is_ok(),
        |held, offset, bytes| held.free_in_line(offset, bytes).is_ok(),
        |held, offset, bytes| held.free_short(offset, bytes).is_ok(),
    ];
    for free in ways {
        // The line is freed already, and most of the block is in use.
        let block = new_block();
        let held = token(&block);
        held.open_all(REGION);
        assert!(free(&held, LINE, LINE), "all of a line");
        assert!(!free(&held, 2 * LINE - UNIT, UNIT), "freed before");
        // Nothing is in use.
        let block = new_block();
        let held = token(&block);
        held.open_all(REGION);
        assert!(held.free(0, BLOCK).is_ok());
        assert!(!free(&held, 0, UNIT), "nothing is left");
        // By the count of the block alone: its line has room.
        let block = new_block();
        let held = token(&block);
        held.open(0, LINE);
        assert!(free(&held, 0, LINE));
        assert!(!free(&held, LINE, UNIT), "it was never opened");
    }
    let block = new_block();
    assert!(!others(&token(&block), 0, UNIT), "nothing of a free block is in use");
    let held = token(&block);
    held.open_all(REGION);
    for free in [others, ways[0]] {
        assert!(!free(&held, BLOCK - UNIT, 2 * UNIT), "over the end");
        assert!(!free(&held, BLOCK, UNIT), "behind the end");
        assert!(free(&held, BLOCK - 2 * UNIT, UNIT));
    }
    assert!(others(&held, BLOCK - UNIT, UNIT), "up to the end");
    for bytes in [2 * UNIT, LINE + UNIT, SHORT] {
        let block = new_block();
        let held = token(&block);
        held.open_all(REGION);
        assert!(held.free_short(BLOCK - UNIT, bytes).is_err(), "{bytes} from the last on");
    }
    // Of three lines, any may be the one of which too much is freed, and so may any two.
    for freed in 1..8_usize {
        let block = new_block();
        let held = token(&block);
        held.open_all(REGION);
        for line in (0..3).filter(|line| freed >> line & 1 == 1) {
            assert!(held.free(line * LINE, LINE).is_ok());
        }
        assert!(held.free_short(LINE / 2, SHORT).is_err(), "lines {freed:03b}");
    }
    // Somebody who frees again and again is found before the count wraps; and at once where nobody owns the block.
    let tries = (0..4 * BLOCK / LINE).take_while(|_| others(&held, 0, LINE)).count();
    assert!((BLOCK / LINE..=2 * BLOCK / LINE).contains(&tries), "{tries}");
    let block = new_block();
    let held = token(&block);
    held.open_all(REGION);
    assert!(held.free(0, BLOCK - LINE).is_ok());
    assert!(matches!(held.orphan(), Left::Partly(_)));
    assert!(block.free(BLOCK - LINE, LINE).is_ok(), "the last that was in use");
    assert!(block.free(0, UNIT).is_err());
}

/// What a region leaves goes on a list as long as a line of it is free; otherwise once it is.
#[test]
fn what_becomes_of_a_block_that_is_let_go() {
    let left = |in_use: usize| {
        let block = Box::leak(Box::new(new_block()));
        let held = token(block);
        held.open_all(REGION);
        assert!(held.free(in_use, BLOCK - in_use).is_ok());
        (&*block, held.orphan())
    };
    let (block, empty) = left(0);
    assert!(matches!(empty, Left::Empty(_)) && block.left_behind() == 0);
    let (_, partly) = left(UNIT);
    assert!(matches!(partly, Left::Partly(_)));
    let (block, partly) = left(BLOCK - LINE);
    assert!(matches!(partly, Left::Partly(_)) && block.left_behind() == BLOCK - LINE);
    let (block, full) = left(BLOCK - LINE + UNIT);
    assert!(matches!(full, Left::Full) && block.left_behind() == BLOCK - LINE + UNIT);
    assert!(block.free(0, UNIT).is_ok_and(|token| token.is_some()), "now a line is free");
    assert!(block.free(UNIT, UNIT).is_ok_and(|token| token.is_none()), "it is on a list already");
}

#[test]
fn the_lines_that_something_touches() {
    for offset in 0..3 * LINE {
        for bytes in [1, 7, LINE - 1, LINE, LINE + 1, 2 * LINE, 3 * LINE] {
            let last = (offset..offset + bytes).map(|at| at / LINE).max();
            assert_eq!((first(offset), Some(last_of(offset, bytes))), (offset / LINE, last));
        }
    }
}

/// A part of a block that is as short as short ones get, and as long, wherever it lies.
#[test]
fn short_ones_are_freed_where_they_lie() {
    let block = new_block();
    let held = token(&block);
    for offset in (0..2 * LINE).step_by(UNIT) {
        for bytes in (UNIT..=SHORT).step_by(UNIT) {
            held.clear();
            held.open_all(REGION);
            assert_eq!(held.free_short(offset, bytes).ok(), Some((BLOCK - bytes) as i32));
            for line in 0..5 {
                let (from, to) = (line * LINE, (line + 1) * LINE);
                let freed = to.min(offset + bytes).saturating_sub(from.max(offset));
                assert_eq!(held.in_use_of(line), LINE - freed, "{offset} {bytes} {line}");
            }
            assert!(
                held.free(0, offset).is_ok() && held.free(offset + bytes, BLOCK - offset - bytes).is_ok()
            );
        }
    }
}
