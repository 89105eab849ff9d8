//! Code that knows only the global allocator, each of whose requests fails once: outside of regions and within.

#[path = "../it/child_process.rs"]
mod child_process;

use std::cell::Cell;
use std::collections::{HashMap, TryReserveError, VecDeque};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use arenite::ScopedGlobal;
use arenite::testing::failures::{
    Failures, GlobalProbe, Report, Run, Verdict, check_all_global_allocation_failures,
};

#[global_allocator]
static GLOBAL: GlobalProbe<ScopedGlobal> = GlobalProbe::new(ScopedGlobal::new());

/// Code of the standard library's, which has never heard of this crate, in ways that can fail.
fn index(words: &[&str]) -> Result<HashMap<String, VecDeque<usize>>, TryReserveError> {
    let mut index: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (place, word) in words.iter().enumerate() {
        let mut key = String::new();
        key.try_reserve_exact(word.len())?;
        key.push_str(word);
        let mut places = index.remove(&key).unwrap_or_default();
        places.try_reserve(1)?;
        places.push_back(place);
        index.try_reserve(1)?;
        index.insert(key, places);
    }
    Ok(index)
}

const WORDS: [&str; 12] =
    ["sand", "is", "rock", "is", "sand", "grain", "by", "grain", "and", "sand", "again", "sand"];

const THOROUGH: Failures = Failures::new();

fn thorough() -> Failures {
    THOROUGH.from_then_on(true).moving(true)
}

/// A block of `bytes` bytes, or an error.
fn block(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(bytes)?;
    Ok(black_box(block))
}

fn problem(report: &Report) -> Run {
    *report.problems().next().unwrap_or_else(|| panic!("{report}"))
}

#[test]
fn a_program_that_handles_its_failures() {
    let report = thorough().check_global(&GLOBAL, || index(&WORDS));
    report.assert_clean();
    // Each word has a string; each different one has places, too.
    assert!(report.requests() > WORDS.len() + 7, "{report}");
    assert_eq!(report.runs().len(), 4 * (report.requests() + 2));
}

#[test]
fn in_a_region_as_outside() {
    let outside = thorough().check_global(&GLOBAL, || index(&WORDS));
    let region = GLOBAL.inner().region();
    let within = thorough().check_global(&GLOBAL, || region.enter(|| index(&WORDS)));
    within.assert_clean();
    assert_eq!(within.requests(), outside.requests());
    // The region agrees that nothing was left behind, large blocks included.
    assert_eq!(region.live_bytes(), 0);
    let large = check_all_global_allocation_failures(&GLOBAL, || {
        region.enter(|| {
            let mut bytes = block(100)?;
            bytes.try_reserve(100_000)?;
            bytes.try_reserve(300_000)?;
            block(10).map(|_| bytes)
        })
    });
    large.assert_clean();
    assert_eq!((large.requests(), region.live_bytes()), (4, 0));
    // All within one entry.
    let inside = region.enter(|| thorough().check_global(&GLOBAL, || index(&WORDS)));
    inside.assert_clean();
    drop(inside);
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn a_program_that_leaks_when_it_fails() {
    let region = GLOBAL.inner().region();
    let report = check_all_global_allocation_failures(&GLOBAL, || {
        region.enter(|| {
            let first = std::mem::ManuallyDrop::new(block(100)?);
            let second = block(200)?;
            drop(std::mem::ManuallyDrop::into_inner(first));
            Ok::<_, TryReserveError>(second)
        })
    });
    let run = problem(&report);
    assert_eq!((run.request(), run.verdict()), (Some(2), Verdict::Leaked), "{report}");
    assert_eq!((run.blocks_leaked(), run.bytes_leaked()), (1, 100));
    assert_eq!(report.problems().count(), 1);
    // The region has it still, rounded.
    assert!((100..200).contains(&region.live_bytes()));
}

#[test]
fn a_program_that_swallows_a_failure() {
    let report = check_all_global_allocation_failures(&GLOBAL, || {
        _ = block(10);
        block(20)
    });
    let run = problem(&report);
    assert_eq!((run.request(), run.verdict()), (Some(1), Verdict::Swallowed));
    Failures::new().allow_swallowed(true).check_global(&GLOBAL, || block(10).or(block(5))).assert_clean();
}

#[test]
fn a_program_that_panics() {
    let report = check_all_global_allocation_failures(&GLOBAL, || {
        let first = block(10)?;
        let second = block(20).expect("there is always memory");
        Ok::<_, TryReserveError>((first, second))
    });
    let run = problem(&report);
    assert_eq!((run.request(), run.verdict()), (Some(2), Verdict::Panicked), "{report}");
    // Even if everything is refused from then on: a panic allocates.
    let report = Failures::new().from_then_on(true).check_global(&GLOBAL, || {
        block(20).unwrap();
        Ok::<_, TryReserveError>(())
    });
    assert!(report.problems().all(|run| run.verdict() == Verdict::Panicked), "{report}");
    assert_eq!(report.problems().count(), 2);
}

#[test]
fn a_program_that_is_not_the_same_each_time() {
    let runs = Cell::new(0);
    let report = check_all_global_allocation_failures(&GLOBAL, || {
        runs.set(runs.get() + 1);
        (0..runs.get()).try_for_each(|_| block(8).map(drop))
    });
    assert_eq!(problem(&report).verdict(), Verdict::Nondeterministic, "{report}");
}

/// A program that keeps a pointer across a resize reads junk, if resizes move.
#[test]
fn resizes_that_move() {
    let stays = |moving| {
        let same = Cell::new(0);
        let report = Failures::new().moving(moving).check_global(&GLOBAL, || {
            let mut block = block(64)?;
            block.extend([7; 64]);
            let before = block.as_ptr().addr();
            block.try_reserve_exact(1)?;
            same.set(same.get() + usize::from(block.as_ptr().addr() == before));
            assert!(block.iter().all(|&byte| byte == 7));
            Ok::<_, TryReserveError>(block)
        });
        report.assert_clean();
        assert_eq!(report.requests(), 2);
        (report.runs().iter().filter(|run| run.pass().moving).count(), same.get())
    };
    let (moving, _) = stays(true);
    assert_eq!(moving, 4);
    assert_eq!(stays(false).0, 0);
}

#[test]
fn shrinks_fail_if_they_are_told_to() {
    let program = || {
        let mut block = block(100)?;
        block.push(1);
        Ok::<_, TryReserveError>(block.into_iter().map(u32::from).sum::<u32>())
    };
    let report = Failures::new().shrinks(true).check_global(&GLOBAL, program);
    report.assert_clean();
    assert_eq!(report.requests(), 1);
}

/// What was there before is not the program's, whether it frees or resizes it.
#[test]
fn blocks_from_before_do_not_count() {
    let mut given: Vec<Vec<u8>> = (1..100).map(|size| vec![1; size]).collect();
    let report = check_all_global_allocation_failures(&GLOBAL, || {
        let mut block = block(50)?;
        if let Some(mut old) = given.pop() {
            old.try_reserve(1000)?;
            block = old;
        }
        Ok::<_, TryReserveError>(block)
    });
    report.assert_clean();
    assert_eq!(report.requests(), 2);
    // In the run in which the first request is refused, none is taken.
    assert_eq!(given.len(), 99 - 4);
}

/// Other threads go on undisturbed, and what they ask for does not count.
#[test]
fn other_threads_are_left_alone() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let other = std::thread::spawn(|| {
        let mut rounds = 0_u64;
        while !STOP.load(Ordering::Relaxed) || rounds < 100 {
            black_box(vec![1_u8; 100]);
            black_box(Box::new(rounds));
            rounds += 1;
        }
        rounds
    });
    for _ in 0..20 {
        let report = thorough().check_global(&GLOBAL, || index(&WORDS));
        report.assert_clean();
    }
    STOP.store(true, Ordering::Relaxed);
    assert!(other.join().unwrap() >= 100);
}

/// An allocator that is not installed hears of nothing.
#[test]
fn not_installed() {
    static OTHER: GlobalProbe = GlobalProbe::system();
    let report = check_all_global_allocation_failures(&OTHER, || block(10));
    assert_eq!(report.requests(), 0);
    assert!(!report.is_clean());
    assert!(report.to_string().contains("never allocated from the allocator"), "{report}");
}

#[test]
fn ways_that_cannot_fail_end_the_process() {
    let program = || {
        _ = check_all_global_allocation_failures(&GLOBAL, || {
            Ok::<_, TryReserveError>(black_box(vec![1; 100]))
        });
        println!("came back");
    };
    child_process::expect("ways_that_cannot_fail_end_the_process", program, |ended| {
        assert!(!ended.success && !ended.text.contains("came back"), "{}", ended.text);
        assert!(ended.text.contains("memory allocation of 400 bytes failed"), "{}", ended.text);
    });
}

/// Runs that a library which switches stacks leaves in another order than that in which they began: the watch of one that
/// has ended must not become this thread's.
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86")))]
#[test]
fn runs_that_end_out_of_order_end_the_process() {
    use corosensei::{Coroutine, Yielder};

    /// Waits inside of a watched run.
    fn suspended() -> Coroutine<(), (), ()> {
        let mut coroutine = Coroutine::new(|yielder: &Yielder<(), ()>, ()| {
            let mut runs = 0;
            _ = check_all_global_allocation_failures(&GLOBAL, || {
                runs += 1;
                if runs == 2 {
                    yielder.suspend(());
                }
                block(10)
            });
        });
        _ = coroutine.resume(());
        coroutine
    }

    let (mut first, mut second) = (suspended(), suspended());
    (_, _) = (second.resume(()), first.resume(()));
    assert!(first.done() && second.done(), "in order, both come to their end");

    let program = || {
        let (mut first, mut second) = (suspended(), suspended());
        (_, _) = (first.resume(()), second.resume(()));
        println!("came back");
    };
    child_process::expect("runs_that_end_out_of_order_end_the_process", program, |ended| {
        assert!(!ended.success && !ended.text.contains("came back"), "{}", ended.text);
        assert!(ended.text.contains("ended in another order"), "{}", ended.text);
        assert!(!ended.text.contains("panicked"), "{}", ended.text);
    });
}

/// An arena in reserved memory may lie below the global allocator: a request of its own to that one would wait for itself.
// A memory tool takes more address space than that.
#[test]
#[cfg(all(unix, not(arenite_asan)))]
fn reserved_memory_needs_no_other() {
    use arenite::{Arena, ResetMode, Virtual};
    // The limit is that of a process.
    child_process::alone("reserved_memory_needs_no_other", || {
        // A limit, far away, so that how much is left of it is looked up.
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is valid for writes.
        assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) }, 0);
        limit.rlim_cur = limit.rlim_cur.min(1 << 44);
        // SAFETY: `limit` is valid for reads.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
        let all: [fn() -> Virtual; 3] = [
            Virtual::new,
            || Virtual::new().reserve(64 << 10),
            || Virtual::new().reserve(64 << 10).prefault(8 << 10).guard(true),
        ];
        for options in all {
            let report = Failures::new().check_global(&GLOBAL, || {
                Virtual::trim_cache();
                let mut arena: Arena<_> = Arena::new_in(options());
                for mode in
                    [ResetMode::Retain, ResetMode::Decay, ResetMode::RetainLimit(100_000), ResetMode::FreeAll]
                {
                    // Several ranges, some of which are full.
                    for bytes in [1000, 50_000, 60_000, 200_000, 10, 64 << 10] {
                        black_box(arena.alloc_slice_fill_copy(bytes, 1_u8));
                        arena.scope(|inner| {
                            black_box(inner.alloc_slice_fill_copy(bytes, 2_u8));
                        });
                    }
                    // What cannot be had, and why.
                    black_box(arena.try_alloc_slice_fill_copy(1 << 46, 1_u8).is_err());
                    black_box(arena.cause());
                    black_box(arena.stats());
                    arena.reset_with(mode);
                }
                drop(arena);
                Virtual::trim_cache();
                Ok::<_, TryReserveError>(())
            });
            assert_eq!(report.requests(), 0, "{report}");
        }
    });
}
