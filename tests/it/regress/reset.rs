//! Starting over: what is kept, what is given back, what is used again.

use allocator_api2::alloc::Global;
use arenite::wrap::Counting;
use arenite::{Arena, Backing, Chained, Fixed, Growth, ResetMode};

use super::{Blocks, buffer, layout, over_every_backing, rounds};

/// A round with everything in it: blocks small and large, children, some of them forgotten.
fn round<B: Backing>(arena: &Arena<B>) {
    let mut blocks = Blocks::default();
    for size in [8, 100, 700, 3000, 40_000, 24] {
        blocks.alloc(arena, layout(size, 8));
        let child = arena.child();
        blocks.alloc(&child, layout(size / 2 + 1, 16));
        blocks.alloc(arena, layout(8, 8));
        let second = arena.child();
        blocks.alloc(&second, layout(300, 8));
        std::mem::forget(second);
        blocks.check();
        blocks.live.clear();
        drop(child);
        blocks.alloc(arena, layout(size + 200, 64));
    }
    blocks.check();
}

// A reset that leaked 6 MB: kept chunks were never looked at again.
#[test]
fn retained_chunks_never_reused() {
    let base = Counting::new(Global);
    let mut arena: Arena<_> = Arena::new_in(Chained::new_in(&base));
    // How much padding over-aligned blocks take depends on where a chunk lies, so that the chunk which takes the place of
    // several may need a successor or two.
    for _ in 0..16 {
        round(&arena);
        arena.reset();
    }
    let (calls, live) = (base.counts().allocate, base.counts().bytes_live);
    for _ in 0..rounds(1000) {
        round(&arena);
        arena.reset();
    }
    assert_eq!(base.counts().allocate, calls, "an equal round needs no call to the base");
    assert_eq!(base.counts().bytes_live, live);
    drop(arena);
    assert_eq!(base.counts().blocks_live, 0);
}

// The same for a range: what lies above the first chunk comes back with every reset, whatever its alignment.
#[test]
fn a_range_is_whole_again_after_every_reset() {
    for len in [4096, 4099, 16 << 10] {
        for odd in [0, 1, 8, 13] {
            let mut memory = buffer(len + odd);
            let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory[odd..]));
            let whole = |arena: &Arena<Fixed<'_>>| {
                let room = (len - 16) / 8 * 8 - super::GAP;
                arena.scope(|inner| inner.try_alloc_slice_fill_copy(room - 512, 1_u8).is_ok())
            };
            arena.alloc([0_u8; 72]);
            for time in 0..rounds(100) {
                let child = arena.child();
                // None of these lengths is a multiple of 16.
                for size in [72, 200, 24, 120] {
                    arena.alloc_slice_fill_copy(size, 2_u8);
                    child.alloc_slice_fill_copy(size, 3_u8);
                }
                drop(child);
                arena.reset();
                assert!(
                    whole(&arena),
                    "{len} bytes at {odd}: some are lost after {time} rounds: {}",
                    arena.stats()
                );
                arena.reset();
            }
        }
    }
}

// A request that cannot be met costs nothing: what was there for smaller ones still is.
#[test]
fn a_refused_request_loses_no_spare_chunk() {
    let mut memory = buffer(2048);
    let arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
    arena.alloc(1_u64);
    let loan = arena.child();
    let below = arena.child();
    below.alloc([0_u8; 500]);
    let above = arena.child();
    above.alloc([0_u8; 500]);
    while loan.try_alloc([0_u8; 64]).is_ok() {}
    drop(below);
    assert!(arena.try_alloc([0_u8; 2000]).is_err());
    assert!(
        arena.try_alloc([0_u8; 400]).is_ok(),
        "the ended child's chunk is still there: {}",
        arena.stats()
    );
}

// bump-scope 127: after a reset that kept a chunk too small for the next block, it was tried for ever.
#[test]
fn kept_chunk_too_small() {
    for keep in [0, 1, 8, 100, 600, 1 << 20] {
        let mut arena: Arena<_> = Arena::new_in(Chained::new().first_chunk(256).growth(Growth::Constant));
        for size in [8, 200, 1000, 50_000] {
            let mut blocks = Blocks::default();
            blocks.alloc(&arena, layout(size, 8));
            blocks.alloc(&arena, layout(size * 2, 8));
            blocks.check();
            arena.reset_with(ResetMode::RetainLimit(keep));
            assert!(arena.allocated_bytes() <= keep, "{keep}: {}", arena.stats());
        }
    }
}

#[test]
fn a_range_kept_in_part() {
    let mut memory = buffer(8192);
    let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
    for mode in [ResetMode::Retain, ResetMode::RetainLimit(100), ResetMode::Decay, ResetMode::FreeAll] {
        for _ in 0..3 {
            let mut blocks = Blocks::default();
            for _ in 0..3 {
                let child = arena.child();
                blocks.alloc(&arena, layout(500, 8));
                blocks.alloc(&child, layout(500, 8));
                blocks.check();
                std::mem::forget(child);
            }
            arena.reset_with(mode);
            assert_eq!(arena.stats().used, 0);
        }
    }
    assert!(arena.try_alloc([0_u8; 7000]).is_ok(), "{}", arena.stats());
}

over_every_backing! {
    fn every_mode_leaves_a_usable_arena(mut arena) {
        for mode in [ResetMode::Retain, ResetMode::RetainLimit(5000), ResetMode::Decay, ResetMode::FreeAll] {
            for _ in 0..4 {
                round(&arena);
                arena.reset_with(mode);
                let stats = arena.stats();
                assert_eq!((stats.used, stats.wasted), (0, 0));
                if mode == ResetMode::FreeAll {
                    assert_eq!((stats.chunks, stats.committed), (0, 0));
                }
            }
        }
        arena.reset();
        arena.reset_with(ResetMode::Decay);
        arena.reset_with(ResetMode::RetainLimit(0));
        round(&arena);
    }

    // Batches, a request each: capacity settles at what the largest needs.
    fn one_arena_for_many_requests(mut arena) {
        let mut committed = 0;
        for request in 0..rounds(300) {
            for i in 0..request % 7 + 1 {
                arena.alloc_slice_fill_copy(500 * i + 1, 0_u8);
            }
            arena.reset();
            if request > 14 {
                assert_eq!(arena.stats().committed, committed, "request {request}");
            }
            committed = arena.stats().committed;
        }
    }
}

#[test]
fn decay_gives_a_large_round_back() {
    let base = Counting::new(Global);
    let mut arena: Arena<_> = Arena::new_in(Chained::new_in(&base));
    arena.alloc_slice_fill_copy(1 << 20, 0_u8);
    arena.reset_with(ResetMode::Decay);
    assert!(arena.allocated_bytes() >= 1 << 20, "the last round needed it");
    for _ in 0..40 {
        arena.alloc([0_u8; 1000]);
        arena.reset_with(ResetMode::Decay);
    }
    assert!(arena.allocated_bytes() < 8192, "{}", arena.stats());
    let calls = base.counts().allocate;
    for _ in 0..40 {
        arena.alloc([0_u8; 1000]);
        arena.reset_with(ResetMode::Decay);
    }
    assert_eq!(base.counts().allocate, calls, "hysteresis: equal rounds keep what they have");
}
