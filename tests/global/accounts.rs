//! What siblings have in common, against a region that has it alone.

use crate::{GLOBAL, child_process};

const BLOCK: usize = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };

#[allow(clippy::vec_box, reason = "each is to be a block of the region")]
fn fill(blocks: usize) -> Vec<Box<[u8; 64]>> {
    (0..blocks * BLOCK / 64).map(|_| Box::new([1; 64])).collect()
}

/// Everything that regions and handles have in common is used again, whichever of them ends last.
#[test]
fn what_siblings_share_ends_with_the_last() {
    child_process::alone("accounts::what_siblings_share_ends_with_the_last", || {
        let round = |last: usize| {
            let region = GLOBAL.region();
            let current = region.enter(|| GLOBAL.current()).expect("it was entered");
            let sibling = current.clone().sibling().expect("there is memory");
            drop(sibling.enter(|| fill(1)));
            // Each of them is kept longest in its turn.
            let mut users: [Box<dyn std::any::Any>; 3] =
                [Box::new(region), Box::new(current), Box::new(sibling)];
            users.rotate_left(last);
            drop(users);
        };
        (0..3).for_each(round);
        let regions = GLOBAL.stats().regions;
        (0..60).for_each(|number| round(number % 3));
        assert_eq!(GLOBAL.stats().regions, regions, "{}", GLOBAL.stats());
    });
}

/// The same program comes to the same sum whether or not somebody could count along.
/// In a process of its own, where there is nothing to adopt.
#[test]
fn a_sum_that_is_shared_is_the_same() {
    child_process::alone("accounts::a_sum_that_is_shared_is_the_same", || {
        let program = |region: &arenite::Region| {
            region.enter(|| {
                let some = fill(7);
                drop(fill(3));
                some
            })
        };
        let [alone, shared] = [(); 2].map(|()| GLOBAL.region().with_limit(100 * BLOCK));
        let _handle = shared.enter(|| GLOBAL.current());
        let kept = (program(&alone), program(&shared));
        let (one, other) = (alone.stats(), shared.stats());
        assert_eq!((one.peak, one.live), (other.peak, other.live), "{one}\n{other}");
        assert!(other.peak >= 10 * BLOCK && !other.over_limit, "{other}");
        drop(kept);
    });
}

/// What others have freed is no region's any more once the region was left again: not its bytes, and not its blocks.
#[test]
fn what_others_free_counts_no_more() {
    child_process::alone("accounts::what_others_free_counts_no_more", || {
        let region = GLOBAL.region().with_limit(20 * BLOCK);
        for round in 0..5 {
            let (some, much) = region.enter(|| (fill(1), fill(6)));
            let stats = region.stats();
            assert_eq!(stats.escaped, stats.live, "{stats}");
            std::thread::spawn(move || drop(much)).join().expect("it only frees");
            region.enter(|| ());
            let stats = region.stats();
            assert_eq!(stats.escaped, stats.live, "{stats}");
            assert!(stats.live >= BLOCK && stats.live <= BLOCK + BLOCK / 2, "{stats}");
            assert!(stats.blocks <= 4, "{stats} in round {round}");
            drop(some);
        }
        assert!(!region.over_limit(), "{}", region.stats());
    });
}
