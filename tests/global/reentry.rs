//! An inner allocator that allocates through the global one, as one does that logs or samples.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};

use arenite::ScopedGlobal;
use arenite::territory::Chained;

/// Notes down each of its calls in memory from whatever allocator the program has.
struct Logging;

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

fn note(what: &str, bytes: usize) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    // What is allocated for this is not noted down, or there would be no end.
    if BUSY.with(|busy| busy.replace(true)) {
        return;
    }
    let _ = LOG.try_with(|log| {
        let mut log = log.borrow_mut();
        if log.len() > 20 {
            log.clear();
        }
        log.push(format!("{what} of {bytes} bytes"));
    });
    BUSY.with(|busy| busy.set(false));
}

// SAFETY: passes on to the system; what it notes down goes its own way.
unsafe impl GlobalAlloc for Logging {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note("alloc", layout.size());
        // SAFETY: the contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note("dealloc", layout.size());
        // SAFETY: the contract is the same.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note("alloc_zeroed", layout.size());
        // SAFETY: the contract is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note("realloc", size);
        // SAFETY: the contract is the same.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static GLOBAL: ScopedGlobal<Chained, Logging> = ScopedGlobal::chained_over(Logging);

fn churn(rounds: usize) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    for round in 0..rounds {
        let mut bytes = vec![round as u8; 1 + round * 37 % 5000];
        bytes.reserve(round * 91 % 9000);
        bytes.resize(10 + round * 53 % 3000, round as u8);
        kept.push(bytes);
        if round % 3 == 0 {
            kept.swap_remove(kept.len() / 2);
        }
    }
    kept
}

fn check(kept: &[Vec<u8>]) {
    assert!(kept.iter().all(|bytes| bytes.iter().all(|byte| byte == &bytes[0])));
}

#[test]
fn a_source_that_allocates_through_its_user() {
    let region = GLOBAL.region();
    let before = CALLS.load(Ordering::Relaxed);
    let inside = region.enter(|| churn(2000));
    let outside = churn(2000);
    check(&inside);
    check(&outside);
    assert!(CALLS.load(Ordering::Relaxed) > before + 100);
    region.enter(|| drop(outside));
    std::thread::spawn(move || drop(inside)).join().unwrap();
    let again = region.enter(|| churn(500));
    check(&again);
    assert!(region.live_bytes() > 0);
}

/// The log is the inner allocator's own business: what it writes while it allocates is not the region's. (What it writes
/// while it frees is: that path does not look where the thread is.)
#[test]
fn what_the_source_allocates_is_not_the_regions() {
    let region = GLOBAL.region();
    let mut made: Vec<Vec<u8>> = Vec::with_capacity(100);
    region.enter(|| (0..100).for_each(|round| made.push(Vec::with_capacity(100_000 + round))));
    assert_eq!(region.live_bytes(), 0);
    drop(made);
    LOG.with_borrow(|log| assert!(log.iter().all(|line| line.contains(" of "))));
}

#[test]
fn threads_with_such_a_source() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                let region = GLOBAL.region();
                let kept = region.enter(|| churn(300));
                drop(region);
                check(&kept);
                kept
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| check(&thread.join().unwrap()));
}
