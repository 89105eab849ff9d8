//! A `ScopedGlobal` over another one: both are asked for all of the program's memory, so there are regions of either.

use std::alloc::{GlobalAlloc, Layout, System};

use arenite::territory::Chained;
use arenite::{Region, RegionError, ScopedGlobal};

/// Passes on to the static below, so that its regions can be had as well.
struct Below;

// SAFETY: passes on to an allocator, all of it.
unsafe impl GlobalAlloc for Below {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the contract is the same.
        unsafe { BELOW.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the contract is the same.
        unsafe { BELOW.dealloc(block, layout) };
    }
}

static BELOW: ScopedGlobal<Chained> = ScopedGlobal::chained_over(System);

#[global_allocator]
static GLOBAL: ScopedGlobal<arenite::territory::Virtual, Below> = ScopedGlobal::over(Below);

fn make() -> Vec<String> {
    (0..1000).map(|number| number.to_string()).collect()
}

fn check(made: &[String]) {
    assert!(made.iter().enumerate().all(|(number, text)| *text == number.to_string()));
}

#[test]
fn both_are_installed() {
    assert!(GLOBAL.try_region().is_ok());
    assert!(BELOW.try_region().is_ok());
    static OTHER: ScopedGlobal<arenite::territory::Virtual, Below> = ScopedGlobal::over(Below);
    assert_eq!(OTHER.try_region().unwrap_err(), RegionError::NotInstalled);
    static LONE: ScopedGlobal = ScopedGlobal::new();
    assert_eq!(LONE.try_region().unwrap_err(), RegionError::NotInstalled);
}

#[test]
fn a_region_serves_whoever_it_belongs_to() {
    let (above, below) = (GLOBAL.region(), BELOW.region());
    let live = |region: &Region| region.live_bytes();
    let first = above.enter(make);
    let of_above = live(&above);
    assert!(of_above > 3000 && live(&below) == 0);
    let second = below.enter(make);
    assert!(live(&below) > 3000 && live(&above) == of_above);
    // The inner one counts.
    let third = above.enter(|| below.enter(make));
    assert!(live(&below) > 6000 && live(&above) == of_above);
    assert!(above.enter(|| GLOBAL.current().is_some() && BELOW.current().is_none()));
    [&first, &second, &third].into_iter().for_each(|made| check(made));
    // Freed anywhere, they go back where they came from.
    below.enter(|| drop(first));
    above.enter(|| drop(second));
    drop(third);
    assert_eq!((live(&above), live(&below)), (0, 0));
}

#[test]
fn what_outlives_its_region_goes_from_thread_to_thread() {
    for _ in 0..20 {
        let kept = [GLOBAL.region().enter(make), BELOW.region().enter(make)];
        let kept = std::thread::spawn(move || {
            let grown = BELOW.region().enter(|| kept.iter().flatten().cloned().collect::<Vec<_>>());
            kept.iter().for_each(|made| check(made));
            grown
        });
        let grown = kept.join().unwrap();
        grown.chunks(1000).for_each(check);
        GLOBAL.region().enter(|| drop(grown));
    }
    GLOBAL.trim();
    BELOW.trim();
}
