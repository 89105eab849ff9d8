//! What concerns the whole process: fork, address space that runs out, the end.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use arenite::RegionError;

use crate::{GLOBAL, child_process};

fn succeeds(test: &str, program: impl FnOnce()) {
    child_process::alone(&format!("process::{test}"), program);
}

/// While other threads allocate in regions, a child is made again and again, and does the same.
#[test]
fn a_child_of_fork_goes_on() {
    succeeds("a_child_of_fork_goes_on", || {
        static STOP: AtomicBool = AtomicBool::new(false);
        let region = GLOBAL.region();
        let kept = region.enter(|| (0..1000).map(|number| number.to_string()).collect::<Vec<_>>());
        let workers: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(|| {
                    while !STOP.load(Ordering::Relaxed) {
                        let region = GLOBAL.region();
                        let made = region.enter(|| vec![vec![1_u8; 100]; 300]);
                        drop(region);
                        drop(made);
                    }
                })
            })
            .collect();
        for _ in 0..20 {
            // SAFETY: the child calls nothing but the allocator, whose inner one is ready after a fork, and `_exit`.
            let child = unsafe { libc::fork() };
            assert!(child >= 0);
            if child == 0 {
                let right = kept.iter().enumerate().all(|(number, text)| *text == number.to_string());
                let mut sum = 0;
                for _ in 0..5 {
                    let other = GLOBAL.region();
                    let made = other.enter(|| vec![vec![2_u8; 100]; 300]);
                    sum += region.enter(|| made.clone()).len();
                    drop(other);
                    drop(made);
                }
                // SAFETY: ends the process, and runs nothing of the parent's.
                unsafe { libc::_exit(if right && sum == 1500 { 0 } else { 1 }) };
            }
            let mut status = 0;
            // SAFETY: our own child, and a place for its status.
            let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!((waited, status), (child, 0));
        }
        STOP.store(true, Ordering::Relaxed);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

/// Without address space there is no region, and the program goes on.
#[test]
fn no_address_space() {
    if cfg!(arenite_asan) {
        // The sanitizer has its own idea of address space.
        return;
    }
    succeeds("no_address_space", || {
        let mapped: usize = fs::read_to_string("/proc/self/statm")
            .ok()
            .and_then(|text| text.split(' ').next()?.parse().ok())
            .unwrap_or(1 << 14);
        let bytes = (mapped * 4096 + (24 << 20)) as libc::rlim_t;
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
        // SAFETY: a limit of this process alone.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
        let error = GLOBAL.try_region().unwrap_err();
        assert!(matches!(error, RegionError::NoAddressSpace { .. }), "{error}");
        assert!(error.to_string().contains("address space"), "{error}");
        // It goes on, and may try again.
        let numbers: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        assert_eq!(numbers[999], "999");
        assert!(GLOBAL.try_region().is_err() && GLOBAL.current().is_none());
        assert_eq!(GLOBAL.stats().territory_bytes, 0);
        assert_eq!(GLOBAL.trim(), 0);
        assert_eq!(GLOBAL.outside(|| 7), 7);
    });
}

/// With some address space there are regions in it; when it is full, the inner allocator takes over.
#[test]
fn little_address_space() {
    if cfg!(arenite_asan) {
        return;
    }
    succeeds("little_address_space", || {
        let bytes = 1 << 30;
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
        // SAFETY: a limit of this process alone.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
        let region = GLOBAL.region();
        let made = region.enter(|| (0..300_000).map(|n| Box::new([n; 8])).collect::<Vec<_>>());
        assert!(region.live_bytes() > 8 << 20, "{}", region.stats());
        assert!(made.iter().enumerate().all(|(n, numbers)| numbers.iter().all(|&number| number == n)));
        drop(made);
        assert_eq!(region.live_bytes(), 0);
    });
}

/// The process ends inside of a region, while others run; what is registered to run last allocates and frees.
#[test]
fn the_end_of_a_process() {
    succeeds("the_end_of_a_process", || {
        extern "C" fn last() {
            let made: Vec<String> = (0..100).map(|number| number.to_string()).collect();
            let region = GLOBAL.region();
            let more = region.enter(|| made.clone());
            assert_eq!(made, more);
        }
        // SAFETY: a function that may be called at any time.
        assert_eq!(unsafe { libc::atexit(last) }, 0);
        let region = Box::leak(Box::new(GLOBAL.region()));
        thread::spawn(|| {
            let region = GLOBAL.region();
            loop {
                region.enter(|| drop(vec![vec![1_u8; 10]; 100]));
            }
        });
        let kept = region.enter(|| vec![1_u8; 100]);
        region.enter(|| {
            let _ = std::io::stdout().flush();
            drop(kept);
            std::process::exit(0);
        });
    });
}

/// A leak check, which `.ci/asan` has in this process, finds what a region leads to, and finds nothing that is not lost.
#[test]
fn what_a_region_leads_to_is_not_lost() {
    let test = "process::what_a_region_leads_to_is_not_lost";
    let options = std::env::var("ASAN_OPTIONS").unwrap_or_default() + ":detect_leaks=1";
    let program = || {
        static TABLE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        // Each is the inner allocator's, as it is large; the table, which leads to them, is small enough to be the region's.
        GLOBAL.region().enter(|| TABLE.set((0..50).map(|n| vec![n; 10_000]).collect()).unwrap());
        assert!(TABLE.get().unwrap().iter().enumerate().all(|(n, bytes)| usize::from(bytes[9_999]) == n));
    };
    child_process::expect_with(test, ("ASAN_OPTIONS", &options), program, |ended| {
        assert!(ended.success, "{}", ended.text);
    });
}
