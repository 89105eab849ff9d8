//! An allocator and a test harness for suites that know nothing of regions. The compiler is told to link this to them, and
//! to call [`run`] instead of its own harness: no line of theirs is changed.
//!
//! Two environment variables say what to do. `WHOLE_MAIN` is `one`, for all of `main` and every test on one thread in one
//! region, or `each`, for a region around each test of the standard harness, which starts a thread for each, and
//! one around the harness itself. `WHOLE_MAIN_PEAK` is a file to which the peak of resident memory is written.

#![feature(test)]

extern crate test;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;

use mimalloc::MiMalloc;
use test::{ShouldPanic, TestDescAndFn, TestFn};

#[cfg(feature = "regions")]
#[global_allocator]
static GLOBAL: arenite::ScopedGlobal<arenite::territory::Virtual, MiMalloc> =
    arenite::ScopedGlobal::over(MiMalloc);
#[cfg(not(feature = "regions"))]
#[global_allocator]
static GLOBAL: MiMalloc = MiMalloc;

/// In a region, if there are any.
fn within<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "regions")]
    return GLOBAL.region().enter(work);
    #[cfg(not(feature = "regions"))]
    work()
}

/// Writes the peak of resident memory, in KiB, as the last thing that the process does.
extern "C" fn write_peak() {
    let Some(path) = env::var_os("WHOLE_MAIN_PEAK") else { return };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("").trim();
    let _ = std::fs::write(path, peak.trim_end_matches(" kB"));
}

/// What the compiler calls with all tests of a suite.
pub fn run(tests: &[&TestDescAndFn]) {
    // SAFETY: a function that may be called when the process ends.
    let registered = unsafe { libc::atexit(write_peak) };
    assert_eq!(registered, 0, "there is room for one more");
    within(|| match env::var("WHOLE_MAIN").as_deref() {
        Ok("one") => one_after_the_other(tests),
        Ok("each") => each_in_a_region(tests),
        _ => panic!("run me by .ci/whole-main"),
    });
}

/// All on this thread, in the region that it is in.
fn one_after_the_other(tests: &[&TestDescAndFn]) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let skipped = |name: &str| arguments.chunks(2).any(|pair| pair[0] == "--skip" && name.contains(&pair[1]));
    let mut failed = false;
    for test in tests.iter().filter(|test| !skipped(test.desc.name.as_slice())) {
        let verdict = match test.testfn {
            _ if test.desc.ignore => "ignored",
            TestFn::StaticTestFn(body) => {
                let outcome = catch_unwind(AssertUnwindSafe(body));
                let passed = match test.desc.should_panic {
                    ShouldPanic::No => matches!(outcome, Ok(Ok(()))),
                    ShouldPanic::Yes | ShouldPanic::YesWithMessage(_) => outcome.is_err(),
                };
                failed |= !passed;
                if passed { "ok" } else { "FAILED" }
            }
            // Measures something.
            _ => continue,
        };
        println!("test {} ... {verdict}", test.desc.name.as_slice());
    }
    if failed {
        exit(101);
    }
}

/// By the standard harness, each on a thread and in a region of its own.
fn each_in_a_region(tests: &[&TestDescAndFn]) {
    let enclosed = tests.iter().filter_map(|test| {
        let TestFn::StaticTestFn(body) = test.testfn else { return None };
        let testfn = TestFn::DynTestFn(Box::new(move || within(body)));
        Some(TestDescAndFn { desc: test.desc.clone(), testfn })
    });
    test::test_main(&env::args().collect::<Vec<_>>(), enclosed.collect(), None);
}
