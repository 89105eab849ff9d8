//! What the standard library keeps for ever when something is first used, and that it does so once.
//!
//! Each in a process of its own: a first use is only once.

use std::collections::HashMap;
use std::io::Write;

use crate::{GLOBAL, child_process};

/// Runs `what` twice in regions: the first may keep `first` bytes, the second nothing.
fn keeps(test: &str, first: usize, what: impl Fn()) {
    child_process::alone(&format!("census::{test}"), || {
        let kept = || {
            let region = GLOBAL.region();
            region.enter(&what);
            let kept = region.live_bytes() + region.stats().large;
            // What was kept is the library's: it must stay valid.
            drop(region);
            kept
        };
        let (once, again) = (kept(), kept());
        println!("the first use keeps {once} bytes, the second {again}");
        assert!(once <= first, "the first use keeps {once} bytes instead of {first} at most");
        assert_eq!(again, 0, "the second use keeps something again");
    });
}

#[test]
fn collections_and_text() {
    keeps("collections_and_text", 0, || {
        let text = format!("{:?} {:e}", vec![1.5, 2.5], 1e300);
        let map: HashMap<&str, usize> = text.split(' ').map(|word| (word, word.len())).collect();
        assert!(!map.is_empty());
        let mut sorted: Vec<_> = map.into_iter().collect();
        sorted.sort();
    });
}

#[test]
fn standard_output() {
    // The line buffer; the test harness does not capture what goes there directly.
    keeps("standard_output", 1024, || {
        writeln!(std::io::stdout(), "printed from a region").unwrap();
        writeln!(std::io::stderr(), "so was this").unwrap();
    });
}

#[test]
fn the_environment_and_time() {
    keeps("the_environment_and_time", 0, || {
        assert!(std::env::vars_os().count() > 0);
        let _ = std::env::current_dir();
        let _ = std::time::Instant::now().elapsed();
        let _ = std::thread::available_parallelism();
    });
}

#[test]
fn threads() {
    keeps("threads", 0, || {
        std::thread::Builder::new()
            .name("named".into())
            .spawn(|| vec![1; 100].len())
            .unwrap()
            .join()
            .unwrap();
    });
}

#[test]
fn channels_and_locks() {
    keeps("channels_and_locks", 0, || {
        let (to, from) = std::sync::mpsc::channel();
        to.send(vec![1; 100]).unwrap();
        drop(to);
        assert_eq!(from.iter().count(), 1);
        let lock = std::sync::Arc::new((std::sync::Mutex::new(0), std::sync::Condvar::new()));
        *lock.0.lock().unwrap() += 1;
    });
}

#[test]
fn a_panic() {
    // What reports it is kept outside by `panic_outside`, but for what the thread keeps.
    keeps("a_panic", 4096, || {
        assert!(std::panic::catch_unwind(|| panic!("meant")).is_err());
    });
}

/// The symbols of one backtrace are kept for the next: megabytes, on which the program's size has its say.
#[test]
fn a_backtrace() {
    keeps("a_backtrace", 256 << 20, || {
        assert!(!std::backtrace::Backtrace::force_capture().to_string().is_empty());
    });
}

/// With a backtrace, whose symbols are kept for the next one: megabytes.
#[test]
fn a_panic_with_a_backtrace() {
    let program = || {
        GLOBAL.panic_outside();
        let region = GLOBAL.region();
        for _ in 0..2 {
            region.enter(|| {
                let trace = GLOBAL.outside(|| std::backtrace::Backtrace::force_capture().to_string());
                assert!(!trace.is_empty());
                assert!(std::panic::catch_unwind(|| panic!("meant")).is_err());
            });
            assert_eq!(region.live_bytes() + region.stats().large, 0, "{}", region.stats());
        }
    };
    child_process::alone("census::a_panic_with_a_backtrace", program);
}

/// After `warm_up` none of it is the first use.
#[test]
fn warmed_up() {
    child_process::alone("census::warmed_up", || {
        GLOBAL.warm_up();
        let region = GLOBAL.region();
        region.enter(|| {
            writeln!(std::io::stdout(), "printed from a region").unwrap();
            let _: HashMap<u8, u8> = HashMap::new();
            let _ = std::thread::current().id();
            let _ = std::env::var("HOME");
        });
        assert_eq!(region.live_bytes() + region.stats().large, 0, "{}", region.stats());
    });
}
