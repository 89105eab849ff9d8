//! [`ObjectPool`].

use std::cell::Cell;
use std::mem;

use allocator_api2::alloc::Global;
use arenite::AllocError;
use arenite::pool::{ObjectPool, Reusable};
use arenite::testing::failures::Failures;
use arenite::wrap::Counting;

use super::helpers::{Aligned, Noisy, panics};

#[test]
fn a_buffer_keeps_its_capacity() {
    let pool = ObjectPool::new().reset_by(Vec::<u8>::clear);
    let mut buffer = pool.get_or_init(|| Vec::with_capacity(100));
    buffer.extend_from_slice(&[7; 1000]);
    let place = buffer.as_ptr();
    drop(buffer);
    let again = pool.get_or_init(|| unreachable!("one was kept"));
    assert_eq!((again.len(), again.as_ptr()), (0, place));
    assert!(again.capacity() >= 1000);
}

#[test]
fn objects_are_made_when_there_is_none() {
    let made = Cell::new(0);
    let pool = ObjectPool::new();
    let make = || made.replace(made.get() + 1);
    let (a, b) = (pool.get_or_init(make), pool.get_or_init(make));
    assert_eq!((*a, *b), (0, 1));
    drop(a);
    drop(b);
    let (b, a, c) = (pool.get_or_init(make), pool.get_or_init(make), pool.get_or_init(make));
    assert_eq!((*a, *b, *c), (0, 1, 2));
    assert_eq!((pool.stats().live, pool.stats().kept, pool.stats().peak), (3, 0, 3));
    drop((a, c));
    assert_eq!((pool.stats().live, pool.stats().kept, pool.stats().peak), (1, 2, 3));
    assert_eq!(pool.stats().to_string(), "1 live (peak 3), 2 kept of 64 slots, 1 KiB in 1 slab".replace(
        "64 slots, 1 KiB",
        if cfg!(arenite_zeal) { "4 slots, 64 B" } else { "64 slots, 1 KiB" },
    ));
}

#[test]
fn what_is_kept_is_dropped_with_the_pool_and_what_is_lent_is_not() {
    let alive = Cell::new(0);
    let pool = ObjectPool::new();
    let objects: Vec<_> = (0..10).map(|n| pool.get_or_init(|| Noisy::new(&alive, n))).collect();
    mem::forget(pool.get_or_init(|| Noisy::new(&alive, 10)));
    drop(objects);
    assert_eq!((alive.get(), pool.stats().kept, pool.stats().live), (11, 10, 1));
    drop(pool);
    assert_eq!(alive.get(), 1);
}

#[test]
fn no_more_are_kept_than_may_be() {
    let alive = Cell::new(0);
    let mut pool = ObjectPool::new().keep_at_most(2);
    let objects: Vec<_> = (0..5).map(|n| pool.get_or_init(|| Noisy::new(&alive, n))).collect();
    drop(objects);
    assert_eq!((alive.get(), pool.stats().kept), (2, 2));
    assert!(pool.fill(3, || unreachable!()).is_err());
    pool.clear();
    assert_eq!((alive.get(), pool.stats().kept, pool.stats().live), (0, 0, 0));
    pool.fill(2, || Noisy::new(&alive, 0)).unwrap();
    assert_eq!(alive.get(), 2);
}

/// What makes an object borrows one itself, which is back before the new one is kept.
#[test]
fn what_comes_back_while_a_pool_is_filled_counts() {
    let alive = Cell::new(0);
    let pool = ObjectPool::new().keep_at_most(1);
    pool.fill(1, || {
        drop(pool.get_or_init(|| Noisy::new(&alive, 1)));
        Noisy::new(&alive, 2)
    })
    .unwrap();
    assert_eq!((alive.get(), pool.stats().kept, pool.stats().live), (1, 1, 0));
}

#[test]
fn an_object_may_leave_for_good() {
    let alive = Cell::new(0);
    let pool = ObjectPool::new();
    let object = Reusable::into_inner(pool.get_or_init(|| Noisy::new(&alive, 0)));
    assert_eq!((alive.get(), pool.stats().live, pool.stats().kept), (1, 0, 0));
    drop(object);
    assert_eq!(alive.get(), 0);
}

#[test]
fn panics_of_init_reset_and_drop() {
    let alive = Cell::new(0);
    let pool = ObjectPool::new().reset_by(|noisy: &mut Noisy<'_>| assert_ne!(noisy.number, 13, "bad luck"));
    assert!(panics(|| drop(pool.get_or_init(|| panic!("not today")))));
    assert_eq!((pool.stats().live, pool.stats().kept), (0, 0));
    // One that cannot be reset is not lent again.
    let object = pool.get_or_init(|| Noisy::new(&alive, 13));
    assert!(panics(|| drop(object)));
    assert_eq!((alive.get(), pool.stats().live, pool.stats().kept), (0, 0, 0));

    let pool = ObjectPool::new().keep_at_most(0);
    let object = pool.get_or_init(|| Noisy::panicking(&alive, 1, 1));
    assert!(panics(|| drop(object)));
    assert_eq!((alive.get(), pool.stats().live), (0, 0));

    // The others are dropped all the same.
    let mut pool = ObjectPool::new();
    let mut number = 0;
    let mut next = || {
        number += 1;
        Noisy::panicking(&alive, number, 3)
    };
    pool.fill(5, &mut next).unwrap();
    assert!(panics(|| pool.clear()));
    assert_eq!((alive.get(), pool.stats().kept, pool.stats().live), (0, 0, 0));
    number = 0;
    pool.fill(5, || {
        number += 1;
        Noisy::panicking(&alive, number, 3)
    })
    .unwrap();
    assert!(panics(|| drop(pool)));
    assert_eq!(alive.get(), 0);
}

#[test]
fn objects_of_nothing_and_of_large_alignment() {
    let pool = ObjectPool::new();
    drop((pool.get_or_init(|| ()), pool.get()));
    assert_eq!(pool.stats().kept, 2);
    let pool = ObjectPool::new();
    for n in 0..100 {
        let objects: Vec<_> = (0..n).map(|m| pool.get_or_init(|| Aligned(m))).collect();
        assert!(objects.iter().all(|object| (&raw const **object).addr() % 64 == 0));
    }
    assert_eq!(pool.stats().kept, 99);
}

#[test]
fn the_pool_may_be_used_while_an_object_is_made_or_filled() {
    let pool = ObjectPool::<String>::new();
    let outer = pool.get_or_init(|| {
        drop(pool.get());
        pool.get().clone() + "made"
    });
    assert_eq!((outer.as_str(), pool.stats().live, pool.stats().kept), ("made", 1, 1));
    drop(outer);
    pool.fill(10, || pool.get().clone()).unwrap();
    assert_eq!((pool.stats().live, pool.stats().kept), (0, 10));
}

#[test]
fn warm_objects_need_no_memory() {
    let base = Counting::new(Global);
    let pool = ObjectPool::new_in(&base);
    pool.fill(50, || 0_u64).unwrap();
    let calls = base.counts().allocate;
    for _ in 0..100 {
        let objects: Vec<_> = (0..50).map(|_| pool.get()).collect();
        drop(objects);
    }
    assert_eq!(base.counts().allocate, calls);
}

#[test]
fn every_failure_is_reported_and_nothing_lost() {
    let report = Failures::new().from_then_on(true).allow_swallowed(true).check(|base| {
        let pool = ObjectPool::new_in(base).first_slab(1);
        pool.fill(3, || String::from("kept"))?;
        let mut objects = Vec::new();
        for _ in 0..100 {
            objects.push(pool.try_get_or_init(String::new)?);
        }
        objects.truncate(50);
        pool.fill(70, || String::from("filled"))?;
        Ok::<(), AllocError>(())
    });
    report.assert_clean();
}
