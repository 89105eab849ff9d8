//! Programs that once failed, as they were shrunk.

use super::ops::{Op, Program, Source};
use super::run;

const CHUNKS: Source = Source::Chained { first: 0, max: 0, growth: 0, side_above: 0, slab: false };

fn run_ops<const N: usize>(source: Source, ops: [Op; N]) {
    for min_align in 0..4 {
        run(&Program { source, min_align, ops: ops.to_vec() });
    }
}

const fn allocate(handle: u8, size: u16) -> Op {
    Op::Allocate { handle, size, align: 0, zeroed: false }
}

/// The last block from before the mark was given back, so the cursor stands below the mark.
#[test]
fn rewinding_to_above_the_cursor() {
    let rewind = Op::Rewind { handle: 0, mark: 0, forgotten: 0 };
    let buffer = Source::Fixed { offset: 0, len: 256 };
    for source in [CHUNKS, buffer, Source::Auto] {
        run_ops(
            source,
            [allocate(0, 1), Op::Mark { handle: 0 }, Op::Free { block: 0 }, rewind, allocate(0, 8)],
        );
    }
}

/// The last block has room enough where it stands, but not the alignment.
#[test]
fn growing_a_block_that_must_move_for_its_alignment() {
    let grow = |align| Op::Grow { block: 0, by: 1, align, zeroed: false };
    let buffer = Source::Fixed { offset: 8, len: 4096 };
    for align in 0..10 {
        run_ops(buffer, [allocate(0, 8), allocate(0, 8), grow(align), grow(align)]);
    }
}

/// The parent had moved on, so the child's tail could not go back, and its peak was lost with it.
#[test]
fn the_peak_of_a_child_whose_parent_has_moved_on() {
    let ops =
        [allocate(0, 8), Op::Child { handle: 0 }, allocate(1, 100), allocate(0, 8), Op::End { handle: 1 }];
    run_ops(Source::Auto, ops);
}

/// What was kept was not a multiple of the minimum alignment, and a chunk was obtained for it that had no room at all.
#[test]
fn keeping_less_than_a_block() {
    run_ops(CHUNKS, [allocate(0, 100), Op::Reset { mode: 1, keep: 1, forgotten: 0 }, allocate(0, 1)]);
}

/// Idle chunks are given back when there is no other memory: what was said to be impossible then succeeded.
#[test]
fn asking_whether_idle_chunks_would_make_room() {
    let len = 1552;
    let ops = [
        allocate(0, 1),
        Op::Child { handle: 0 },
        Op::Child { handle: 1 },
        allocate(1, 8),
        Op::End { handle: 2 },
        Op::End { handle: 1 },
        allocate(0, 1377),
    ];
    run_ops(Source::Fixed { offset: 0, len }, ops);
}
