//! Pictures of regions: that they show what is there.

use arenite::Region;
use arenite::map::{Map, Use};

use crate::GLOBAL;
use crate::child_process;
use crate::random::Random;
use crate::rounds::rounds;

const BLOCK: usize = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };
const LINE: usize = BLOCK / 32;

/// What must hold of every picture of a region, whatever was done with it, while nobody else frees. Returns it.
fn checked(region: &Region) -> Map {
    let (map, stats) = (region.map(), region.stats());
    assert_eq!(map.areas().len(), stats.blocks, "{stats}\n{map}");
    let mut last = 0;
    for area in map.areas() {
        assert!(area.bytes() == BLOCK && area.start() >= last, "blocks overlap\n{map}");
        let mut at = area.start();
        for span in area.spans() {
            assert_eq!(span.start, at, "side by side\n{map}");
            assert!(span.len > 0 && span.in_use <= span.len, "{span:?}");
            at += span.len;
        }
        last = at;
    }
    let live = map.in_use(Use::Used) + map.in_use(Use::Escaped);
    assert_eq!(live, stats.live, "{stats}\n{map}");
    assert_eq!(map.elsewhere(), stats.large, "{stats}");
    assert!(map.bytes(Use::Used) == 0 || map.bytes(Use::Escaped) == 0, "{map}");
    for kind in [Use::Free, Use::Hole, Use::Spare] {
        assert_eq!(map.in_use(kind), 0, "{map}");
    }
    for kind in [Use::Lent, Use::Wasted, Use::Record, Use::Withheld] {
        assert_eq!(map.bytes(kind), 0, "arenas only\n{map}");
    }
    map
}

fn kind_at<T>(map: &Map, value: &T) -> Option<Use> {
    let address = std::ptr::from_ref(value).addr();
    let span = map.spans().iter().find(|span| (span.start..span.start + span.len).contains(&address));
    span.map(|span| span.kind)
}

#[test]
fn a_region_fills_its_window() {
    let region = GLOBAL.region().with_name("grains");
    assert_eq!(checked(&region).to_string(), "region, grains: 0 blocks, 0 B");
    let kept = region.enter(|| {
        let before = checked(&region);
        let kept = Box::new([1_u8; 64]);
        let map = checked(&region);
        assert_eq!(before.areas().len(), 0, "to draw a picture takes nothing of the region's");
        assert_eq!(kind_at(&map, &*kept), Some(Use::Used), "{map}");
        // Unless it lies in what another test left behind, and may be freeing at this moment.
        let room = map.bytes(Use::Free) + map.bytes(Use::Hole);
        assert!(room >= BLOCK - 2 * LINE || map.bytes(Use::Left) > 0, "{map}");
        kept
    });
    let map = checked(&region);
    assert_eq!(kind_at(&map, &*kept), Some(Use::Escaped), "{map}");
    let (text, svg) = (map.to_string(), map.to_svg());
    assert!(text.starts_with("region, grains: 1 block,") && text.contains("outlived"), "{text}");
    assert!(svg.contains("region, grains"), "{svg}");
    drop(kept);
    assert_eq!(checked(&region).in_use(Use::Escaped), 0);
}

#[test]
fn holes_are_lines_that_are_free() {
    // Blocks that other tests left behind have holes, too.
    child_process::alone("map::holes_are_lines_that_are_free", || {
        let region = GLOBAL.region();
        region.enter(|| {
            let mut made: Vec<Option<Box<[u8; 64]>>> =
                (0..8 * BLOCK / 64).map(|_| Some(Box::new([1; 64]))).collect();
            // Every other two lines' worth.
            let of_two_lines = 2 * LINE / 64;
            for (number, slot) in made.iter_mut().enumerate() {
                if number / of_two_lines % 2 == 0 {
                    *slot = None;
                }
            }
            let map = checked(&region);
            assert!(map.bytes(Use::Hole) >= BLOCK, "{map}");
            assert!(made.iter().flatten().all(|boxed| kind_at(&map, &**boxed) == Some(Use::Used)), "{map}");
            drop(made);
            let map = checked(&region);
            assert!(map.bytes(Use::Spare) > 0, "{map}");
        });
    });
}

#[test]
fn what_others_left_is_told_apart() {
    // Blocks of which little is in use are adopted by the next region in need.
    let mut found = false;
    for _ in 0..rounds(50) {
        let other = GLOBAL.region();
        let left = other.enter(|| {
            let made: Vec<Box<[u8; 64]>> = (0..20 * BLOCK / 64).map(|_| Box::new([2; 64])).collect();
            made.into_iter().step_by(BLOCK / 64).collect::<Vec<_>>()
        });
        drop(other);
        let region = GLOBAL.region();
        let own = region.enter(|| (0..10 * BLOCK / 64).map(|_| Box::new([3_u8; 64])).collect::<Vec<_>>());
        let map = checked(&region);
        assert!(own.iter().all(|boxed| kind_at(&map, &**boxed) == Some(Use::Escaped)), "{map}");
        for boxed in &left {
            if let Some(kind) = kind_at(&map, &**boxed) {
                // An address in a block that it adopted.
                assert_eq!(kind, Use::Left, "{map}");
                found = true;
            }
        }
        assert!(left.iter().all(|boxed| **boxed == [2; 64]));
    }
    assert!(found, "no block was adopted");
}

#[test]
fn large_blocks_are_elsewhere() {
    let region = GLOBAL.region();
    region.enter(|| {
        let large = vec![0_u8; 4 * BLOCK];
        assert_eq!(checked(&region).elsewhere(), large.len());
    });
}

#[test]
fn whatever_a_region_does() {
    let mut random = Random::new(11);
    for _ in 0..rounds(20) {
        let region = GLOBAL.region().with_limit(40 * BLOCK);
        let mut kept: Vec<Vec<u8>> = Vec::new();
        for _ in 0..30 {
            region.enter(|| {
                let mut made: Vec<Vec<u8>> =
                    (0..random.below(200)).map(|_| vec![1; 1 + random.below(BLOCK / 9)]).collect();
                checked(&region);
                made.retain(|_| random.below(3) == 0);
                checked(&region);
                if let Some(one) = made.pop() {
                    kept.push(one);
                }
            });
            checked(&region);
        }
    }
}

/// Others free meanwhile: nothing holds from one moment to the next but that spans lie side by side.
#[test]
fn while_others_free() {
    let region = GLOBAL.region();
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel::<Vec<Box<[u8; 64]>>>();
        scope.spawn(move || receiver.into_iter().for_each(drop));
        for _ in 0..rounds(50) {
            let made = region.enter(|| (0..4 * BLOCK / 64).map(|_| Box::new([1_u8; 64])).collect());
            sender.send(made).unwrap();
            let map = region.map();
            assert!(map.areas().all(|area| area.bytes() == BLOCK), "{map}");
        }
    });
    assert_eq!(checked(&region).in_use(Use::Escaped), 0);
}
