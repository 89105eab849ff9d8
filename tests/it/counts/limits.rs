//! Limits and buffers are used to the last byte.

use std::mem::MaybeUninit;

use arenite::{Arena, Auto, Chained, Fixed, ResetMode};

use crate::rounds::rounds;

/// Hands out single bytes until there are none.
fn fill<B: arenite::Backing>(arena: &Arena<B, 1>) -> usize {
    let mut bytes = 0;
    while arena.try_alloc(1_u8).is_ok() {
        bytes += 1;
    }
    bytes
}

#[test]
#[cfg_attr(any(arenite_asan, arenite_memcheck), ignore = "gaps between blocks count too")]
fn the_limit_is_exact_to_the_byte() {
    for limit in (0..rounds(200)).chain([1007, 1008, 1009, 5000, 65_537].into_iter().take(rounds(5))) {
        let chained = Arena::<_, 1>::with_min_align_in(Chained::new().first_chunk(64)).limit(limit);
        assert_eq!(fill(&chained), limit);
        assert_eq!(fill(&Arena::<Auto, 1>::with_min_align().limit(limit)), limit);
        let mut bytes = Box::new_uninit_slice(70_000);
        let fixed = Arena::<_, 1>::with_min_align_in(Fixed::new(&mut bytes)).limit(limit);
        assert_eq!(fill(&fixed), limit);
        // A higher limit lets it go on where it stopped.
        fixed.set_allocation_limit(Some(limit + 10));
        assert_eq!(fill(&fixed), 10);
    }
}

#[test]
fn a_limit_counts_whole_units_of_alignment() {
    for limit in 0..rounds(100) {
        let arena: Arena<_> = Arena::new_in(Chained::new()).limit(limit);
        while arena.try_alloc(1_u8).is_ok() {}
        let unit = if cfg!(any(arenite_asan, arenite_memcheck)) { 16 } else { 8 };
        assert_eq!(arena.stats().used, limit / unit * unit);
    }
}

/// The bytes that a buffer has once its ends are rounded.
fn whole(bytes: &[MaybeUninit<u8>], align: usize) -> usize {
    let start = bytes.as_ptr().addr();
    let end = start + bytes.len();
    (end - end % align).saturating_sub(start.next_multiple_of(align))
}

#[test]
#[cfg_attr(any(arenite_asan, arenite_memcheck), ignore = "gaps between blocks count too")]
fn a_buffer_is_used_to_the_last_byte() {
    let mut bytes = Box::new_uninit_slice(5000);
    for offset in 0..rounds(17) {
        for len in
            [0, 1, 7, 8, 15, 63, 64, 65, 500, 4096, 4099].into_iter().take(if cfg!(miri) { 9 } else { 11 })
        {
            let buffer = &mut bytes[offset..offset + len];
            let whole = whole(buffer, 8);
            let arena: Arena<_> = Arena::new_in(Fixed::new(buffer));
            let fill = |arena: &Arena<Fixed<'_>>| {
                while arena.try_alloc(1_u64).is_ok() {}
                assert_eq!(arena.stats().used, whole, "offset {offset}, {len} bytes");
            };
            fill(&arena);
            drop(arena);
            // A child that had it all, and made the chunk longer for that, gives it all back.
            let arena: Arena<_> = Arena::new_in(Fixed::new(&mut bytes[offset..offset + len]));
            _ = arena.try_alloc(0);
            arena.scope(fill);
            fill(&arena);
            drop(arena);
            for mode in [ResetMode::Retain, ResetMode::Decay, ResetMode::FreeAll, ResetMode::RetainLimit(100)]
            {
                // So does one beside which the parent took chunks of its own.
                let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut bytes[offset..offset + len]));
                _ = arena.try_alloc(0);
                arena.scope(|inner| {
                    for i in 0..20 {
                        _ = inner.try_alloc(i);
                        _ = arena.try_alloc(i);
                    }
                });
                arena.reset_with(mode);
                fill(&arena);
            }
        }
    }
}

/// An idle chunk that lies below one in use is not lost when memory runs short.
#[test]
#[cfg_attr(any(arenite_asan, arenite_memcheck), ignore = "gaps between blocks count too")]
fn a_buffer_loses_nothing_when_it_runs_short() {
    let mut bytes = Box::new_uninit_slice(4096);
    let whole = whole(&bytes, 8);
    let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut bytes));
    for round in 0..20 {
        arena.alloc(round);
        let (lowest, lower, upper) = (arena.child(), arena.child(), arena.child());
        for child in [&lowest, &lower, &upper] {
            child.alloc([round; 100]);
        }
        drop(lower);
        assert!(arena.try_alloc([0_u8; 4000]).is_err());
        drop((lowest, upper));
        arena.reset();
    }
    while arena.try_alloc(1_u64).is_ok() {}
    assert_eq!(arena.stats().used, whole);
}
