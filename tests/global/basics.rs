//! What a user sees first.

use std::collections::{BTreeMap, HashMap};

use crate::GLOBAL;
use crate::rounds::rounds;

/// What is left free behind every block, for AddressSanitizer to find overruns.
pub(crate) const GAP: usize = if cfg!(any(arenite_asan, arenite_memcheck)) { 8 } else { 0 };

fn strings(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("string number {number}")).collect()
}

#[test]
fn everything_inside_comes_from_the_region() {
    let region = GLOBAL.region();
    assert_eq!(region.live_bytes(), 0);
    let made = region.enter(|| strings(100));
    // The buffer of the vector, too: it is not large.
    assert!(region.live_bytes() >= 100 * 16, "{}", region.live_bytes());
    assert!(made.iter().enumerate().all(|(number, string)| *string == format!("string number {number}")));
    drop(made);
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn what_outlives_its_region_stays_valid() {
    let made = GLOBAL.region().enter(|| strings(rounds(10_000)));
    for _ in 0..10 {
        let others = GLOBAL.region().enter(|| strings(rounds(10_000)));
        assert_eq!(others, made);
    }
    assert_eq!(made, strings(rounds(10_000)));
}

#[test]
fn regions_nest_and_are_restored() {
    let (outer, inner) = (GLOBAL.region(), GLOBAL.region());
    outer.enter(|| {
        let first = vec![1_u64; 5];
        inner.enter(|| {
            let second = vec![2_u64; 10];
            outer.enter(|| drop(first));
            assert_eq!(inner.live_bytes(), 80 + GAP);
            drop(second);
        });
        let third = vec![3_u64; 5];
        assert_eq!(outer.live_bytes(), 40 + GAP);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            inner.enter(|| std::panic::resume_unwind(Box::new(7_u64)));
        }));
        assert!(panicked.is_err());
        let fourth = vec![4_u64; 10];
        assert!(outer.live_bytes() >= 40 + 80);
        drop((third, fourth));
    });
    assert_eq!(inner.live_bytes(), 0);
}

#[test]
fn collections_of_every_kind() {
    let region = GLOBAL.region();
    for round in 0..20 {
        region.enter(|| {
            let map: HashMap<String, Vec<usize>> =
                strings(500).into_iter().map(|name| (name, (0..round).collect())).collect();
            let tree: BTreeMap<usize, String> = strings(2000).into_iter().enumerate().collect();
            assert_eq!(map.len(), 500);
            assert_eq!(tree[&1999], "string number 1999");
            assert!(map.values().all(|numbers| numbers.len() == round));
        });
        assert_eq!(region.live_bytes(), 0);
    }
}

#[test]
fn other_threads_free_what_a_region_made() {
    let region = GLOBAL.region();
    for _ in 0..rounds(50) {
        let made = region.enter(|| strings(rounds(1000)));
        std::thread::spawn(move || drop(made)).join().unwrap();
        assert_eq!(region.live_bytes(), 0);
    }
    assert!(
        region.stats().blocks < if cfg!(any(arenite_zeal, miri)) { 640 } else { 40 },
        "{}",
        region.stats()
    );
}

#[test]
fn regions_go_to_other_threads() {
    let region = GLOBAL.region();
    let kept = region.enter(|| strings(100));
    let (region, more) = std::thread::spawn(move || {
        let more = region.enter(|| strings(200));
        (region, more)
    })
    .join()
    .unwrap();
    assert_eq!(kept[..], more[..100]);
    drop(kept);
    drop(region);
    assert_eq!(more, strings(200));
}

#[test]
fn alignment_and_size_of_every_kind() {
    use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
    let region = GLOBAL.region();
    region.enter(|| {
        let mut blocks = Vec::new();
        for shift in 0..=21 {
            for size in [1, 7, 8, 9, 100, 2047, 2048, 2049, rounds(5000), rounds(100_000)] {
                let layout = Layout::from_size_align(size, 1 << shift).unwrap();
                for zeroed in [false, true] {
                    let allocate = if zeroed { alloc_zeroed } else { alloc };
                    // SAFETY: the size is not zero.
                    let block = unsafe { allocate(layout) };
                    assert!(!block.is_null());
                    assert_eq!(block.addr() % layout.align(), 0);
                    // SAFETY: as long as the layout says.
                    let bytes = unsafe { std::slice::from_raw_parts_mut(block, size) };
                    assert!(!zeroed || bytes.iter().all(|&byte| byte == 0));
                    bytes.fill(0xEE);
                    blocks.push((block, layout));
                }
            }
        }
        for (block, layout) in blocks {
            // SAFETY: allocated above with this layout.
            unsafe { dealloc(block, layout) };
        }
    });
}

#[test]
fn limits_are_soft() {
    let limit = 10 * rounds(10_000);
    let region = GLOBAL.region().with_limit(limit);
    region.enter(|| {
        let some = strings(rounds(100));
        assert!(!region.over_limit());
        let many = strings(rounds(10_000));
        assert!(region.over_limit());
        assert!(region.live_bytes() <= limit, "{}", region.stats());
        drop((some, many));
    });
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn reclaim_takes_everything() {
    let before = GLOBAL.region();
    let left = before.enter(|| strings(100));
    drop(before);
    for _ in 0..rounds(100) {
        let region = GLOBAL.region();
        region.enter(|| std::mem::forget(strings(rounds(1000))));
        // SAFETY: what was made was forgotten.
        unsafe { region.reclaim() };
    }
    assert_eq!(left, strings(100));
}
