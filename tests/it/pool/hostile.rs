//! Pools over allocators that give more, fail, or use the pool that asks them.

use std::alloc::Layout;
use std::cell::Cell;
use std::collections::HashSet;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use arenite::pool::{ObjectPool, Pool, PoolBox, SlotMap};
use arenite::wrap::{Limited, Quantized};

/// Inserts into the pool that asks for memory, as long as it is allowed to.
struct Meddling {
    pool: Cell<Option<&'static Pool<u64, Meddling>>>,
    left: Cell<u32>,
    places: Cell<Vec<*const u64>>,
}

// SAFETY: blocks are those of the global allocator.
unsafe impl Allocator for Meddling {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if let Some(pool) = self.pool.get().filter(|_| self.left.get() > 0) {
            self.left.set(self.left.get() - 1);
            for n in 0..10 {
                let Ok(boxed) = pool.try_insert(n) else { break };
                let mut places = self.places.take();
                places.push(PoolBox::leak(boxed));
                self.places.set(places);
            }
        }
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: this method's contract is that of the called one.
        unsafe { Global.deallocate(block, layout) };
    }
}

fn meddle(first: usize, limit: usize, left: u32) -> usize {
    let meddling = Meddling { pool: Cell::new(None), left: Cell::new(left), places: Cell::default() };
    let pool = Box::leak(Box::new(Pool::new_in(meddling).first_slab(first).limit(limit)));
    let pool: &'static Pool<u64, Meddling> = pool;
    pool.allocator().pool.set(Some(pool));
    let mut places = HashSet::new();
    for n in 0..100 {
        let Ok(boxed) = pool.try_insert(n) else { break };
        assert_eq!(*boxed, n);
        assert!(places.insert(&raw const *PoolBox::leak(boxed)));
    }
    pool.allocator().pool.set(None);
    let others = pool.allocator().places.take();
    assert!(others.iter().all(|&place| places.insert(place)), "no slot is in two hands");
    let stats = pool.stats();
    assert_eq!((stats.live, stats.peak), (places.len(), places.len()));
    assert!(stats.capacity <= limit && stats.live <= stats.capacity, "{stats}");
    stats.live
}

#[test]
fn an_allocator_that_uses_the_pool_it_serves() {
    for first in [1, 2, 7, 64] {
        for left in 0..8 {
            let live = meddle(first, usize::MAX, left);
            assert!(live >= 100, "{live} with {first} and {left}");
            meddle(first, 30, left);
        }
        // So often that slabs run out in the middle of it.
        meddle(first, usize::MAX, 100);
    }
}

#[test]
fn blocks_that_are_longer_than_asked_for() {
    let pool = Pool::new_in(Quantized::<4096, _>::new(Global));
    let boxes: Vec<_> = (0..1000_u32).map(|n| pool.insert(n)).collect();
    assert!(boxes.iter().zip(0..).all(|(boxed, n)| **boxed == n));
}

#[test]
fn when_memory_is_short_less_is_asked_for() {
    let pool = Pool::new_in(Limited::new(Global, 1600)).first_slab(64);
    let boxes: Vec<_> = (0..100_u64).map(|n| pool.insert(n)).collect();
    assert!(pool.try_insert(100).is_err());
    assert_eq!((boxes.len(), pool.allocator().budget().remaining()), (100, 0));

    let mut map = SlotMap::new_in(Limited::new(Global, 1600)).first_slab(64);
    map.extend(0..100_u64);
    assert!(map.try_insert(100).is_err());
    assert!(map.values().copied().eq(0..100));

    let objects = ObjectPool::new_in(Limited::new(Global, 1600)).first_slab(64);
    assert!(objects.fill(101, || 0_u64).is_err());
    assert_eq!(objects.stats().kept, 0, "slots come first");
    objects.fill(100, || 0).unwrap();
    assert_eq!(objects.stats().kept, 100);
}
