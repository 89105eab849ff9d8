//! `wrap::Histogram` and `wrap::Quantized`.

use super::through::Through;
use super::{block, free, resize, small};
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::Global;
use arenite::conformance_suite;
use arenite::wrap::{AllocationClock, Counting, Failing, Histogram, Quantized};
use std::alloc::System;

conformance_suite!(histogram, Histogram::new(Global));
conformance_suite!(histogram_surplus, Histogram::new(Hostile::new(Defect::KeepsOldSurplus)), small());
conformance_suite!(histogram_global, Through(Histogram::new(System)));
conformance_suite!(quantized, Quantized::<64, _>::new(Global));
conformance_suite!(quantized_odd, Quantized::<37, _>::new(Counting::new(Global)));
conformance_suite!(
    quantized_surplus,
    Quantized::<24, _>::new(Hostile::new(Defect::KeepsOldSurplus)),
    small()
);
conformance_suite!(quantized_global, Through(Quantized::<64, _>::new(System)));

#[test]
fn every_class_counts() {
    let histogram = Histogram::new(Failing::new(Global));
    let kept = block(&histogram, 8).unwrap();
    assert_eq!((histogram.made(15), histogram.live(15), histogram.made(16), histogram.made(7)), (1, 1, 0, 0));
    histogram.inner().fail_always();
    block(&histogram, 8).unwrap_err();
    // SAFETY: the block has this size, here and below.
    unsafe { resize(&histogram, kept, 8, 40) }.unwrap_err();
    assert_eq!((histogram.made(8), histogram.live(8)), (1, 1));
    histogram.inner().succeed();
    // SAFETY: as above.
    let kept = unsafe { resize(&histogram, kept, 8, 40) }.unwrap();
    assert_eq!((histogram.live(8), histogram.live(40), histogram.made(40)), (0, 1, 1));
    let picture = histogram.to_string();
    assert_eq!(picture.lines().count(), 4, "{picture}");
    assert!(picture.lines().last().unwrap().ends_with(&"#".repeat(40)), "{picture}");
    // SAFETY: as above.
    unsafe { free(&histogram, kept, 40) };
    assert_eq!((histogram.live(40), histogram.made(40)), (0, 1));
}

#[test]
fn a_resize_within_a_step_never_reaches_the_base() {
    let quantized = Quantized::<16, _>::new(Counting::new(Failing::new(Global)));
    let kept = block(&quantized, 1).unwrap();
    quantized.inner().inner().fail_always();
    // SAFETY: the block has this size, here and below.
    let kept = unsafe { resize(&quantized, kept, 1, 16) }.unwrap();
    // SAFETY: as above.
    unsafe { resize(&quantized, kept, 16, 17) }.unwrap_err();
    // SAFETY: as above.
    unsafe { free(&quantized, kept, 16) };
    let counts = quantized.inner().counts();
    assert_eq!((counts.grow, counts.failed, counts.bytes_peak, counts.bytes_live), (1, 1, 16, 0));
}

#[test]
fn lives_are_measured_in_allocations() {
    let histogram = Histogram::<_, AllocationClock>::with_clock(Failing::new(Global));
    let (long, short) = (block(&histogram, 8).unwrap(), block(&histogram, 3).unwrap());
    // SAFETY: the block has this size, here and below.
    unsafe { short.write_bytes(0xFF, 3) };
    // SAFETY: as above.
    unsafe { free(&histogram, short, 3) };
    assert_eq!((histogram.lived(0), histogram.lived(1)), (1, 0));
    // A resize is no new life, nor is one that fails the end of one.
    // SAFETY: as above.
    let long = unsafe { resize(&histogram, long, 8, 100) }.unwrap();
    // SAFETY: as above.
    unsafe { long.write_bytes(0xFF, 100) };
    histogram.inner().resizes().fail_always();
    // SAFETY: as above.
    unsafe { resize(&histogram, long, 100, 10) }.unwrap_err();
    histogram.inner().succeed();
    // SAFETY: as above.
    let long = unsafe { resize(&histogram, long, 100, 10) }.unwrap();
    for _ in 0..20 {
        let between = block(&histogram, 5).unwrap();
        // SAFETY: as above.
        unsafe { free(&histogram, between, 5) };
    }
    // SAFETY: as above.
    unsafe { free(&histogram, long, 10) };
    // 21 blocks were made in its time.
    assert_eq!((histogram.lived(0), histogram.lived(16), histogram.lived(31)), (21, 1, 1));
    let picture = histogram.to_string();
    let lives = picture.split("\n\n").nth(1).expect("a second picture");
    assert!(lives.starts_with("lived from     blocks\n         0         21 ####"), "{picture}");
    assert!(lives.contains("\n        16          1 ##"), "{picture}");
}

#[cfg(feature = "std")]
#[test]
fn lives_are_measured_in_time() {
    let histogram = Histogram::<_, arenite::wrap::TimeClock>::with_clock(Global);
    let kept = block(&histogram, 8).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(5));
    // SAFETY: the block has this size.
    unsafe { free(&histogram, kept, 8) };
    let lived = |from: u32, to: u32| (from..to).map(|exponent| histogram.lived(1 << exponent)).sum::<usize>();
    assert_eq!((histogram.lived(0) + lived(0, 22), lived(22, 64)), (0, 1), "5 ms are more than 2^22 ns");
    assert!(histogram.to_string().contains(" ms          1 ####"), "{histogram}");
}

#[test]
fn without_a_clock_there_is_nothing_behind_a_block() {
    let plain = Histogram::new(Counting::new(Global));
    let clocked = Histogram::<_, AllocationClock>::with_clock(Counting::new(Global));
    let (first, second) = (block(&plain, 24).unwrap(), block(&clocked, 24).unwrap());
    assert_eq!((plain.inner().counts().bytes_live, clocked.inner().counts().bytes_live), (24, 32));
    // SAFETY: the block has this size, here and below.
    unsafe { free(&plain, first, 24) };
    // SAFETY: as above.
    unsafe { free(&clocked, second, 24) };
    assert_eq!((plain.lived(0), plain.to_string().contains("lived")), (0, false));
    assert!(size_of_val(&plain) < size_of_val(&clocked));
}
