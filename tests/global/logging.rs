//! A global allocator that logs, and loggers that hold a lock while they allocate, as most do. Each program has a logger of its
//! own, and so a process of its own.

#![cfg(not(miri))]

#[path = "../it/child_process.rs"]
mod child_process;

use std::alloc::System;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arenite::wrap::{Logging, QuietLogger, unobserved};
use log::{LevelFilter, Log, Metadata, Record};

#[global_allocator]
static GLOBAL: Logging<System> = Logging::new(System);

/// Keeps lines under a lock.
struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut lines = self.0.lock().unwrap();
        lines.push(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

impl Lines {
    const fn new() -> Self {
        Lines(Mutex::new(Vec::new()))
    }

    /// What was logged, by the allocator and by the program.
    fn taken(&self) -> (Vec<String>, Vec<String>) {
        log::set_max_level(LevelFilter::Off);
        self.0.lock().unwrap().drain(..).partition(|line| line.starts_with("arenite::wrap "))
    }
}

/// Runs a program that must come to its end: if a thread waits for itself, the process is ended.
fn run(test: &str, program: impl FnOnce()) {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    let watched = || {
        std::thread::spawn(|| {
            WATCHED.store(true, Ordering::Release);
            std::thread::sleep(Duration::from_secs(10));
            std::process::abort();
        });
        // From now on that thread allocates nothing, so it cannot be caught in what it watches.
        while !WATCHED.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        program();
    };
    child_process::expect(test, watched, |ended| assert!(ended.success, "{}", ended.text));
}

/// Logs lines, some of them made of what is allocated meanwhile, and allocates between them.
fn work() {
    for number in 0..10 {
        log::info!("{} of {}", number, black_box(String::from("10")));
        drop(black_box(Box::new(number)));
    }
}

#[test]
fn a_logger_that_nobody_keeps_quiet_is_not_called_by_the_allocator() {
    static LINES: Lines = Lines::new();
    run("a_logger_that_nobody_keeps_quiet_is_not_called_by_the_allocator", || {
        log::set_logger(&LINES).unwrap();
        log::set_max_level(LevelFilter::Trace);
        work();
        let (ours, theirs) = LINES.taken();
        assert_eq!((ours, theirs.len()), (vec![], 10));
    });
}

#[test]
fn what_is_allocated_while_logging_goes_unlogged_whoever_logs() {
    static LINES: QuietLogger<Lines> = QuietLogger::new(Lines::new());
    run("what_is_allocated_while_logging_goes_unlogged_whoever_logs", || {
        LINES.install().unwrap();
        log::set_max_level(LevelFilter::Trace);
        drop(black_box(Box::new([1_u8; 77])));
        let (ours, theirs) = LINES.inner().taken();
        assert_eq!((ours.len(), theirs.len()), (2, 0), "one block, made and freed: {ours:?}");
        assert!(ours[0].contains("allocated 77 bytes") && ours[1].contains("freed 77 bytes"), "{ours:?}");
        log::set_max_level(LevelFilter::Trace);
        work();
        let (ours, theirs) = LINES.inner().taken();
        assert_eq!(theirs.len(), 10);
        // For each line: the text that the program made for it and freed, and the box.
        assert_eq!(ours.len(), 40, "{ours:?}");
        assert!(LINES.install().is_err(), "there is one already");
    });
}

#[test]
fn many_threads_log_and_allocate_at_once() {
    static LINES: QuietLogger<Lines> = QuietLogger::new(Lines::new());
    run("many_threads_log_and_allocate_at_once", || {
        LINES.install().unwrap();
        log::set_max_level(LevelFilter::Trace);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| work()));
            }
        });
        let (ours, theirs) = LINES.inner().taken();
        assert_eq!(theirs.len(), 800);
        assert!(ours.len() >= 800 * 4);
    });
}

#[test]
fn a_panic_in_a_logger_leaves_its_thread_observed() {
    struct Angry;

    impl Log for Angry {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &Record<'_>) {
            assert_ne!(record.target(), "angry", "a line that this logger cannot bear");
            LINES.log(record);
        }
        fn flush(&self) {}
    }

    static LINES: Lines = Lines::new();
    static LOGGER: QuietLogger<Angry> = QuietLogger::new(Angry);
    run("a_panic_in_a_logger_leaves_its_thread_observed", || {
        LOGGER.install().unwrap();
        log::set_max_level(LevelFilter::Info);
        std::panic::catch_unwind(|| log::info!(target: "angry", "away")).unwrap_err();
        log::set_max_level(LevelFilter::Trace);
        drop(black_box(Box::new([1_u8; 77])));
        unobserved(|| drop(black_box(Box::new([1_u8; 78]))));
        let (ours, _) = LINES.taken();
        assert_eq!(ours.len(), 2, "{ours:?}");
    });
}
