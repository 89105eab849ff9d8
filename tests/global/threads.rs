//! Many threads at once: blocks that go from one to another, regions that do, and what ends last.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use arenite::Region;

use crate::GLOBAL;
use crate::random::Random;
use crate::rounds::rounds;

const BLOCK: usize = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };
const THREADS: usize = 4;

/// Something with many blocks, which knows what it must hold.
struct Parcel {
    seed: u64,
    strings: Vec<String>,
    tree: BTreeMap<u64, Box<[u8]>>,
}

impl Parcel {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let strings = (0..random.below(20)).map(|_| "x".repeat(random.size(300).max(1))).collect();
        let tree = (0..random.below(20) as u64)
            .map(|key| (key, vec![key as u8; random.size(if key == 3 { 5000 } else { 100 }).max(1)].into()))
            .collect();
        Parcel { seed, strings, tree }
    }

    fn check(&self) {
        let other = Parcel::new(self.seed);
        assert_eq!(other.strings, self.strings);
        assert_eq!(other.tree, self.tree);
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        assert!(self.strings.iter().all(|string| string.bytes().all(|byte| byte == b'x')));
        assert!(self.tree.iter().all(|(&key, bytes)| bytes.iter().all(|&byte| byte == key as u8)));
    }
}

/// What a thread does: makes parcels in regions, gives them to others, and frees what it gets.
fn work(
    number: usize,
    rounds: usize,
    to: &[Sender<Parcel>],
    from: &Receiver<Parcel>,
    swap: &Mutex<Vec<Region>>,
) {
    let mut random = Random::new(number as u64);
    let mut region = GLOBAL.region();
    let mut kept = Vec::new();
    for round in 0..rounds {
        let seed = random.next();
        let parcel = region.enter(|| Parcel::new(seed));
        // Whoever has done its work takes no more.
        let _ = to[random.below(THREADS)].send(parcel);
        match random.below(8) {
            // Freed inside, outside, and later.
            0 => region.enter(|| from.try_iter().for_each(|parcel| parcel.check())),
            1 => from.try_iter().for_each(drop),
            2 => kept.extend(from.try_recv()),
            3 => region = GLOBAL.region(),
            4 => {
                let mut others = swap.lock().unwrap();
                others.push(region);
                let index = random.below(others.len());
                region = others.swap_remove(index);
            }
            5 => region.reset(),
            6 if round % 16 == 0 => _ = GLOBAL.trim(),
            _ => GLOBAL.outside(|| kept.truncate(5)),
        }
        if round % 32 == 0 {
            // A figure of the moment; it must not be wrong by more than is there.
            assert!(region.live_bytes() <= region.stats().blocks * BLOCK);
        }
    }
    kept.iter().for_each(Parcel::check);
}

#[test]
fn parcels_and_regions_go_round() {
    let rounds = rounds(300);
    let (to, from): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| channel()).unzip();
    let swap = Arc::new(Mutex::new((0..2).map(|_| GLOBAL.region()).collect()));
    thread::scope(|scope| {
        for (number, from) in from.into_iter().enumerate() {
            let (to, swap) = (to.clone(), Arc::clone(&swap));
            scope.spawn(move || work(number, rounds, &to, &from, &swap));
        }
        drop(to);
    });
}

/// One makes, another frees, and nobody else looks at the blocks: what was freed must be found again.
#[test]
fn a_producer_uses_again_what_a_consumer_frees() {
    let (to, from) = channel::<Vec<u64>>();
    // As many as there may be under way.
    let (permits, permit) = channel();
    (0..64).for_each(|_| permits.send(()).unwrap());
    let consumer = thread::spawn(move || {
        for numbers in from {
            assert!(numbers.iter().all(|&number| number == numbers.len() as u64));
            drop(numbers);
            let _ = permits.send(());
        }
    });
    let region = GLOBAL.region();
    for round in 0..rounds(20_000) {
        permit.recv().unwrap();
        let length = 1 + round % 100;
        to.send(region.enter(|| vec![length as u64; length])).unwrap();
    }
    drop(to);
    consumer.join().unwrap();
    assert!(
        region.stats().blocks < if cfg!(any(arenite_zeal, miri)) { 640 } else { 40 },
        "{}",
        region.stats()
    );
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn many_free_the_same_block_of_an_ended_region() {
    for round in 0..rounds(50) as u64 {
        let region = GLOBAL.region();
        let pieces: Vec<Vec<Box<u64>>> = region.enter(|| {
            (0..THREADS).map(|_| (0..300).map(|number| Box::new(number ^ round)).collect()).collect()
        });
        let barrier = Barrier::new(THREADS + 1);
        thread::scope(|scope| {
            for piece in pieces {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    assert!(piece.iter().enumerate().all(|(number, value)| **value == number as u64 ^ round));
                    drop(piece);
                });
            }
            barrier.wait();
            drop(region);
        });
    }
}

thread_local! {
    static LAST: RefCell<Vec<Parcel>> = const { RefCell::new(Vec::new()) };
    static LAST_REGION: RefCell<Option<Region>> = const { RefCell::new(None) };
    static MAKER: RefCell<Option<Maker>> = const { RefCell::new(None) };
}

/// Makes something when its thread ends.
struct Maker(Arc<Mutex<Vec<String>>>);

impl Drop for Maker {
    fn drop(&mut self) {
        let region = GLOBAL.region();
        let made = region.enter(|| (0..50).map(|number| number.to_string()).collect::<Vec<_>>());
        self.0.lock().unwrap().extend(made);
    }
}

/// Destructors of thread-locals free blocks, end regions and make new ones.
#[test]
fn the_end_of_a_thread() {
    let made = Arc::new(Mutex::new(Vec::new()));
    for round in 0..10 {
        let made = Arc::clone(&made);
        thread::spawn(move || {
            MAKER.set(Some(Maker(made)));
            let region = GLOBAL.region();
            region
                .enter(|| LAST.with_borrow_mut(|last| last.extend((0..20).map(|n| Parcel::new(n + round)))));
            LAST_REGION.set(Some(region));
        })
        .join()
        .unwrap();
    }
    let made = made.lock().unwrap();
    assert!(made.len() == 500 && made.iter().enumerate().all(|(n, text)| *text == (n % 50).to_string()));
}

/// A thread that is started inside of a region is outside; what it makes lives on.
#[test]
fn threads_inherit_nothing() {
    let region = GLOBAL.region();
    let (made, live) = region.enter(|| {
        let before = region.live_bytes();
        let thread = thread::spawn(|| {
            assert!(GLOBAL.current().is_none());
            GLOBAL.outside(|| "made outside".repeat(10))
        });
        (thread.join().unwrap(), before)
    });
    assert_eq!(made.len(), 120);
    let _ = live;
}

/// Siblings use one sum, on threads of their own.
#[test]
fn siblings_on_other_threads() {
    let region = GLOBAL.region().with_limit(200_000).with_name("family");
    region.enter(|| {
        let current = GLOBAL.current().unwrap();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let current = current.clone();
                scope.spawn(move || {
                    for round in 0..rounds(50) as u64 {
                        let sibling = current.sibling().unwrap();
                        let parcel = sibling.enter(|| Parcel::new(round));
                        assert_eq!(sibling.name(), Some("family"));
                        drop(sibling);
                        parcel.check();
                    }
                });
            }
        });
    });
    assert!(region.stats().peak > 0);
    assert!(!region.over_limit(), "{}", region.stats());
}

/// What a thread runs while it waits is in the region that it waits in, if the library that it waits in takes other jobs
/// meanwhile, as rayon does; not if it waits outside.
#[test]
fn a_thread_that_waits_runs_what_it_takes_where_it_waits() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for outside in [false, true] {
        let [begun, seen, inside] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        let wait_for = |event: &AtomicBool| {
            while !event.load(Ordering::Acquire) {
                thread::yield_now();
            }
        };
        // One worker has the second half until the job has run, so the other one takes the job, while it waits for that half.
        let halves = || {
            rayon::join(
                || wait_for(&begun),
                || {
                    begun.store(true, Ordering::Release);
                    wait_for(&seen);
                },
            )
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_for(&begun);
                let (seen, inside) = (Arc::clone(&seen), Arc::clone(&inside));
                pool.spawn(move || {
                    inside.store(GLOBAL.current().is_some(), Ordering::Relaxed);
                    seen.store(true, Ordering::Release);
                });
            });
            pool.install(|| {
                let region = GLOBAL.region();
                region.enter(|| if outside { GLOBAL.outside(halves) } else { halves() });
            });
        });
        assert_eq!(inside.load(Ordering::Relaxed), !outside);
    }
}
