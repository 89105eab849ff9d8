//! `wrap::Observer`, `wrap::OnOom` and `wrap::Logging`: each event once, no re-entry, bounded retries.

use super::through::Through;
use super::{block, free, resize, small};
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::Global;
use arenite::conformance_suite;
use arenite::testing::conformance::Conformance;
use arenite::wrap::{Event, Failing, Limited, Observer, OnOom};
use std::alloc::System;
use std::cell::{Cell, RefCell};

conformance_suite!(observer, Observer::new(Global, drop));
conformance_suite!(observer_surplus, Observer::new(Hostile::new(Defect::KeepsOldSurplus), drop), small());
conformance_suite!(observer_global, Through(Observer::new(System, drop)));
#[cfg(feature = "log")]
conformance_suite!(logging, arenite::wrap::Logging::new(Global));
#[cfg(feature = "log")]
conformance_suite!(logging_global, Through(arenite::wrap::Logging::new(System)));
#[cfg(feature = "log")]
conformance_suite!(
    logging_surplus,
    arenite::wrap::Logging::new(Hostile::new(Defect::KeepsOldSurplus)),
    small()
);
// Without the standard library one hook runs at a time in the whole process: another test may be at it, and no hook is called.
#[cfg(feature = "std")]
conformance_suite!(on_oom, OnOom::new(every_third_fails(), 1, |_| true));
conformance_suite!(on_oom_surplus, OnOom::new(Hostile::new(Defect::None), 2, |_| true), small());
conformance_suite!(
    on_oom_gives_up,
    OnOom::new(Limited::new(Global, 9000), 2, |_| true),
    Conformance::new().may_run_out(true)
);
conformance_suite!(on_oom_global, Through(OnOom::new(System, 1, |_| true)));

#[cfg(feature = "std")]
fn every_third_fails() -> Failing<Global> {
    let failing = Failing::new(Global);
    failing.fail_every(3);
    failing.count_shrink(true);
    failing
}

#[test]
fn every_event_is_reported_once() {
    let events = RefCell::new(Vec::new());
    let observer = Observer::new(Failing::new(Global), |event: Event| {
        let text = event.to_string();
        events.borrow_mut().push(text.split(" at 0x").next().unwrap().to_owned());
    });
    observer.inner().move_resizes(true);
    let kept = block(&observer, 10).unwrap();
    // SAFETY: the block has this size, here and below.
    let kept = unsafe { resize(&observer, kept, 10, 20) }.unwrap();
    // SAFETY: as above.
    let kept = unsafe { resize(&observer, kept, 20, 5) }.unwrap();
    observer.inner().fail_always();
    block(&observer, 7).unwrap_err();
    // SAFETY: as above.
    unsafe { free(&observer, kept, 5) };
    let expected = [
        "allocated 10 bytes aligned to 8",
        "grown from 10 to 20 bytes, moved,",
        "shrunk from 20 to 5 bytes, moved,",
        "out of memory for 7 bytes aligned to 8",
        "freed 5 bytes aligned to 8",
    ];
    assert_eq!(*events.borrow(), expected);
}

#[test]
fn a_hook_that_allocates_is_not_told_of_it() {
    let seen = Cell::new(0);
    let inner = Observer::new(Global, |_| seen.set(seen.get() + 1000));
    let observer = Observer::new(&inner, |_| {
        seen.set(seen.get() + 1);
        let block = block(&inner, 8).unwrap();
        // SAFETY: the block has this size.
        unsafe { free(&inner, block, 8) };
    });
    let kept = block(&observer, 8).unwrap();
    // SAFETY: the block has this size.
    unsafe { free(&observer, kept, 8) };
    // The inner one saw what passed, but not what the hook did.
    assert_eq!(seen.get(), 2002);
}

#[test]
fn retries_are_bounded_and_the_hook_may_say_no() {
    let calls = Cell::new(0);
    let more = Cell::new(true);
    let allocator = OnOom::new(Failing::new(Global), 3, |_| {
        calls.set(calls.get() + 1);
        more.get()
    });
    let kept = block(&allocator, 8).unwrap();
    assert_eq!((calls.get(), allocator.inner().requests()), (0, 1));
    allocator.inner().fail_always();
    block(&allocator, 8).unwrap_err();
    assert_eq!((calls.get(), allocator.inner().requests()), (3, 4));
    more.set(false);
    block(&allocator, 8).unwrap_err();
    assert_eq!((calls.get(), allocator.inner().requests()), (4, 5));
    more.set(true);
    // SAFETY: the block has this size, here and below.
    unsafe { kept.write_bytes(9, 8) };
    // SAFETY: as above.
    unsafe { resize(&allocator, kept, 8, 16) }.unwrap_err();
    assert_eq!((calls.get(), allocator.inner().requests()), (7, 9));
    allocator.inner().fail_nth(1);
    // SAFETY: as above.
    let kept = unsafe { resize(&allocator, kept, 8, 16) }.unwrap();
    assert_eq!((calls.get(), allocator.inner().requests()), (8, 2));
    // SAFETY: the block has 16 bytes, of which 8 were written.
    assert_eq!(unsafe { kept.cast::<[u8; 8]>().read() }, [9; 8]);
    // SAFETY: as above.
    unsafe { free(&allocator, kept, 16) };
}

#[test]
fn a_hook_that_runs_out_itself_does_not_recurse() {
    let calls = Cell::new(0);
    let failing = Failing::new(Global);
    failing.fail_always();
    let inner = OnOom::new(&failing, 5, |_| {
        calls.set(calls.get() + 1000);
        true
    });
    let outer = OnOom::new(&failing, 2, |_| {
        calls.set(calls.get() + 1);
        block(&inner, 8).unwrap_err();
        true
    });
    block(&outer, 8).unwrap_err();
    assert_eq!(calls.get(), 2);
}
