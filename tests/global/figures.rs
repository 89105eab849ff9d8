//! A scenario for every figure that is reported.

use crate::random::Random;
use crate::rounds::rounds;
use crate::{GLOBAL, child_process};

const BLOCK: usize = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };
const LINE: usize = BLOCK / 32;

#[test]
fn figures_of_a_region() {
    let region = GLOBAL.region();
    let stats = region.stats();
    assert_eq!((stats.name, stats.live, stats.peak, stats.escaped), (None, 0, 0, 0));
    assert_eq!((stats.blocks, stats.large, stats.limit, stats.over_limit), (0, 0, None, false));

    let region = region.with_name("figures").with_limit(64 * BLOCK);
    let kept = region.enter(|| vec![1_u8; 64]);
    let stats = region.stats();
    assert_eq!((stats.name, stats.limit), (Some("figures"), Some(64 * BLOCK)));
    assert!(stats.live >= 64 && stats.live == stats.escaped && stats.blocks == 1, "{stats}");

    // More than one block at a time.
    region.enter(|| drop((0..10 * BLOCK / 64).map(|_| [1_u8; 64]).map(Box::new).collect::<Vec<_>>()));
    let stats = region.stats();
    assert!(stats.peak >= 10 * BLOCK && stats.peak <= 13 * BLOCK, "{stats}");
    assert_eq!(stats.live, stats.escaped);
    drop(kept);
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn figures_for_people() {
    let text = |region: &arenite::Region| region.stats().to_string().replace("  ", " ");
    let region = GLOBAL.region();
    assert!(text(&region).contains("(no name)") && text(&region).ends_with("none"), "{}", region.stats());
    let region = region.with_name("people").with_limit(4 * BLOCK);
    assert!(text(&region).contains("people") && !text(&region).contains("exceeded"), "{}", region.stats());
    region.enter(|| drop((0..5 * BLOCK / 64).map(|_| Box::new([1_u8; 64])).collect::<Vec<_>>()));
    assert!(text(&region).ends_with("exceeded"), "{}", region.stats());
    let stats = GLOBAL.stats().to_string();
    for part in [GLOBAL.stats().territory, "free", "left behind", "at most"] {
        assert!(stats.contains(part), "{stats}");
    }
}

#[test]
fn large_blocks_count_while_they_are_in_use() {
    let region = GLOBAL.region();
    region.enter(|| {
        let mut large = Vec::<u8>::with_capacity(2 * BLOCK);
        assert_eq!(region.stats().large, 2 * BLOCK);
        large.push(1);
        large.reserve_exact(4 * BLOCK - 1);
        assert_eq!(region.stats().large, 4 * BLOCK);
        large.shrink_to_fit();
        assert_eq!(region.stats().large, 0);
    });
    assert!(region.stats().peak >= 4 * BLOCK, "{}", region.stats());
    // What was made elsewhere is not taken off.
    let foreign = vec![0_u8; 2 * BLOCK];
    region.enter(|| {
        drop(foreign);
        let own = vec![0_u8; 3 * BLOCK];
        assert_eq!(region.stats().large, 3 * BLOCK);
        drop(own);
    });
}

#[test]
fn a_region_that_was_over_its_limit_recovers() {
    let mut region = GLOBAL.region().with_limit(2 * BLOCK);
    for _ in 0..3 {
        region.enter(|| {
            let much: Vec<Box<[u8; 64]>> = (0..3 * BLOCK / 64).map(|_| Box::new([1; 64])).collect();
            assert!(region.over_limit() && region.live_bytes() <= 2 * BLOCK, "{}", region.stats());
            drop(much);
        });
        assert_eq!((region.live_bytes(), region.stats().large), (0, 0));
        let some = region.enter(|| vec![1_u8; 64]);
        assert!(region.live_bytes() >= 64, "it serves again what it has room for");
        drop(some);
        region.reset();
        assert!(!region.over_limit());
    }
}

#[test]
fn what_others_free_is_found_beyond_the_limit() {
    let region = GLOBAL.region().with_limit(40 * BLOCK);
    let much: Vec<Box<[u8; 64]>> = region.enter(|| (0..60 * BLOCK / 64).map(|_| Box::new([1; 64])).collect());
    assert!(region.over_limit());
    std::thread::spawn(move || drop(much)).join().unwrap();
    assert_eq!(region.live_bytes(), 0);
    // Not at once, since not all blocks are looked at each time.
    let mut made = Vec::with_capacity(100);
    region.enter(|| {
        while made.len() < 100 && region.live_bytes() == 0 {
            made.push(Box::new([2_u8; 64]));
        }
    });
    assert!(made.len() < 100, "{}", region.stats());
}

#[test]
fn siblings_share_a_limit() {
    let region = GLOBAL.region().with_limit(8 * BLOCK);
    let sibling = region.enter(|| GLOBAL.current()).unwrap().sibling().unwrap();
    let fill = |blocks: usize| (0..blocks * BLOCK / 64).map(|_| Box::new([1_u8; 64])).collect::<Vec<_>>();
    region.enter(|| drop(fill(6)));
    sibling.enter(|| drop(fill(6)));
    assert!(!region.over_limit(), "one after the other there is room: {}", region.stats());
    let kept = region.enter(|| fill(5));
    sibling.enter(|| drop(fill(5)));
    assert!(region.over_limit() && sibling.over_limit(), "both at once there is not");
    drop((kept, sibling));
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn large_blocks_of_a_sibling_that_ended_count_no_more() {
    let region = GLOBAL.region().with_limit(40 * BLOCK);
    region.enter(|| {
        let current = GLOBAL.current().unwrap();
        for _ in 0..rounds(20) {
            let sibling = current.sibling().unwrap();
            let result = sibling.enter(|| vec![1_u8; 10 * BLOCK]);
            drop(sibling);
            drop(result);
        }
    });
    assert!(!region.over_limit(), "{}", region.stats());
}

/// In a process of its own, in which nobody else has regions.
#[test]
fn figures_of_all_regions() {
    child_process::alone("figures::figures_of_all_regions", || {
        let stats = GLOBAL.stats();
        assert_eq!((stats.territory_bytes, stats.free, stats.left_behind, stats.regions), (0, 0, 0, 0));
        let (first, second) = (GLOBAL.region(), GLOBAL.region());
        // The compiler must not do without it.
        let kept = first.enter(|| std::hint::black_box(Box::new([1_u8; 64])));
        let others = second.enter(|| (0..4 * BLOCK / 64).map(|_| Box::new([1_u8; 64])).collect::<Vec<_>>());
        let stats = GLOBAL.stats();
        assert_eq!((stats.regions, stats.free), (2, 0));
        assert_eq!((stats.left_behind, stats.left_behind_blocks), (0, 0));
        assert!(stats.territory_bytes >= 5 * BLOCK, "{stats}");
        drop((first, others));
        assert!(GLOBAL.stats().left_behind >= 64);
        drop((second, GLOBAL.region()));
        let stats = GLOBAL.stats();
        assert_eq!(stats.regions, 2, "used again");
        assert_eq!((stats.left_behind > 0, stats.left_behind_blocks), (true, BLOCK), "{stats}");
        drop(kept);
        let back = GLOBAL.trim();
        let stats = GLOBAL.stats();
        assert_eq!((stats.left_behind, stats.left_behind_blocks), (0, 0), "{stats}");
        assert_eq!(stats.free, stats.territory_bytes, "{stats}");
        // Blocks of a territory that are not whole pages, or not its own to give back, stay.
        assert!(back == stats.free || back == 0, "{back} of {stats}");
        assert_eq!(GLOBAL.trim(), 0, "all of it was given back before");
    });
}

/// Many regions of which each leaves 64 bytes behind, amid blocks of up to `most` bytes, of which the last `at_a_time` are in use.
/// Bytes of the territory for each.
fn held_for_each(most: usize, at_a_time: usize) -> usize {
    let (regions, work) = if cfg!(any(arenite_zeal, miri)) { (400, 6 * BLOCK) } else { (2000, 100 << 10) };
    let mut random = Random::new(7);
    let kept: Vec<Box<[u8; 64]>> = (0..regions)
        .map(|number| {
            GLOBAL.region().enter(|| {
                let (mut bytes, mut made, mut kept) = (0, Vec::new(), None);
                while bytes < work {
                    let size = 16 + random.below(most - 16);
                    bytes += size;
                    made.push(vec![1_u8; size]);
                    if made.len() > at_a_time {
                        made.swap_remove(random.below(at_a_time));
                    }
                    if kept.is_none() && bytes > work / 2 {
                        kept = Some(Box::new([number as u8; 64]));
                    }
                }
                assert!(made.iter().flatten().all(|&byte| byte == 1));
                kept.unwrap()
            })
        })
        .collect();
    let stats = GLOBAL.stats();
    assert!(kept.iter().enumerate().all(|(number, bytes)| **bytes == [number as u8; 64]));
    drop(kept);
    assert_eq!(GLOBAL.stats().left_behind, 0);
    stats.territory_bytes / regions
}

#[test]
fn what_outlives_its_region_holds_little() {
    child_process::alone("figures::what_outlives_its_region_holds_little", || {
        // The largest is about two lines long.
        let each = held_for_each(BLOCK / 16, usize::MAX);
        assert!(each <= if cfg!(any(arenite_zeal, miri)) { 8 * LINE } else { 2 * LINE }, "{each} bytes each");
    });
}

/// Blocks become empty all the time, and what is left behind must not lie in another one of them each time.
#[test]
fn what_outlives_a_region_that_frees_holds_little() {
    child_process::alone("figures::what_outlives_a_region_that_frees_holds_little", || {
        let each = held_for_each(BLOCK / 8, 20);
        assert!(each <= if cfg!(any(arenite_zeal, miri)) { 8 * LINE } else { 2 * LINE }, "{each} bytes each");
    });
}

/// What is larger than a block counts at once, as it may be gone when somebody looks.
#[test]
fn a_large_block_that_comes_and_goes_is_noticed() {
    let region = GLOBAL.region().with_limit(4 * BLOCK);
    region.enter(|| drop(vec![1_u8; 2 * BLOCK]));
    let stats = region.stats();
    assert!(!stats.over_limit && stats.large == 0 && stats.peak >= 2 * BLOCK, "{stats}");
    region.enter(|| drop(vec![1_u8; 40 * BLOCK]));
    let stats = region.stats();
    assert!(stats.over_limit && stats.large == 0 && stats.peak >= 40 * BLOCK, "{stats}");
}

/// What is left of a window is not in use.
#[test]
fn a_limit_that_is_no_multiple_of_a_line() {
    for limit in [LINE - 8, LINE + 8, 3 * LINE + 8, BLOCK - 8, 2 * BLOCK + 8] {
        let region = GLOBAL.region().with_limit(limit);
        let first = region.enter(|| Box::new(7_u64));
        assert!(!region.over_limit(), "{limit}: {}", region.stats());
        let rest = region.enter(|| vec![Box::new([0_u8; LINE / 2]); 2 * limit.div_ceil(LINE) + 2]);
        assert!(region.over_limit(), "{limit}: {}", region.stats());
        drop((first, rest));
    }
}

/// `&Region` as an allocator: what the limit allows and no more, whatever was refused before.
#[test]
fn collections_in_a_region_with_a_limit() {
    use allocator_api2::vec::Vec as VecIn;

    let region = GLOBAL.region().with_limit(100 * BLOCK);
    let of = |bytes: usize| {
        let mut made: VecIn<u8, &arenite::Region> = VecIn::new_in(&region);
        made.try_reserve_exact(bytes).map(|()| made)
    };
    assert!(of(101 * BLOCK).is_err() && region.over_limit());
    let first = of(90 * BLOCK).unwrap();
    assert!(of(11 * BLOCK).is_err());
    drop(first);
    let second = of(95 * BLOCK).unwrap();
    assert_eq!(region.stats().large, 95 * BLOCK);
    drop(second);
    assert_eq!(region.stats().large, 0);
}

/// Before it is refused, a region looks at what other threads have freed.
#[test]
fn what_others_freed_makes_room_for_large_blocks() {
    let region = GLOBAL.region().with_limit(100 * BLOCK);
    let mut kept = Vec::with_capacity(80 * BLOCK / 64);
    region.enter(|| kept.extend((0..80 * BLOCK / 64).map(|_| Box::new([1_u8; 64]))));
    std::thread::spawn(move || drop(kept)).join().unwrap();
    let mut made: allocator_api2::vec::Vec<u8, &arenite::Region> = allocator_api2::vec::Vec::new_in(&region);
    assert!(made.try_reserve_exact(50 * BLOCK).is_ok() && !region.over_limit());
}

/// In holes and beside them, blocks longer than a line among others.
#[test]
fn zeroed_memory_in_holes_is_zero() {
    let region = GLOBAL.region();
    let sizes = [24, BLOCK / 20, 40, BLOCK / 12, BLOCK / 40];
    for round in 0..rounds(50) {
        let kept = GLOBAL.region().enter(|| {
            let made: Vec<Vec<u8>> = (0..100).map(|n| vec![0xFF; sizes[n % sizes.len()]]).collect();
            made.into_iter().step_by(7).collect::<Vec<_>>()
        });
        region.enter(|| {
            for turn in 0..rounds(200) {
                let zeroed = vec![0_u8; sizes[(turn + round) % sizes.len()]];
                assert!(zeroed.iter().all(|&byte| byte == 0));
                drop(vec![0xFF_u8; sizes[turn % sizes.len()]]);
            }
        });
        assert_eq!((region.live_bytes(), region.stats().escaped), (0, 0), "{}", region.stats());
        assert!(kept.iter().flatten().all(|&byte| byte == 0xFF));
    }
    assert_eq!(region.live_bytes(), 0);
}
