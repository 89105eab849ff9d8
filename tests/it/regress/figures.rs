//! Limits, counters, reserving, growth: whatever was declared and never did anything.

use std::cell::Cell;

use allocator_api2::alloc::Global;
use arenite::wrap::{Counting, Failing};
use arenite::{Arena, Auto, Backing, Chained, CreateError, Fixed, Growth};

use super::{GAP, buffer, layout, over_every_backing, rounds};

over_every_backing! {
    fn the_limit_is_exact_to_the_byte(arena) {
        for limit in [0, 8, 64, 1000, 4096, 5001] {
            arena.set_allocation_limit(Some(arena.allocated_bytes() + limit));
            assert_eq!(arena.allocation_limit(), Some(arena.allocated_bytes() + limit));
            let mut taken = 0;
            // What the arena holds already counts as well.
            taken += arena.chunk_capacity();
            while arena.try_alloc_layout(layout(8, 8)).is_ok() {}
            taken += limit / 8 * 8;
            let stats = arena.stats();
            assert!(stats.committed <= arena.allocation_limit().unwrap());
            if B::CONTIGUOUS && GAP == 0 {
                assert_eq!(stats.committed, arena.allocation_limit().unwrap() / 8 * 8, "all {taken} bytes were had");
            }
        }
        arena.set_allocation_limit(None);
        assert!(arena.try_alloc([0_u8; 10_000]).is_ok());
    }

    fn the_limit_counts_children_and_side_chunks(arena) {
        let arena = arena.limit(50_000);
        let child = arena.child();
        let mut blocks = super::Blocks::default();
        let mut refused = 0;
        for i in 0..200_usize {
            let handle = if i % 2 == 0 { &*child } else { &arena };
            match handle.try_alloc_layout(layout(i * 37 % 900 + 1, 8)) {
                Ok(block) => blocks.add(block, i * 37 % 900 + 1),
                Err(_) => refused += 1,
            }
            assert!(arena.allocated_bytes() <= 50_000);
        }
        assert!(refused > 0);
        assert!(arena.try_alloc([0_u8; 45_000]).is_err());
        blocks.check();
    }

    fn used_moves_with_every_block(arena) {
        assert_eq!(arena.stats().used, 0);
        arena.alloc(1_u8);
        assert_eq!(arena.stats().used, 8 + GAP.next_multiple_of(8));
        let before = arena.stats();
        arena.scope(|inner| {
            inner.alloc([0_u8; 56]);
            assert_eq!(inner.stats().used, before.used + 56 + GAP);
            assert_eq!(arena.stats().used, before.used, "the child's is not the parent's");
        });
        let after = arena.stats();
        assert_eq!(after.used, before.used);
        assert!(after.peak >= before.used + 56, "the peak remembers what a child had");
        assert!(after.used <= after.committed && after.committed <= after.reserved);
        assert_eq!(arena.allocated_bytes(), after.committed);
        assert!(arena.allocated_bytes_including_metadata() >= after.committed);
        assert!(after.backing.starts_with(B::NAME));
        assert!(after.to_string().contains(B::NAME));
    }

    fn chunks_and_waste_are_counted(mut arena) {
        assert_eq!(arena.stats().chunks, 0);
        let child = arena.child();
        child.alloc([0_u8; 40]);
        let one = arena.stats().chunks;
        arena.alloc_slice_fill_copy(4000, 0_u8);
        arena.alloc_slice_fill_copy(8000, 0_u8);
        assert!(arena.stats().chunks > one && one == 1);
        drop(child);
        arena.reset();
        assert_eq!(arena.stats().used, 0);
        assert!(arena.stats().peak >= 12_000, "{}", arena.stats());
    }

    fn reserving_makes_room(arena) {
        for bytes in [1, 100, 5000, 60_000] {
            arena.reserve(bytes);
            let committed = arena.stats().committed;
            assert!(arena.chunk_capacity() >= bytes);
            if bytes > GAP {
                arena.alloc_slice_fill_copy(bytes - GAP, 0_u8);
            }
            assert_eq!(arena.stats().committed, committed, "nothing more was asked for");
        }
        for bytes in [isize::MAX as usize - 7, isize::MAX as usize, usize::MAX - 7, usize::MAX] {
            assert!(arena.try_reserve(bytes).is_err());
        }
    }

    fn what_can_be_allocated_can_be_and_what_cannot_cannot(arena) {
        let arena = arena.limit(20_000);
        for size in [1, 8, 100, 3000, 12_000, 19_000, 20_000, 20_001, isize::MAX as usize - 4095] {
            for align in [1, 64, 4096] {
                let layout = layout(size, align);
                arena.scope(|inner| {
                    let can = inner.can_allocate(layout);
                    assert_eq!(can, inner.try_alloc_layout(layout).is_ok(), "{layout:?} in {}", inner.stats());
                });
            }
        }
    }

    fn chunk_iteration_shows_what_was_allocated(mut arena) {
        let mut sum = 0_u64;
        for i in 0..rounds(3000) as u64 {
            arena.alloc(i + 1);
            sum += i + 1;
        }
        // Gaps between blocks are not to be looked at.
        if GAP == 0 {
            let mut found = 0;
            for chunk in arena.iter_allocated_chunks() {
                assert_eq!(chunk.len() % 8, 0);
                for word in chunk.chunks(8) {
                    // SAFETY: every byte of the used part was written, as part of a `u64`.
                    let bytes: Vec<u8> = word.iter().map(|byte| unsafe { byte.assume_init() }).collect();
                    found += u64::from_ne_bytes(bytes.try_into().unwrap());
                }
            }
            assert_eq!(found, sum);
        }
        assert!(arena.iter_allocated_chunks().map(<[_]>::len).sum::<usize>() >= rounds(3000) * 8);
    }
}

/// A limit that cut a chunk short is raised: what the chunk has anyway can be allocated, and no more.
#[test]
fn a_limit_that_is_raised_shows_in_what_can_be_allocated() {
    for before in [96, 512, 1008] {
        for after in [1000, 2000, 4000, 9000] {
            for size in [1, 100, 900, 1600, 2900, 3000, 3100, 3199, 3200, 3300, 5000, 9000] {
                let mut memory = buffer(4096);
                let fixed = Fixed::new(&mut memory[..4096]);
                let arena: Arena<_> = Arena::new_in(fixed).limit(before);
                arena.alloc_layout(layout(before - GAP, 1));
                assert!(!arena.can_allocate(layout(1, 1)) && arena.try_alloc_layout(layout(1, 1)).is_err());
                let arena = arena.limit(after);
                let layout = layout(size, 1);
                let can = arena.can_allocate(layout);
                let got = arena.try_alloc_layout(layout).is_ok();
                assert_eq!(can, got, "{size} bytes once {after} instead of {before} are allowed");
            }
        }
    }
}

// It compared with what was committed instead of with what there is.
#[test]
fn can_allocate_asks_for_what_is_reserved() {
    for odd in 0..9 {
        let mut memory = buffer(1024 + odd);
        let arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory[odd..odd + 1024]));
        for size in [900, 1015, 1016, 1017, 1023, 1024, 1025] {
            let layout = layout(size, 1);
            let (can, got) =
                arena.scope(|inner| (inner.can_allocate(layout), inner.try_alloc_layout(layout).is_ok()));
            assert_eq!(can, got, "{size} bytes of 1024, {odd} from the start, first");
        }
        let fresh_memory = &mut buffer(1024 + odd);
        for size in [900, 1015, 1016, 1017, 1023, 1024, 1025] {
            let arena: Arena<_> = Arena::new_in(Fixed::new(&mut fresh_memory[odd..odd + 1024]));
            let can = arena.can_allocate(layout(size, 1));
            assert_eq!(
                can,
                arena.try_alloc_layout(layout(size, 1)).is_ok(),
                "{size} bytes of 1024, {odd} from the start"
            );
        }
    }
}

#[test]
fn chunks_that_only_stand_in_the_way_are_given_up() {
    let arena = Arena::new().limit(10_000);
    arena.alloc(1);
    let child = arena.child();
    arena.alloc([0_u8; 100]);
    child.alloc([0_u8; 6000]);
    drop(child);
    let large = layout(8000, 8);
    assert!(arena.can_allocate(large), "false means that it would fail");
    assert!(arena.try_alloc_layout(large).is_ok());
}

// Growth policies and hints that were stored and never read.
#[test]
fn every_policy_and_hint_shows_in_the_sizes_of_chunks() {
    /// The sizes of the first few chunks.
    fn sizes(configure: impl Fn(Chained<&Counting<Global>>) -> Chained<&Counting<Global>>) -> Vec<usize> {
        let base = Counting::new(Global);
        let arena: Arena<_> = Arena::new_in(configure(Chained::new_in(&base)));
        let mut sizes = Vec::new();
        let mut before = 0;
        while sizes.len() < 6 {
            arena.alloc(0_u64);
            let now = base.counts().bytes_live;
            if now != before {
                sizes.push(now - before);
                before = now;
            }
        }
        sizes
    }

    assert_eq!(sizes(|c| c.first_chunk(512).growth(Growth::Constant)), [512; 6]);
    assert_eq!(
        sizes(|c| c.first_chunk(512)),
        [512, 1024, 2048, 4096, 8192, 16_384].map(|size: usize| size.min(max()))
    );
    assert_eq!(sizes(|c| c.first_chunk(512).max_chunk(2048)), [512, 1024, 2048, 2048, 2048, 2048]);
    let linear = sizes(|c| c.first_chunk(512).max_chunk(1 << 20).growth(Growth::Linear(256)));
    assert_eq!(linear, [512, 768, 1024, 1280, 1536, 1792]);
    let percent = sizes(|c| c.first_chunk(1000).max_chunk(1 << 20).growth(Growth::Percent(150)));
    assert!(
        percent.windows(2).all(|two| two[1] > two[0] * 14 / 10 && two[1] <= two[0] * 15 / 10),
        "{percent:?}"
    );
    let tiny = sizes(|c| c.first_chunk(80).max_chunk(1 << 20).growth(Growth::Percent(200)));
    assert!(tiny[5] >= 80 << 4, "a percentage of a small chunk is not nothing: {tiny:?}");
    let custom = sizes(|c| c.first_chunk(512).max_chunk(1 << 20).growth(Growth::Custom(|last| last + 16)));
    assert_eq!(custom, [512, 528, 544, 560, 576, 592]);
    for mad in [0, usize::MAX] {
        let growth = if mad == 0 { Growth::Custom(|_| 0) } else { Growth::Custom(|_| usize::MAX) };
        let sizes = sizes(|c| c.first_chunk(256).max_chunk(1024).growth(growth));
        assert_eq!(sizes[1], if mad == 0 { 256 } else { 1024 });
    }
    assert_eq!(sizes(|c| c.expect_total(4000))[0], 4000 / 16 * 16);
    assert!(sizes(|c| c.expect_largest(3000))[0] >= 8 * 3000);
    assert_eq!(sizes(|c| c.low_memory())[0], 256);
    let roomy = sizes(|c| c);
    assert_eq!(roomy[0], if cfg!(arenite_zeal) { 128 } else { 1008 });
}

/// The size to which chunks grow.
fn max() -> usize {
    if cfg!(arenite_zeal) { 1024 } else { 64 << 20 }
}

#[test]
fn side_chunks_leave_the_current_one_current() {
    let calls = Cell::new(0);
    let base = Counting::new(Global);
    let chunks = Chained::new_in(&base).first_chunk(4096).side_chunks_above(2000);
    let arena: Arena<_> = Arena::new_in(chunks);
    arena.alloc(0_u64);
    for i in 1..=20 {
        arena.alloc([0_u8; 5000]);
        arena.alloc(i);
        calls.set(base.counts().allocate);
        assert_eq!(calls.get(), 1 + i, "one chunk for each large block, none for the small ones");
    }
    assert!(base.counts().bytes_live < 4096 + 20 * (5000 + 100), "and none that doubles");
}

#[test]
fn creation_says_what_is_wrong() {
    let failing = Failing::new(Global);
    failing.fail_always();
    let error = Arena::try_new_in(Chained::new_in(&failing)).unwrap_err();
    assert_eq!(error, CreateError::OutOfMemory { bytes: 1, backing: "chained" });
    assert_eq!(
        Arena::try_with_capacity(usize::MAX).unwrap_err(),
        CreateError::TooLarge { bytes: usize::MAX }
    );
    let mut memory = buffer(99);
    let error = Arena::try_with_capacity_in(101, Fixed::new(&mut memory)).unwrap_err();
    assert_eq!(error, CreateError::TooSmall { bytes: 101, available: 100, backing: "fixed" });
    for error in [error, CreateError::TooLarge { bytes: 1 }] {
        assert!(std::error::Error::source(&error).is_none());
        assert!(error.to_string().len() > 20);
    }
    failing.succeed();
    assert!(Arena::<_, 64>::with_min_align_in(Chained::new_in(&failing)).try_alloc(1).is_ok());
    assert_eq!(Arena::<Auto, 64>::with_min_align().min_align(), 64);
    fn name<B: Backing>(_: &Arena<B>) -> &'static str {
        B::NAME
    }
    assert_eq!(name(&Arena::new()), "auto");
}
