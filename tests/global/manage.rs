//! What a program does with the allocator now and then.

use arenite::RegionError;

#[cfg(not(arenite_zeal))]
use crate::rounds::rounds;
use crate::{GLOBAL, child_process};

// In zeal builds a block is smaller than a page.
#[test]
#[cfg(not(arenite_zeal))]
fn memory_that_nobody_uses_goes_back_to_the_system() {
    let region = GLOBAL.region();
    let kept = region.enter(|| (0..rounds(20_000)).map(|n| format!("{n:0>100}")).collect::<Vec<_>>());
    drop(region);
    drop(kept);
    // Other tests may take some of the blocks before they are given back, but not all.
    let given_back = GLOBAL.trim();
    let stats = GLOBAL.stats();
    // Segments are the inner allocator's.
    let least = if stats.territory == "chained" { 0 } else { rounds(1 << 20) };
    assert!(given_back >= least, "{given_back} bytes\n{stats}");
    assert!(stats.free > 0 && stats.territory_bytes >= stats.free, "{stats}");
    // And is zero when it is taken again.
    let region = GLOBAL.region();
    for _ in 0..rounds(1000) {
        let zeroed = region.enter(|| vec![0_u64; 100]);
        assert_eq!(zeroed, [0; 100]);
    }
}

#[test]
fn what_is_made_outside_stays_out() {
    GLOBAL.warm_up();
    let region = GLOBAL.region();
    region.enter(|| {
        let outside = GLOBAL.outside(|| vec![1_u8; 100]);
        assert_eq!(region.live_bytes(), 0);
        let inside = outside.clone();
        // Rounded up, and with a gap behind it for AddressSanitizer.
        assert!((104..=112).contains(&region.live_bytes()));
        drop((inside, outside));
    });
    assert_eq!(region.live_bytes(), 0);
}

/// In a process of its own: a first use is only once.
#[test]
fn what_was_warmed_up_is_no_regions() {
    child_process::alone("manage::what_was_warmed_up_is_no_regions", || {
        GLOBAL.warm_up();
        let region = GLOBAL.region();
        region.enter(|| {
            drop((std::io::stdin().lock(), std::io::stdout().lock(), std::io::stderr().lock()));
            drop(std::collections::HashMap::from([(1, 2)]));
        });
        assert_eq!((region.live_bytes(), region.stats().large), (0, 0), "{}", region.stats());
    });
}

/// In a process of its own, whose panics are reported by a hook that keeps something.
#[test]
fn what_a_panic_hook_keeps_is_no_regions() {
    #[allow(clippy::vec_box, reason = "each is to be a block of the region")]
    static KEPT: std::sync::Mutex<Vec<Box<[u8; 64]>>> = std::sync::Mutex::new(Vec::new());

    child_process::alone("manage::what_a_panic_hook_keeps_is_no_regions", || {
        let kept = || KEPT.lock().map_or(0, |kept| kept.len());
        KEPT.lock().unwrap().reserve(20);
        std::panic::set_hook(Box::new(|_| {
            if let Ok(mut kept) = KEPT.lock() {
                kept.push(Box::new([1; 64]));
            }
        }));
        let region = GLOBAL.region();
        let panics = || drop(region.enter(|| std::panic::catch_unwind(|| panic!("on purpose"))));
        panics();
        assert!(region.live_bytes() >= 64 && kept() == 1, "a hook runs in the region that panics");
        let before = region.live_bytes();
        GLOBAL.panic_outside();
        (0..10).for_each(|_| panics());
        assert_eq!((region.live_bytes(), kept()), (before, 11));
    });
}

#[test]
fn a_static_that_is_not_installed_says_so() {
    static OTHER: arenite::ScopedGlobal = arenite::ScopedGlobal::new();
    let error = OTHER.try_region().unwrap_err();
    assert_eq!(error, RegionError::NotInstalled);
    assert!(error.to_string().contains("#[global_allocator]"));
    // Nor is its handle anybody's.
    assert!(GLOBAL.region().enter(|| OTHER.current().is_none()));
}

#[test]
fn an_allocator_that_is_not_installed_works_all_the_same() {
    use std::alloc::{GlobalAlloc, Layout};
    static OTHER: arenite::ScopedGlobal = arenite::ScopedGlobal::new();
    let layout = Layout::new::<[u64; 4]>();
    let region = GLOBAL.region();
    // SAFETY: the layout is not of size zero.
    let block = region.enter(|| unsafe { OTHER.alloc(layout) });
    assert!(!block.is_null());
    assert_eq!(region.live_bytes(), 0);
    // SAFETY: from this allocator, with this layout.
    unsafe { OTHER.dealloc(block, layout) };
}
