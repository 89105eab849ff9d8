//! What a block costs by its size, in memory that is there already.

use std::hint::black_box;
use std::time::Instant;

use allocator_api2::alloc::{Allocator, Layout};
use comfy_table::{CellAlignment, Table, presets};

use crate::contender::{Contender, Std};
use crate::curve::size;
use crate::ours::{ByDefault, Ours};
use crate::samples::{Effort, median};
use crate::table::short;

pub(crate) const NAME: &str = "curve of sizes of blocks";

const WHO: [fn(usize) -> f64; 5] = [
    round::<Ours<ByDefault>>,
    round::<bumpalo::Bump>,
    round::<bump_scope::Bump>,
    round::<blink_alloc::Blink>,
    round::<Std>,
];

pub(crate) const NAMES: [&str; WHO.len()] = [
    <Ours<ByDefault>>::NAME,
    <bumpalo::Bump>::NAME,
    <bump_scope::Bump>::NAME,
    <blink_alloc::Blink>::NAME,
    Std::NAME,
];

/// Bytes that a round hands out, small enough for the processor's caches.
const ROUND: usize = 1 << 17;

/// What a block of some size takes.
pub(crate) struct Point {
    pub(crate) bytes: usize,
    pub(crate) times: [f64; WHO.len()],
}

/// Nanoseconds for a block of `bytes` bytes, of which the first and the last are written. What has no reset frees each at
/// once.
fn round<C: Contender>(bytes: usize) -> f64 {
    const ROUNDS: u32 = 8;
    // A round more than fits, so that none asks for memory.
    let mut arena = C::with_capacity(4 * ROUND);
    let layout = Layout::from_size_align(bytes, 8).expect("a small size");
    let blocks = ROUND / bytes;
    fill(&arena, layout, blocks);
    arena.reset();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        fill(black_box(&arena), black_box(layout), blocks);
        arena.reset();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS) / blocks as f64
}

#[inline(never)]
fn fill<C: Contender>(arena: &C, layout: Layout, blocks: usize) {
    let memory = arena.allocator();
    for _ in 0..blocks {
        let block = memory.allocate(layout).expect("memory").cast::<u8>();
        // SAFETY: the block is that long, and nobody else's.
        unsafe { block.write(1) };
        // SAFETY: as above.
        let last = unsafe { block.add(layout.size() - 1) };
        // SAFETY: as above.
        unsafe { last.write(1) };
        if C::NAME == Std::NAME {
            // SAFETY: allocated above, with this layout.
            unsafe { memory.deallocate(black_box(block), layout) };
        }
    }
}

pub(crate) fn measure(effort: Effort) -> Vec<Point> {
    // Beside powers of two: blocks of these would all begin in the same few lines of the processor's caches.
    let sizes = [8, 16].into_iter().chain((4..=15).map(|power| (1 << power) + 8));
    sizes
        .map(|bytes| {
            let mut times = [const { Vec::new() }; WHO.len()];
            for round in 0..effort.samples() {
                for turn in 0..WHO.len() {
                    let who = (round + turn) % WHO.len();
                    times[who].push(WHO[who](bytes));
                }
            }
            Point { bytes, times: times.map(|samples| median(&samples).unwrap_or(f64::NAN)) }
        })
        .collect()
}

pub(crate) fn show(points: &[Point]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["ns a block of that size"].into_iter().chain(NAMES));
    for Point { bytes, times } in points {
        table.add_row([size(*bytes as f64)].into_iter().chain(times.map(short)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
