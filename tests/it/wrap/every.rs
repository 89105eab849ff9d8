//! The conformance suite over every wrapper over an arena, over a buffer, over the heap, as a global allocator, and in towers.

use super::through::Through;
use super::{block, free, resize, small};
use crate::rounds::rounds;
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::{Allocator, Global};
use arenite::testing::conformance::{Conformance, Property};
use arenite::wrap::{
    AllocationClock, CallCounters, Counting, Failing, Fallback, Guarded, Histogram, Limited, LiveCounters,
    Observer, OnOom, Quantized, Segregate,
};
use arenite::{Arena, Buffer, Fixed, conformance_suite};
use std::alloc::System;

/// There are many bases, and others run the long suite.
const SHORT: Conformance = Conformance::new().operations(1000);
/// For a buffer: it is full sooner or later.
const SMALL: Conformance = SHORT.max_size(16 << 10).max_align(1024).may_run_out(true);

macro_rules! every_base {
    ($name:ident, $wrap:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn over_an_arena() {
                for &property in Property::ALL {
                    SHORT.check_property(property, $wrap(&Arena::new()));
                }
            }

            #[test]
            fn over_a_buffer() {
                for &property in Property::ALL {
                    let mut memory = Box::new_uninit_slice(1 << 20);
                    let arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
                    SMALL.check_property(property, $wrap(&arena));
                }
            }

            #[test]
            fn over_the_heap() {
                SHORT.check(|| $wrap(Global));
            }

            #[test]
            fn over_a_base_that_grants_more() {
                small().operations(500).check(|| $wrap(Hostile::new(Defect::KeepsOldSurplus)));
            }

            #[test]
            fn as_a_global_allocator() {
                SHORT.check(|| Through($wrap(System)));
            }
        }
    };
}

every_base!(counting, Counting::new);
every_base!(counting_calls, Counting::<_, CallCounters>::with_statistics);
every_base!(counting_nothing, Counting::<_, ()>::with_statistics);
every_base!(failing, Failing::new);
every_base!(limited, (|inner| Limited::new(inner, usize::MAX)));
every_base!(observer, (|inner| Observer::new(inner, drop)));
every_base!(on_oom, (|inner| OnOom::new(inner, 1, |_| true)));
every_base!(histogram, Histogram::new);
every_base!(histogram_allocations, Histogram::<_, AllocationClock>::with_clock);
every_base!(quantized, Quantized::<48, _>::new);
every_base!(segregate, (|inner| Segregate::<64, _, _>::new(inner, System)));
every_base!(guarded, Guarded::new);
#[cfg(feature = "log")]
every_base!(logging, arenite::wrap::Logging::new);
#[cfg(feature = "std")]
every_base!(histogram_time, Histogram::<_, arenite::wrap::TimeClock>::with_clock);
#[cfg(all(feature = "std", feature = "hashbrown"))]
every_base!(tracking, arenite::wrap::Tracking::new);

// Towers, in several orders.
every_base!(guarded_counting, (|inner| Guarded::new(Counting::new(inner))));
every_base!(counting_guarded, (|inner| Counting::new(Guarded::new(Quantized::<32, _>::new(inner)))));
every_base!(
    guarded_twice,
    (|inner| Guarded::new(Histogram::<_, AllocationClock>::with_clock(Guarded::new(inner))))
);
#[cfg(all(feature = "std", feature = "hashbrown"))]
every_base!(
    tracking_guarded,
    (|inner| arenite::wrap::Tracking::new(Guarded::new(arenite::wrap::Tracking::new(Failing::new(inner)))))
);
#[cfg(all(feature = "std", feature = "hashbrown"))]
every_base!(
    guarded_tracking,
    (|inner| Guarded::new(arenite::wrap::Tracking::new(Limited::new(inner, usize::MAX))))
);

conformance_suite!(
    fallback_to_guarded,
    Fallback::new(&mut Arena::new_in(Fixed::from(&mut Buffer::<3000>::new())), Guarded::new(Global))
);

/// Every resize moves, so that each has to carry what it knows to another place.
fn moving<A: Allocator>(inner: A) -> Failing<A> {
    let failing = Failing::new(inner);
    failing.move_resizes(true);
    failing
}

conformance_suite!(guarded_moving, Guarded::new(moving(Global)));
conformance_suite!(histogram_moving, Histogram::<_, AllocationClock>::with_clock(moving(Global)));
#[cfg(all(feature = "std", feature = "hashbrown"))]
conformance_suite!(tracking_moving, arenite::wrap::Tracking::new(moving(Global)));

/// Requests fail now and then, resizes as well: what was there stays.
fn unreliable(seed: u64) -> Failing<Global> {
    let failing = Failing::new(Global);
    failing.fail_with_probability(0.2, seed);
    failing.resizes().fail_with_probability(0.3, seed + 1);
    failing.count_shrink(true);
    failing
}

/// Fills, resizes and frees over an allocator that fails, and returns how often it did.
fn survive(allocator: &impl Allocator) -> usize {
    let mut refused = 0;
    for round in 0..rounds(300) {
        let Ok(mut kept) = block(allocator, 24) else {
            refused += 1;
            continue;
        };
        // SAFETY: the block has this size, here and below.
        unsafe { kept.write_bytes(round as u8, 24) };
        let mut size = 24;
        for new in [200, 40, 24, 3000, 25, 24] {
            // SAFETY: as above.
            match unsafe { resize(allocator, kept, size, new) } {
                Ok(resized) => (kept, size) = (resized, new),
                Err(_) => refused += 1,
            }
        }
        // SAFETY: the first 24 bytes were written, and no size was smaller.
        assert_eq!(unsafe { kept.cast::<[u8; 24]>().read() }, [round as u8; 24]);
        // SAFETY: as above.
        unsafe { free(allocator, kept, size) };
    }
    refused
}

#[test]
fn what_fails_below_loses_nothing() {
    let guarded = Guarded::new(Counting::new(unreliable(1)));
    assert!(survive(&guarded) > rounds(300));
    assert_eq!((guarded.check().unwrap(), guarded.inner().counts().bytes_live), (0, 0));
    let histogram = Histogram::<_, AllocationClock>::with_clock(Counting::new(unreliable(2)));
    assert!(survive(&histogram) > rounds(300));
    assert_eq!(histogram.inner().counts().bytes_live, 0);
    let quantized = Quantized::<64, _>::new(Counting::new(unreliable(3)));
    assert!(survive(&quantized) > rounds(300));
    assert_eq!(quantized.inner().counts().bytes_live, 0);
    let live = Counting::<_, LiveCounters>::with_statistics(unreliable(4));
    assert!(survive(&live) > rounds(300));
    assert_eq!((live.counts().bytes_live, live.counts().blocks_live), (0, 0));
}

#[cfg(all(feature = "std", feature = "hashbrown"))]
#[test]
fn what_fails_below_keeps_the_books() {
    let tracking = arenite::wrap::Tracking::new(Counting::new(unreliable(5)));
    assert!(survive(&tracking) > rounds(300));
    assert_eq!((tracking.blocks_live(), tracking.bytes_live(), tracking.misuses()), (0, 0, 0));
    assert_eq!(tracking.inner().counts().bytes_live, 0);
}

/// Blocks of allocator-api2's boxes that were never asked for, and go back.
#[test]
fn values_of_no_bytes_go_back() {
    let guarded = Guarded::new(Global);
    drop(allocator_api2::boxed::Box::new_in((), &guarded));
    drop(allocator_api2::boxed::Box::new_in([0_u64; 0], &guarded));
    let histogram = Histogram::<_, AllocationClock>::with_clock(Global);
    drop(allocator_api2::boxed::Box::new_in((), &histogram));
    #[cfg(all(feature = "std", feature = "hashbrown"))]
    {
        let tracking = arenite::wrap::Tracking::new(Global);
        drop(allocator_api2::boxed::Box::new_in((), &tracking));
        assert_eq!(tracking.misuses(), 0);
    }
    assert_eq!((guarded.misuses(), guarded.check().unwrap()), (0, 0));
}
