//! `wrap::Histogram` and `wrap::Quantized`.

use super::through::Through;
use super::{block, free, resize, small};
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::Global;
use arenite::conformance_suite;
use arenite::wrap::{Counting, Failing, Histogram, Quantized};
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
