//! `testing::failures`: every verdict is reached, and a clean program is clean.

use allocator_api2::alloc::{AllocError, Allocator, Global};
use allocator_api2::boxed::Box;
use allocator_api2::collections::TryReserveError;
use allocator_api2::vec::Vec;
use arenite::testing::failures::{Failures, Probe, Report, Verdict, check_all_allocation_failures};
use arenite::wrap::Counting;
use std::alloc::Layout;
use std::cell::Cell;

/// The request and the verdict of each problem.
fn problems(report: &Report) -> std::vec::Vec<(Option<usize>, Verdict)> {
    report.problems().map(|run| (run.request(), run.verdict())).collect()
}

/// The message of a failed assertion.
fn message(report: &Report) -> String {
    let report = std::panic::AssertUnwindSafe(report);
    *std::panic::catch_unwind(|| report.assert_clean()).unwrap_err().downcast::<String>().unwrap()
}

fn three_boxes(allocator: &Probe<'_, impl Allocator>) -> Result<(), AllocError> {
    let _boxes =
        (Box::try_new_in(1, allocator)?, Box::try_new_in(2, allocator)?, Box::try_new_in(3, allocator)?);
    Ok(())
}

#[cfg(feature = "hashbrown")]
fn index(allocator: &Probe<'_, impl Allocator>) -> Result<usize, hashbrown::TryReserveError> {
    let mut map = hashbrown::HashMap::with_hasher_in(hashbrown::DefaultHashBuilder::default(), allocator);
    for word in 0..200u32 {
        map.try_reserve(1)?;
        map.insert(word, word);
    }
    Ok(map.len())
}

#[test]
fn clean_programs_are_clean() {
    let report = check_all_allocation_failures(three_boxes);
    report.assert_clean();
    assert_eq!((report.requests(), report.runs().len()), (3, 2 + 3));
    assert_eq!(report.to_string(), "3 requests, 5 runs: 5 handled");
}

#[cfg(feature = "hashbrown")]
#[test]
fn a_hash_map_is_clean() {
    check_all_allocation_failures(index).assert_clean();
    Failures::new().from_then_on(true).moving(true).shrinks(true).check(index).assert_clean();
}

#[test]
fn each_request_is_refused_once_in_each_pass() {
    let report = Failures::new().from_then_on(true).moving(true).check(three_boxes);
    let mut seen: std::vec::Vec<_> =
        report.runs().iter().map(|run| (run.pass().moving, run.pass().from_then_on, run.request())).collect();
    seen.dedup();
    let requests = [None, Some(1), Some(2), Some(3)];
    let passes = [(false, false), (false, true), (true, false), (true, true)];
    let all = passes.into_iter().flat_map(|(moving, then)| requests.map(|request| (moving, then, request)));
    assert_eq!(seen, all.collect::<std::vec::Vec<_>>());
}

#[test]
fn swallowed() {
    let program = |allocator: &Probe<'_>| {
        let _cache = Box::try_new_in(1, allocator).ok();
        let _value = Box::try_new_in(2, allocator)?;
        Ok::<_, AllocError>(())
    };
    let report = Failures::new().check(program);
    assert_eq!(problems(&report), [(Some(1), Verdict::Swallowed)]);
    assert!(message(&report).ends_with("1 swallowed\n  request 1 refused: swallowed"));
    Failures::new().allow_swallowed(true).check(program).assert_clean();
}

#[test]
fn leaked() {
    // Allowing what is swallowed does not hide a leak.
    let report = Failures::new().allow_swallowed(true).check(|allocator| {
        let first = Box::into_raw(Box::try_new_in(1u64, allocator)?);
        if let Ok(second) = Box::try_new_in(2u64, allocator) {
            // SAFETY: the pointer is a box's of this allocator.
            drop(unsafe { Box::from_raw_in(first, allocator) });
            drop(second);
        }
        Ok::<_, AllocError>(())
    });
    assert_eq!(problems(&report), [(Some(2), Verdict::Leaked)]);
    let leak = report.problems().next().unwrap();
    assert_eq!((leak.blocks_leaked(), leak.bytes_leaked(), leak.requests()), (1, 8, 2));
    assert_eq!(leak.to_string(), "request 2 refused: leaked, 1 blocks of 8 bytes still live");
}

#[test]
fn leaked_unaided() {
    let report = check_all_allocation_failures(|allocator| {
        std::mem::forget(Box::try_new_in(1u64, allocator)?);
        Ok::<_, AllocError>(())
    });
    assert_eq!(problems(&report), [(None, Verdict::Leaked); 2]);
    assert_eq!(report.runs().len(), 3);
}

/// Allocates `n` boxes.
fn boxes(allocator: &Probe<'_>, n: usize) -> Result<(), AllocError> {
    (0..n).try_for_each(|n| Box::try_new_in(n, allocator).map(drop))
}

#[test]
fn nondeterministic_unaided() {
    let runs = Cell::new(0);
    let report = check_all_allocation_failures(|allocator| {
        runs.set(runs.get() + 1);
        boxes(allocator, runs.get())
    });
    assert_eq!(problems(&report), [(None, Verdict::Nondeterministic)]);
    assert_eq!(runs.get(), 2, "nothing to learn from further runs");
    assert!(message(&report).contains("no request refused: nondeterministic, 2 requests instead of 1"));
}

#[test]
fn nondeterministic_later() {
    let runs = Cell::new(0);
    let report = check_all_allocation_failures(|allocator| {
        runs.set(runs.get() + 1);
        boxes(allocator, if runs.get() <= 2 { 3 } else { 1 })
    });
    let expected = [(Some(2), Verdict::Nondeterministic), (Some(3), Verdict::Nondeterministic)];
    assert_eq!(problems(&report), expected);
    assert!(message(&report).contains("request 3 refused: nondeterministic, 1 requests only"));
}

#[test]
fn failed_unaided() {
    let report = check_all_allocation_failures(|allocator| {
        boxes(allocator, 2)?;
        Err::<(), _>(AllocError)
    });
    assert_eq!(problems(&report), [(None, Verdict::FailedUnaided); 2]);
    assert_eq!(report.runs().len(), 2);
}

#[cfg(feature = "std")]
#[test]
fn panicked() {
    let report = check_all_allocation_failures(|allocator| {
        let first = Box::try_new_in(1, allocator)?;
        let second = Box::try_new_in(2, allocator).expect("the second is not handled");
        drop((first, second));
        Ok::<_, AllocError>(())
    });
    assert_eq!(problems(&report), [(Some(2), Verdict::Panicked)]);
    assert_eq!(report.problems().next().unwrap().blocks_leaked(), 0, "unwinding frees the first");
}

#[test]
fn a_program_that_never_allocates_proves_nothing() {
    let report = check_all_allocation_failures(|_| Ok::<_, AllocError>(()));
    assert!(!report.is_clean());
    assert_eq!(problems(&report), []);
    assert!(message(&report).contains("never allocated"));
}

/// Cleans up by allocating, which works only where one request fails and the next succeeds.
#[test]
fn memory_that_stays_gone_shows_more() {
    let program = |allocator: &Probe<'_>| {
        let value = Box::into_raw(Box::try_new_in(1, allocator)?);
        let further = Box::try_new_in(2, allocator);
        let note = if further.is_err() { Some(Box::try_new_in(3, allocator)?) } else { None };
        // SAFETY: the pointer is a box's of this allocator.
        drop(unsafe { Box::from_raw_in(value, allocator) });
        drop(note);
        further.map(drop)
    };
    Failures::new().check(program).assert_clean();
    let report = Failures::new().from_then_on(true).check(program);
    assert_eq!(problems(&report), [(Some(2), Verdict::Leaked)]);
    assert!(message(&report).contains("request 2 and all later ones refused: leaked"));
}

#[test]
fn resizes_move_where_asked() {
    let moved = Cell::new([0; 2]);
    let program = |allocator: &Probe<'_>| {
        let mut numbers = Vec::new_in(allocator);
        for n in 0..100u8 {
            numbers.try_reserve(1)?;
            numbers.push(n);
        }
        assert!(numbers.iter().copied().eq(0..100));
        numbers.truncate(10);
        numbers.shrink_to_fit();
        let counts = allocator.counts();
        moved.set([counts.resized_in_place, counts.resized_moved]);
        Ok::<_, TryReserveError>(())
    };
    let report = Failures::new().moving(true).check(program);
    report.assert_clean();
    // The last run was refused; what ran to the end before was the one without a failure, in which all moved.
    let [in_place, all] = moved.get();
    assert_eq!(in_place, 0);
    // Every request but the first was a growth; and there was a shrink.
    assert_eq!(all, report.requests() - 1 + 1);
}

#[test]
fn shrinks_fail_where_asked() {
    let program = |allocator: &Probe<'_>| {
        let (large, small) = (Layout::new::<[u64; 8]>(), Layout::new::<u64>());
        let block = allocator.allocate(large)?.cast();
        // SAFETY: the block is live with this layout, and shrinks.
        let shrunk = unsafe { allocator.shrink(block, large, small) };
        let (block, layout) = shrunk.map_or((block, large), |block| (block.cast(), small));
        // SAFETY: the block is live with this layout, a failed shrink having left it alone.
        unsafe { allocator.deallocate(block, layout) };
        shrunk.map(drop)
    };
    assert_eq!(Failures::new().check(program).requests(), 1);
    let report = Failures::new().shrinks(true).check(program);
    report.assert_clean();
    assert_eq!(report.requests(), 2);
}

#[test]
fn memory_comes_from_the_base() {
    let base = Counting::new(Global);
    Failures::new().over(&base).check(three_boxes).assert_clean();
    let counts = base.counts();
    // Twice unaided, and what precedes the failing one in each run: 0, 1, 2.
    assert_eq!((counts.allocate, counts.failed, counts.blocks_live), (3 + 3 + 1 + 2, 0, 0));
}
