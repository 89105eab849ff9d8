//! The cache of ranges and its bounds.

use std::mem;

use arenite::{Arena, Virtual};

#[cfg(all(target_os = "linux", not(arenite_asan)))] // As below.
use super::alone;
use super::process::apart;
use super::{MIB, arena, block};

/// The parts of this process's address space that are reserved and not accessible, or writable, and at least `bytes` long.
#[cfg(all(target_os = "linux", not(arenite_asan)))]
fn mappings(bytes: usize) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is there");
    let long = |line: &&str| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let number = |digits| usize::from_str_radix(digits, 16).ok();
        Some(rest.starts_with("---p") && number(end)? - number(start)? >= bytes)
    };
    maps.lines().filter(|line| long(line) == Some(true)).count()
}

#[test]
fn a_range_is_taken_again_by_an_arena_of_its_kind_alone() {
    let kind = |guard| Arena::<_, 8>::new_in(Virtual::new().reserve(91 * MIB).guard(guard));
    apart(|| {
        Virtual::trim_cache();
        let first = block(&kind(false), 100).as_ptr();
        let guarded = kind(true);
        assert_ne!(block(&guarded, 100).as_ptr(), first);
        assert_eq!(block(&kind(false), 100).as_ptr(), first);
        let both = (kind(false), kind(false));
        assert_eq!(block(&both.0, 100).as_ptr(), first);
        assert_ne!(block(&both.1, 100).as_ptr(), first);
    });
}

#[test]
fn ranges_that_nobody_wants_any_more_make_way() {
    apart(|| {
        Virtual::trim_cache();
        let others: Vec<_> = (0..30).map(|_| Arena::<_, 8>::new_in(Virtual::low_memory())).collect();
        others.iter().for_each(|arena| {
            block(arena, 100);
        });
        drop(others);
        let first = block(&arena(), 100).as_ptr();
        // Whatever is reserved now lies elsewhere.
        let wall: Vec<_> = (0..20).map(|_| Arena::<_, 8>::new_in(Virtual::session())).collect();
        wall.iter().for_each(|arena| {
            block(arena, 100);
        });
        assert_eq!(block(&arena(), 100).as_ptr(), first);
    });
}

#[test]
#[cfg(all(target_os = "linux", not(arenite_asan)))]
fn at_most_sixteen_ranges_are_kept() {
    apart(|| {
        Virtual::trim_cache();
        // Longer than what anybody else reserves.
        let before = mappings(200 << 30);
        let arenas: Vec<_> = (0..40).map(|_| Arena::<_, 8>::new_in(Virtual::session())).collect();
        arenas.iter().for_each(|arena| {
            block(arena, 100);
        });
        assert_eq!(mappings(200 << 30) - before, 40);
        drop(arenas);
        let kept = mappings(200 << 30) - before;
        assert!((12..=16).contains(&kept), "{kept} are kept");
        Virtual::trim_cache();
        assert_eq!(mappings(200 << 30), before);
    });
}

#[test]
#[cfg(all(target_os = "linux", not(arenite_asan)))] // The shadow is memory, too.
fn at_most_so_many_bytes_are_kept() {
    use super::process::resident;
    // By itself: the bound depends on what was in use.
    alone("virtual_memory::cache::at_most_so_many_bytes_are_kept", || {
        for prefault in [false, true] {
            let before = resident();
            let arenas: Vec<_> = (0..5)
                .map(|_| {
                    let bytes = if prefault { 100 * MIB } else { 0 };
                    let arena: Arena<_> = Arena::new_in(Virtual::new().prefault(bytes));
                    block(&arena, if prefault { 100 } else { 100 * MIB });
                    arena
                })
                .collect();
            assert!(resident() >= before + 490 * MIB);
            drop(arenas);
            let kept = resident() - before;
            // A quarter of the peak at most, and two megabytes for each that came when there was so much.
            assert!((64 * MIB..=140 * MIB).contains(&kept), "{kept} bytes are kept, prefault: {prefault}");
            Virtual::trim_cache();
            assert!(resident() <= before + 3 * MIB);
        }
    });
}

#[test]
#[cfg(all(target_os = "linux", not(arenite_asan)))] // As above.
fn threads_that_end_together_keep_no_more() {
    use super::process::resident;
    use std::sync::Barrier;
    apart(|| {
        Virtual::trim_cache();
        let before = resident();
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let arena = arena();
                    block(&arena, 60 * MIB);
                    barrier.wait();
                    drop(arena);
                });
            }
        });
        let kept = resident() - before;
        // A quarter of the peak, which may have been more in another test, and two megabytes for each.
        assert!(kept <= 280 * MIB, "{kept} bytes are kept");
    });
}

#[test]
fn trimming_while_others_work_is_fine() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    Virtual::trim_cache();
                    block(&arena(), 5000);
                }
            });
        }
    });
}

/// Whether a touch of any of these bytes would be reported.
fn is_poisoned(start: *const u8, bytes: usize) -> bool {
    #[cfg(arenite_asan)]
    {
        unsafe extern "C" {
            fn __asan_region_is_poisoned(start: *const u8, bytes: usize) -> *const u8;
        }
        // SAFETY: reads the tool's shadow memory alone; any range of addresses will do.
        !unsafe { __asan_region_is_poisoned(start, bytes) }.is_null()
    }
    #[cfg(not(arenite_asan))]
    {
        let _ = (start, bytes);
        false
    }
}

#[test]
fn a_range_in_the_cache_is_not_poisoned() {
    let kind = || Arena::<_, 8>::new_in(Virtual::new().reserve(77 * MIB));
    apart(|| {
        let arena = kind();
        let start = block(&arena, 100).as_ptr();
        let child = arena.child();
        block(&child, 5000);
        mem::forget(child.child());
        mem::forget(child);
        block(&arena, 3 * MIB);
        assert_eq!(is_poisoned(start, 2 * MIB), cfg!(arenite_asan), "what lies between blocks is");
        drop(arena);
        assert!(!is_poisoned(start, 4 * MIB));
        assert_eq!(block(&kind(), 100).as_ptr(), start, "it was taken from the cache");
        Virtual::trim_cache();
        assert!(!is_poisoned(start, 4 * MIB), "whoever maps something here next may touch it");
    });
}
