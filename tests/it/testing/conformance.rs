//! The conformance suite passes correct allocators and catches every defect of [`Hostile`].

use crate::testing::hostile::{Defect, Hostile, Inline};
use allocator_api2::alloc::{Allocator, Global};
use arenite::testing::conformance::{self, Conformance, Property, conformance_suite};
use arenite::wrap::{Counting, Failing};
use std::panic::{AssertUnwindSafe, catch_unwind};

conformance_suite!(global, Global);
conformance_suite!(counting, Counting::new(Global));
conformance_suite!(counting_by_reference, &Counting::new(Global));
conformance_suite!(failing, Failing::new(Global));
conformance_suite!(moving, always_moving(Global));
conformance_suite!(sometimes_failing, every_third_fails(Global), Conformance::new().may_run_out(true));
conformance_suite!(nested, Counting::new(Failing::new(Counting::new(Global))));
conformance_suite!(surplus, Hostile::new(Defect::None), small());
conformance_suite!(kept_surplus, Hostile::new(Defect::KeepsOldSurplus), small());
conformance_suite!(counting_kept_surplus, Counting::new(Hostile::new(Defect::KeepsOldSurplus)), small());
conformance_suite!(counting_surplus, Counting::new(Hostile::new(Defect::None)), small());
conformance_suite!(moving_surplus, always_moving(Hostile::new(Defect::None)), small());

fn always_moving<A: Allocator>(inner: A) -> Failing<A> {
    let failing = Failing::new(inner);
    failing.move_resizes(true);
    failing
}

fn every_third_fails<A: Allocator>(inner: A) -> Failing<A> {
    let failing = Failing::new(inner);
    failing.fail_every(3);
    failing.count_shrink(true);
    failing
}

/// What fits the buffer of [`Hostile`].
fn small() -> Conformance {
    Conformance::new().max_size(4096).max_align(4096).operations(2_000)
}

/// The message with which a check panics, if it does.
fn complaint(check: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(check)).err()?;
    Some(payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "not a message".to_owned()))
}

/// Each defect, a property that finds it, and what that complains about.
const DEFECTS: [(Defect, Property, &str); 36] = [
    (Defect::HalfAligned, Property::Alignment, "alignment asked for"),
    (Defect::AlignsTheOffset, Property::Alignment, "alignment asked for"),
    (Defect::OverlapsNeighbour, Property::NoOverlap, "do not overlap"),
    (Defect::GrantsTooLittle, Property::NoOverlap, "as long as asked"),
    (Defect::ClaimsTooMuch, Property::NoOverlap, "do not overlap"),
    (Defect::ClaimsEverything, Property::NoOverlap, "in the address space"),
    (Defect::EmptyIsUnaligned, Property::ZeroSize, "alignment asked for"),
    (Defect::EmptyIsRefused, Property::ZeroSize, "meets every request"),
    (Defect::EmptyFreesNeighbour, Property::ZeroSize, "do not overlap"),
    (Defect::ZeroedIsDirty, Property::Zeroed, "zeroed memory is zero"),
    (Defect::ZeroedSurplusIsDirty, Property::Zeroed, "zeroed memory is zero"),
    (Defect::ZeroesNeighbour, Property::FreeOrder, "by its owner's hand"),
    (Defect::GrowthIsDirty, Property::Zeroed, "grow_zeroed adds is zero"),
    (Defect::OldSurplusIsJunk, Property::Zeroed, "preserved or zeroed"),
    (Defect::GrowthIsNeighboursBytes, Property::Zeroed, "grow_zeroed adds is zero"),
    (Defect::GrowZeroedWipes, Property::Zeroed, "preserves the content"),
    (Defect::GrowCopiesHalf, Property::Grow, "preserves the content"),
    (Defect::GrowCopiesAskedOnly, Property::Surplus, "preserves the content"),
    (Defect::GrowRunsIntoNeighbour, Property::Grow, "do not overlap"),
    (Defect::GrowKeepsAlignment, Property::Realign, "alignment asked for"),
    (Defect::GrowFreesTheNewBlock, Property::Grow, "do not overlap"),
    (Defect::ShrinkKeepsAlignment, Property::Realign, "alignment asked for"),
    (Defect::ShrinkCutsTail, Property::Shrink, "preserves the content"),
    (Defect::ShrinkCopiesOldSize, Property::RandomProgram, " instead of 0x"),
    (Defect::ShrinkCopiesForwards, Property::Shrink, "preserves the content"),
    (Defect::FailedGrowFrees, Property::FailedResize, "do not overlap"),
    (Defect::FailedGrowClobbers, Property::FailedResize, "leaves the block as it was"),
    (Defect::FailedShrinkFrees, Property::FailedResize, "do not overlap"),
    (Defect::HugeSizeWraps, Property::HugeLayouts, "no memory can hold"),
    (Defect::HugeAlignmentIsCapped, Property::HugeLayouts, "no memory can hold"),
    (Defect::StaysFull, Property::HugeLayouts, "meets every request"),
    (Defect::RefusesEverything, Property::ByReference, "meets every request"),
    (Defect::FreesTheLatest, Property::FreeOrder, "do not overlap"),
    (Defect::FreesNeighbour, Property::FreeOrder, "do not overlap"),
    (Defect::PoisonsNeighbour, Property::FreeOrder, "by its owner's hand"),
    (Defect::ForgetsWhenMoved, Property::Moved, "do not overlap"),
];

#[test]
fn every_defect_is_found() {
    let missed: Vec<_> = DEFECTS
        .iter()
        .filter_map(|&(defect, property, rule)| {
            let complaint = complaint(|| small().check_property(property, Hostile::new(defect)));
            let found = complaint.as_ref().is_some_and(|complaint| complaint.contains(rule));
            (!found).then(|| format!("{defect:?} by {property:?}: {complaint:?}"))
        })
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// The random program alone sees all but those that take a special request.
#[test]
#[cfg_attr(miri, ignore = "too few operations, of blocks too small")]
fn random_programs_find_most_defects() {
    let special = [
        Defect::FailedGrowFrees,
        Defect::FailedGrowClobbers,
        Defect::FailedShrinkFrees,
        Defect::HugeSizeWraps,
        Defect::HugeAlignmentIsCapped,
        Defect::StaysFull,
        Defect::ForgetsWhenMoved,
    ];
    for (defect, ..) in DEFECTS {
        let check =
            || small().operations(20_000).check_property(Property::RandomProgram, Hostile::new(defect));
        assert_eq!(complaint(check).is_none(), special.contains(&defect), "{defect:?}");
    }
}

#[test]
fn every_property_finds_something() {
    for &property in Property::ALL {
        let found = DEFECTS.iter().any(|&(defect, ..)| {
            complaint(|| small().check_property(property, Hostile::new(defect))).is_some()
        });
        assert!(found, "{property:?}");
    }
}

#[test]
fn a_clone_that_forgets_is_found() {
    small().check_clones(Hostile::new(Defect::None));
    small().check_clones(Global);
    let complaint = complaint(|| small().check_clones(Hostile::new(Defect::CloneForgets)));
    assert!(complaint.unwrap().contains("do not overlap"));
}

#[test]
fn blocks_inside_of_the_allocator_are_found_before_it_moves() {
    let options = small().max_size(256).max_align(64).may_run_out(true);
    for &property in Property::ALL {
        let complaint = complaint(|| options.check_property(property, Inline::new()));
        assert!(complaint.unwrap().contains("do not lie inside of it"), "{property:?}");
    }
    // By reference it does what it should.
    let inline = Inline::new();
    options.check_property(Property::Alignment, &inline);
}

#[test]
fn refusing_everything_is_no_way_to_pass() {
    let options = small().may_run_out(true);
    for &property in Property::ALL {
        let complaint =
            complaint(|| options.check_property(property, Hostile::new(Defect::RefusesEverything)));
        assert!(complaint.unwrap().contains("hands out memory"), "{property:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too few operations, of blocks too small")]
fn running_out_is_checked_where_it_is_allowed() {
    let options = small().may_run_out(true);
    options.check_property(Property::FailedResize, Hostile::new(Defect::None));
    // More than its buffer holds, so that ordinary requests fail as well as impossible ones.
    let crowded = options.max_size(256 << 10);
    crowded.check(|| Hostile::new(Defect::None));
    let clobbering = || Hostile::new(Defect::FailedGrowClobbers);
    let clobbered = complaint(|| crowded.check_property(Property::RandomProgram, clobbering()));
    assert!(clobbered.unwrap().contains("leaves the block as it was"));
    let limited = |bytes| {
        let failing = Failing::new(Global);
        failing.fail_above(bytes);
        failing.count_shrink(true);
        failing
    };
    options.check(|| limited(100));
    let complaint = complaint(|| small().check(|| limited(100)));
    assert!(complaint.unwrap().contains("was refused"));
}

#[test]
fn a_complaint_says_rule_call_numbers_and_seed() {
    let options = small().seed(0xBEEF);
    let complaint =
        complaint(|| options.check_property(Property::Alignment, Hostile::new(Defect::HalfAligned)));
    let complaint = complaint.unwrap();
    for part in [
        "a granted block has the alignment asked for",
        "allocate of 1 bytes aligned to 32 returned 0x",
        "16 bytes past a multiple",
        "found by `alignment` with call ",
        "seed 0xbeef",
    ] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
}

#[test]
fn the_same_seed_makes_the_same_calls() {
    let counts = |seed| {
        let counting = Counting::new(Global);
        Conformance::new().seed(seed).check_property(Property::RandomProgram, &counting);
        let counts = counting.counts();
        assert_eq!((counts.blocks_live, counts.bytes_live), (0, 0));
        counts
    };
    assert_eq!(counts(1).bytes_peak, counts(1).bytes_peak);
    assert_ne!(counts(1).bytes_peak, counts(2).bytes_peak);
}

#[test]
fn the_whole_suite_runs_from_one_call() {
    conformance::check(|| Global);
    let counting = Counting::new(Global);
    Conformance::new().max_size(1).max_align(1).operations(0).check(|| &counting);
    let counts = counting.counts();
    assert_eq!((counts.blocks_live, counts.bytes_live), (0, 0));
    assert!(counts.allocate > 0 && counts.grow > 0 && counts.shrink > 0 && counts.failed > 0, "{counts}");
}
