//! Programs that wait where they may not: if one of them lives, the tool sees nothing.

use std::hint::black_box;

use arenite::{Arena, ResetMode, Virtual};

use crate::{GLOBAL, realtime};

pub(crate) const PROGRAMS: &[(&str, fn())] = &[
    ("first-chunk", first_chunk),
    ("second-chunk", second_chunk),
    ("chunk-given-back", chunk_given_back),
    ("commit", commit),
    ("outside-of-regions", outside_of_regions),
];

/// The first block obtains a chunk.
fn first_chunk() {
    let arena = Arena::new();
    realtime(|| _ = black_box(arena.alloc(1_u64)));
}

/// The chunk is full.
fn second_chunk() {
    let arena = Arena::new();
    arena.alloc(1_u64);
    realtime(|| (0..10_000_u64).for_each(|n| _ = black_box(arena.alloc(n))));
}

fn chunk_given_back() {
    let mut arena = Arena::new();
    arena.alloc(1_u64);
    realtime(|| arena.reset_with(ResetMode::FreeAll));
}

/// Reserved memory is made usable.
fn commit() {
    let arena: Arena<_> = Arena::new_in(Virtual::new());
    arena.alloc(1_u64);
    realtime(|| _ = black_box(arena.alloc_slice_fill_copy(8 << 20, 1_u8)));
}

/// The inner allocator is the system's.
fn outside_of_regions() {
    let region = GLOBAL.region();
    region.enter(|| drop(black_box(Box::new(1_u64))));
    realtime(|| drop(black_box(Box::new(1_u64))));
}
