//! What never waits once it is warm.

use std::hint::black_box;

use arenite::collections::Vec as ArenaVec;
use arenite::pool::{ObjectPool, Pool, SlotMap};
use arenite::scratch::scratch;
use arenite::shared::{ArenaPool, SyncArena};
use arenite::{Arena, Backing, Buffer, Chained, Fixed, Virtual};

use crate::{GLOBAL, rounds};

pub(crate) fn all() {
    arenas();
    pools();
    threads();
    regions();
}

fn arenas() {
    arena("the default", Arena::new());
    arena("chunks", Arena::<_>::new_in(Chained::new().first_chunk(256)));
    arena("reserved memory", Arena::<_>::new_in(Virtual::new()));
    let mut buffer = Buffer::<{ 64 << 10 }>::new();
    arena("a buffer", Arena::<_>::new_in(Fixed::from(&mut buffer)));
    rounds("scratch arenas", || scratch(fill));
}

/// Equal rounds with a reset between them.
fn arena<B: Backing>(name: &str, mut arena: Arena<B>) {
    rounds(name, || {
        fill(&arena);
        arena.scope(|inner| {
            fill(inner);
            // Its tail is lent: it goes on elsewhere.
            black_box(arena.alloc(7_u64));
        });
        let child = arena.child();
        fill(&child);
        drop(child);
        let point = arena.checkpoint();
        fill(&arena);
        // SAFETY: nothing that was handed out since is used any more, and no child was made.
        unsafe { arena.rewind(point) };
        arena.seal();
        assert!(arena.try_alloc(1).is_err());
        arena.reset();
    });
}

/// Everything that programs do in an arena.
fn fill<B: Backing, const M: usize>(arena: &Arena<B, M>) {
    for n in 0..50_u64 {
        black_box(arena.alloc(n));
        black_box(arena.alloc([n as u8; 100]));
    }
    black_box(arena.alloc_str("sand"));
    black_box(arena.alloc_slice_fill_copy(300, 1_u16));
    let mut numbers = ArenaVec::new_in(arena);
    numbers.extend(0..200_u32);
    numbers.shrink_to_fit();
    black_box(numbers.iter().sum::<u32>());
    drop(arena.alloc_box([1_u64; 5]));
    arena.alloc_owned([2_u64; 3]);
    black_box((arena.stats().used, arena.allocated_bytes()));
}

fn pools() {
    let pool = Pool::with_capacity(20);
    rounds("a pool", || {
        let boxes: [_; 20] = std::array::from_fn(|n| pool.insert(n));
        assert!(boxes.iter().enumerate().all(|(n, boxed)| **boxed == n));
    });
    let mut map = SlotMap::new();
    rounds("a slot map", || {
        let keys: [_; 50] = std::array::from_fn(|n| map.insert(n));
        assert!(keys.iter().enumerate().all(|(n, &key)| map.remove(key) == Some(n)));
    });
    let pool = ObjectPool::new();
    rounds("a pool of objects", || {
        let objects: [_; 20] = std::array::from_fn(|_| pool.get_or_init(|| Vec::<u8>::with_capacity(100)));
        black_box(objects.len());
    });
}

fn threads() {
    let pool: ArenaPool = ArenaPool::new();
    rounds("the arena of a thread", || {
        pool.local().scope(fill);
    });
    let mut arena = SyncArena::new();
    rounds("one arena for all threads", || {
        let mut numbers = allocator_api2::vec::Vec::new_in(&arena);
        numbers.extend(0..200_u32);
        black_box(numbers.len());
    });
    arena.reset();
}

/// Plain code, in a region.
fn regions() {
    let plain = || {
        let boxes: Vec<Box<u64>> = (0..100).map(|n| Box::new(black_box(n))).collect();
        let text: String = (0..100).map(|_| "sand").collect();
        black_box((boxes.iter().map(|n| **n).sum::<u64>(), text.len()));
        boxes
    };
    let mut region = GLOBAL.region();
    rounds("a region", || region.enter(|| drop(plain())));
    rounds("a region, freed from outside", || drop(region.enter(plain)));
    rounds("a region that is reset", || {
        region.enter(|| drop(plain()));
        region.reset();
    });
    rounds("a new region each time", || {
        let region = GLOBAL.region();
        region.enter(|| drop(plain()));
    });
}
