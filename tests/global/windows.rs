//! Where a region goes on when its window is full. Each in a process of its own, where there is nothing to adopt.

use std::alloc::{self, Layout};

use crate::basics::GAP;
use crate::{GLOBAL, child_process};

const LINE: usize = if cfg!(any(arenite_zeal, miri)) { 64 } else { 512 };
const BLOCK: usize = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };
const LINES: usize = BLOCK / LINE;
const LARGE: usize = BLOCK / 8;

fn alone(test: &str, program: fn()) {
    child_process::alone(&format!("windows::{test}"), program);
}

/// A block that takes so many bytes of its window.
fn make(footprint: usize) -> *mut u8 {
    // SAFETY: the size is not zero.
    let block = unsafe { alloc::alloc(layout(footprint)) };
    assert!(!block.is_null());
    // A request of which nobody sees the block may be left out by the compiler.
    std::hint::black_box(block)
}

fn free(block: *mut u8, footprint: usize) {
    // SAFETY: made by `make`, and freed once.
    unsafe { alloc::dealloc(block, layout(footprint)) };
}

fn layout(footprint: usize) -> Layout {
    Layout::from_size_align(footprint - GAP, 8).expect("a layout")
}

/// Fills blocks line by line. To be called outside of the region's window for anything else.
fn fill(blocks: usize) -> Vec<*mut u8> {
    let mut lines = GLOBAL.outside(|| Vec::with_capacity(blocks * LINES));
    (0..blocks * LINES).for_each(|_| lines.push(make(LINE)));
    for block in lines.chunks(LINES) {
        assert!(block.iter().enumerate().all(|(line, start)| start.addr() == block[0].addr() + line * LINE));
    }
    lines
}

/// Fills two blocks, and goes on in a hole of four lines of the first: the lines of both, and three blocks in the hole, which
/// has a line left.
fn into_hole(first: usize) -> (Vec<*mut u8>, [*mut u8; 3]) {
    let lines = fill(2);
    (first..first + 4).for_each(|line| free(lines[line], LINE));
    let hole = [make(LINE), make(LINE), make(LINE)];
    assert_eq!(hole, [lines[first], lines[first + 1], lines[first + 2]]);
    (lines, hole)
}

#[test]
fn longer_blocks_leave_a_hole_open() {
    alone("longer_blocks_leave_a_hole_open", || {
        let region = GLOBAL.region();
        let (lines, made) = region.enter(|| {
            let (lines, hole) = into_hole(8);
            // Two lines do not fit, and are found a place elsewhere, one after the other.
            let long = [make(2 * LINE), make(LINE + 8), make(LARGE)];
            assert!(long.iter().all(|start| !(lines[0]..lines[31.min(LINES - 1)]).contains(start)));
            assert_eq!(long[1], long[0].wrapping_add(2 * LINE));
            assert_eq!(long[2], long[1].wrapping_add(LINE + 8));
            // What fits goes on in the hole; so does what fits exactly.
            let small = [make(8), make(LINE - 8)];
            assert_eq!(small, [lines[11], lines[11].wrapping_add(8)]);
            let made = GLOBAL.outside(|| {
                let mut made: Vec<(*mut u8, usize)> = hole.iter().map(|&start| (start, LINE)).collect();
                made.extend([(long[0], 2 * LINE), (long[1], LINE + 8), (long[2], LARGE)]);
                made.extend([(small[0], 8), (small[1], LINE - 8)]);
                made
            });
            (lines, made)
        });
        let live = 2 * BLOCK + 3 * LINE + 8 + LARGE;
        let stats = region.stats();
        assert_eq!((stats.live, stats.escaped, stats.blocks), (live, live, 3), "{stats}");
        // The second window counts in full while it is open.
        assert_eq!(stats.peak, 3 * BLOCK, "{stats}");
        region.enter(|| {
            made.iter().for_each(|&(start, bytes)| free(start, bytes));
            let rest = lines.iter().enumerate().filter(|(line, _)| !(8..12).contains(line));
            rest.for_each(|(_, &start)| free(start, LINE));
        });
        let stats = region.stats();
        assert_eq!((stats.live, stats.escaped), (0, 0), "{stats}");
        drop(region);
        assert_eq!(GLOBAL.stats().free, GLOBAL.stats().territory_bytes, "{}", GLOBAL.stats());
    });
}

/// A block of a line closes a hole that it does not fit in, and what is longer than a large one is not the region's.
#[test]
fn what_the_second_window_is_not_for() {
    alone("what_the_second_window_is_not_for", || {
        let region = GLOBAL.region();
        region.enter(|| {
            into_hole(8);
            let rest = make(8).wrapping_add(8);
            let large = make(LARGE + 8 + GAP);
            assert_eq!(region.live_bytes(), 2 * BLOCK - LINE + 8);
            let line = make(LINE);
            assert_ne!(line, rest);
            assert_ne!(make(8), rest, "the hole is closed");
            assert_eq!(region.stats().large, LARGE + 8);
            free(large, LARGE + 8 + GAP);
        });
    });
}

/// It is filled to its last byte, and another one follows.
#[test]
fn a_second_window_is_filled() {
    alone("a_second_window_is_filled", || {
        let region = GLOBAL.region();
        region.enter(|| {
            // Near the end of the block.
            let (_, hole) = into_hole(LINES - 6);
            let long = GLOBAL.outside(|| Vec::with_capacity(LINES));
            let long = (0..LINES / 2).fold(long, |mut long, _| {
                long.push(make(2 * LINE));
                long
            });
            assert!(long.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(2 * LINE)));
            assert_eq!(region.stats().blocks, 3, "{}", region.stats());
            let next = make(2 * LINE);
            assert_eq!(region.stats().blocks, 4, "{}", region.stats());
            // All but one are freed: the block is not the window's any more, and is free with the last.
            long.iter().for_each(|&start| free(start, 2 * LINE));
            assert_eq!(region.live_bytes(), 2 * BLOCK - LINE + 2 * LINE);
            free(next, 2 * LINE);
            assert_eq!(make(8), hole[2].wrapping_add(LINE), "the hole is open still");
        });
        assert_eq!(region.stats().escaped, 2 * BLOCK - LINE + 8, "{}", region.stats());
    });
}

/// A limit is kept by both windows together.
#[test]
fn a_second_window_within_a_limit() {
    alone("a_second_window_within_a_limit", || {
        for (limit, second) in [(3 * BLOCK - LINE, false), (3 * BLOCK, true)] {
            let region = GLOBAL.region().with_limit(limit);
            region.enter(|| {
                let (_, hole) = into_hole(8);
                let long = make(2 * LINE);
                let next = make(8);
                assert_eq!(next == hole[2].wrapping_add(LINE), second, "{}", region.stats());
                assert!(region.stats().peak <= limit && !region.over_limit(), "{}", region.stats());
                free(long, 2 * LINE);
            });
            // What it has is not to be adopted by the next.
            std::mem::forget(region);
        }
    });
}

/// What is left of the second window does not count as used when the limit is near.
#[test]
fn a_second_window_makes_way_at_the_limit() {
    alone("a_second_window_makes_way_at_the_limit", || {
        let region = GLOBAL.region().with_limit(3 * BLOCK);
        region.enter(|| {
            into_hole(8);
            let long = make(2 * LINE);
            // The rest of the hole, and then of the block in which the second window was.
            for line in 2..LINES {
                make(LINE);
                assert!(!region.over_limit(), "{line}: {}", region.stats());
            }
            assert_eq!(region.live_bytes(), 3 * BLOCK - LINE, "{}", region.stats());
            free(long, 2 * LINE);
        });
        std::mem::forget(region);
    });
}

/// What a region has freed much of, or all, is where it goes on, however many blocks it has.
#[test]
fn room_is_found_where_it_was_made() {
    alone("room_is_found_where_it_was_made", || {
        let region = GLOBAL.region();
        region.enter(|| {
            let lines = fill(16);
            let block = |number: usize| number * LINES;
            // All of a block.
            (block(9)..block(10)).for_each(|line| free(lines[line], LINE));
            assert_eq!(make(LINE), lines[block(9)]);
            (1..LINES).for_each(|_| _ = make(LINE));
            // Half of another.
            let half = block(11) + LINES / 4..block(11) + LINES / 4 * 3;
            half.clone().for_each(|line| free(lines[line], LINE));
            assert_eq!(make(LINE), lines[half.start]);
            assert_eq!(region.stats().blocks, 16, "{}", region.stats());
        });
    });
}

/// A limit is exact to the line, and nothing is obtained beyond it.
#[test]
fn a_limit_is_used_to_its_end() {
    alone("a_limit_is_used_to_its_end", || {
        let region = GLOBAL.region().with_limit(BLOCK + LINE);
        region.enter(|| {
            fill(1);
            make(LINE);
            let stats = region.stats();
            assert_eq!((stats.live, stats.peak, stats.blocks), (BLOCK + LINE, BLOCK + LINE, 2), "{stats}");
            assert!(!region.over_limit());
        });
        std::mem::forget(region);
        // With what another thread has freed, when that is all that there is.
        let region = GLOBAL.region().with_limit(2 * BLOCK);
        region.enter(|| {
            let lines = fill(2);
            let start = lines[3].expose_provenance();
            GLOBAL.outside(|| {
                let free = move || free(std::ptr::with_exposed_provenance_mut(start), LINE);
                std::thread::spawn(free).join().expect("it only frees");
            });
            make(LINE);
            let stats = region.stats();
            assert_eq!((stats.live, stats.over_limit), (2 * BLOCK, false), "{stats}");
        });
        std::mem::forget(region);
        let region = GLOBAL.region().with_limit(BLOCK);
        region.enter(|| {
            fill(1);
            (0..10).for_each(|_| _ = make(8));
            let stats = region.stats();
            assert_eq!((stats.live, stats.peak, stats.blocks), (BLOCK, BLOCK, 1), "{stats}");
            assert!(region.over_limit());
        });
    });
}
