//! [`Pool`] and its boxes.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::mem;
use std::rc::Rc;

use allocator_api2::alloc::Global;
use arenite::pool::{Pool, PoolBox};
use arenite::testing::failures::Failures;
use arenite::wrap::Counting;
use arenite::{AllocError, Arena, unsize_box};

use super::helpers::{Aligned, Huge, Noisy, on_a_large_stack, panics};
use crate::rounds::rounds;

#[test]
fn a_box_is_a_word_and_so_is_none() {
    assert_eq!(size_of::<PoolBox<'_, u8>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<PoolBox<'_, [u64; 9]>>>(), size_of::<usize>());
}

#[test]
fn the_slot_that_came_back_last_is_taken_first() {
    let pool = Pool::new();
    let (a, b) = (pool.insert(1_u64), pool.insert(2));
    let places = [&raw const *a, &raw const *b];
    drop(b);
    drop(a);
    let again = [pool.insert(3), pool.insert(4)];
    assert_eq!([&raw const *again[0], &raw const *again[1]], places);
    assert_eq!([*again[0], *again[1]], [3, 4]);
}

#[test]
fn each_value_is_dropped_once() {
    let alive = Cell::new(0);
    let pool = Pool::new();
    let mut boxes: Vec<_> = (0..1000).map(|n| pool.insert(Noisy::new(&alive, n))).collect();
    assert_eq!((alive.get(), pool.stats().live), (1000, 1000));
    assert!(boxes.iter().enumerate().all(|(n, boxed)| boxed.number == n));
    boxes.truncate(400);
    assert_eq!((alive.get(), pool.stats().live, pool.stats().peak), (400, 400, 1000));
    let moved = PoolBox::into_inner(boxes.swap_remove(7));
    assert_eq!((alive.get(), pool.stats().live, moved.number), (400, 399, 7));
    drop((moved, boxes));
    assert_eq!((alive.get(), pool.stats().live), (0, 0));
}

#[test]
fn a_forgotten_box_keeps_its_slot_and_a_reset_takes_it() {
    let alive = Cell::new(0);
    let mut pool = Pool::new();
    mem::forget(pool.insert(Noisy::new(&alive, 0)));
    let leaked = PoolBox::leak(pool.insert(Noisy::new(&alive, 1)));
    assert_eq!(leaked.number, 1);
    let raw = PoolBox::into_raw(pool.insert(Noisy::new(&alive, 2)));
    // SAFETY: just now taken apart, and the pool is borrowed.
    drop(unsafe { PoolBox::from_raw(raw) });
    assert_eq!((alive.get(), pool.stats().live), (2, 2));
    let capacity = pool.stats().capacity;
    pool.reset();
    assert_eq!((pool.stats().live, pool.stats().peak, pool.stats().capacity), (0, 3, capacity));
    // Nobody drops them, as they may have been anything.
    drop(pool);
    assert_eq!(alive.get(), 2);
}

#[test]
fn slabs_are_used_again_after_a_reset() {
    let base = Counting::new(Global);
    let mut pool = Pool::new_in(&base).first_slab(2);
    for round in 0..rounds(1000) as u64 {
        let boxes: Vec<_> = (0..100).map(|n| pool.insert(round + n)).collect();
        assert!(boxes.iter().zip(round..).all(|(boxed, n)| **boxed == n));
        boxes.into_iter().for_each(mem::forget);
        pool.reset();
    }
    assert_eq!((base.counts().allocate, pool.stats().slabs), (7, 7), "2, 2, 4, 8, 16, 32 and 64 slots");
    drop(pool);
    assert_eq!(base.counts().bytes_live, 0);
}

#[test]
fn memory_set_aside_is_one_slab_and_suffices() {
    let base = Counting::new(Global);
    let pool = Pool::with_capacity_in(100, &base);
    let _boxes: Vec<_> = (0..100_u64).map(|n| pool.insert(n)).collect();
    assert_eq!((base.counts().allocate, base.counts().bytes_live), (1, 1600));
    assert_eq!(pool.stats().bytes, 1600);
    pool.reserve(1);
    assert_eq!((base.counts().allocate, pool.stats().capacity), (2, 200));
    assert!(pool.try_reserve(usize::MAX).is_err());
    assert!(pool.try_reserve(usize::MAX / 64).is_err());
    assert_eq!(pool.stats().capacity, 200);
}

#[test]
fn nothing_and_what_is_very_aligned() {
    let pool = Pool::new();
    let boxes: Vec<_> = (0..1000).map(|_| pool.insert(())).collect();
    assert_eq!(pool.stats().live, boxes.len());
    drop(boxes);

    let pool = Pool::new();
    let boxes: Vec<_> = (0..200).map(|n| pool.insert(Aligned(n))).collect();
    for (n, boxed) in (0..).zip(&boxes) {
        assert_eq!((boxed.0, (&raw const **boxed).addr() % 64), (n, 0));
    }

    on_a_large_stack(|| {
        let pool = Pool::new().first_slab(1);
        let boxes = [pool.insert(Huge), pool.insert(Huge)];
        assert!(boxes.iter().all(|boxed| (&raw const **boxed).addr() % align_of::<Huge>() == 0));
        assert_eq!(pool.stats().bytes, 2 * align_of::<Huge>());
    });
}

#[test]
fn a_drop_that_panics_gives_its_slot_back() {
    let alive = Cell::new(0);
    let pool = Pool::new();
    let boxed = pool.insert(Noisy::panicking(&alive, 1, 1));
    let place = &raw const *boxed;
    assert!(panics(|| drop(boxed)));
    assert_eq!((alive.get(), pool.stats().live), (0, 0));
    assert_eq!(&raw const *pool.insert(Noisy::new(&alive, 2)), place);
}

#[test]
fn a_value_that_cannot_be_made_takes_no_slot() {
    let pool = Pool::<String>::new();
    assert!(panics(|| drop(pool.insert_with(|| panic!("not today")))));
    assert_eq!(pool.stats().live, 0);
    // While it is made, the pool is as usable as ever.
    let outer = pool.insert_with(|| {
        let inner = pool.insert("inner".into());
        let made = format!("{inner} and outer");
        drop(inner);
        made + &pool.insert("!".into())
    });
    assert_eq!((outer.as_str(), pool.stats().live), ("inner and outer!", 1));
}

/// Inserts and removes in the pool in which it is being dropped.
struct Meddler<'p> {
    pool: &'p Pool<Meddler<'p>>,
    left: u32,
    seen: &'p RefCell<Vec<*const Meddler<'p>>>,
}

impl Drop for Meddler<'_> {
    fn drop(&mut self) {
        self.seen.borrow_mut().push(self);
        if self.left > 0 {
            let left = self.left - 1;
            let one = self.pool.insert(Meddler { left, ..*self });
            assert!(!std::ptr::eq(self, &*one), "its slot is not free yet");
            drop(self.pool.insert(Meddler { left: 0, ..*self }));
        }
    }
}

#[test]
fn a_drop_may_use_the_pool() {
    let seen = RefCell::new(Vec::new());
    let pool = Pool::new();
    let boxed = pool.insert(Meddler { pool: &pool, left: 5, seen: &seen });
    drop(boxed);
    assert_eq!(pool.stats().live, 0);
    assert_eq!(seen.borrow().len(), 11);
}

struct Node<'p> {
    value: Rc<u32>,
    children: Vec<PoolBox<'p, Node<'p>>>,
    /// Another of the same pool.
    parent: Cell<Option<&'p Node<'p>>>,
}

/// That it compiles is half of the test: the pool may be dropped while values refer to values in it.
#[test]
fn trees_and_cycles_in_one_pool() {
    fn tree<'p>(pool: &'p Pool<Node<'p>>, depth: u32, value: &Rc<u32>) -> PoolBox<'p, Node<'p>> {
        let below = if depth == 0 { 0 } else { 3 };
        let children = (0..below).map(|_| tree(pool, depth - 1, value)).collect();
        pool.insert(Node { value: Rc::clone(value), children, parent: Cell::new(None) })
    }
    let value = Rc::new(7);
    let pool = Pool::new();
    let root = tree(&pool, 5, &value);
    assert_eq!(Rc::strong_count(&value), 1 + (3_usize.pow(6) - 1) / 2);
    assert_eq!(*root.children[2].children[1].value, 7);
    drop(root);
    assert_eq!((Rc::strong_count(&value), pool.stats().live), (1, 0));

    let [one, other] = [tree(&pool, 0, &value), tree(&pool, 0, &value)].map(|node| &*PoolBox::leak(node));
    one.parent.set(Some(other));
    other.parent.set(Some(one));
    assert!(std::ptr::eq(one.parent.get().unwrap().parent.get().unwrap(), one));
}

/// A pool may be dropped after what its values borrow, as it touches none of them.
#[test]
fn values_that_borrow_what_ends_before_the_pool() {
    let pool: Pool<&str> = Pool::new();
    let text = String::from("sand");
    assert_eq!(pool.insert(&text).len(), 4);
}

#[test]
fn boxes_behave_as_their_values() {
    let pool = Pool::new();
    let (mut one, two) = (pool.insert(1), pool.insert(2));
    assert!(one < two && one != two && one == pool.insert(1));
    *one += 1;
    assert_eq!(one.cmp(&two), std::cmp::Ordering::Equal);
    assert_eq!((format!("{one}"), format!("{one:?}")), ("2".into(), "2".into()));
    assert_eq!(format!("{one:p}"), format!("{:p}", &raw const *one));
    let set = std::collections::HashSet::from([one]);
    assert!(set.contains(&2));

    let pool: &'static Pool<[i32; 3]> = Box::leak(Box::new(Pool::new()));
    let slice: PoolBox<'static, [i32]> = unsize_box!(pool.insert([1, 2, 3]));
    assert_eq!(slice.iter().sum::<i32>(), 6);
    assert_eq!(PoolBox::into_pin(slice).len(), 3);
}

#[test]
fn trait_objects_and_their_drops() {
    struct Loud<'a>(Noisy<'a>, [u8; 33]);
    impl Display for Loud<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{} and {}", self.0.number, self.1.len())
        }
    }
    let alive = Cell::new(0);
    let pool = Pool::new();
    let boxed: PoolBox<'_, dyn Display + '_> = unsize_box!(pool.insert(Loud(Noisy::new(&alive, 1), [0; 33])));
    assert_eq!((boxed.to_string().as_str(), alive.get()), ("1 and 33", 1));
    drop(boxed);
    assert_eq!((alive.get(), pool.stats().live), (0, 0));
}

#[test]
fn iterators_in_boxes() {
    let pool = Pool::new();
    let mut numbers: PoolBox<'_, dyn DoubleEndedIterator<Item = i32>> = unsize_box!(pool.insert(0..5));
    assert_eq!((numbers.next(), numbers.next_back(), numbers.nth(1)), (Some(0), Some(4), Some(2)));
    assert_eq!(numbers.collect::<Vec<_>>(), [3]);
    assert_eq!(pool.stats().live, 0);
}

#[test]
fn a_pool_moves_with_its_slabs() {
    let mut pool = Pool::new();
    drop([pool.insert(1_u64), pool.insert(2)]);
    mem::forget(pool.insert(3));
    for n in 0..3 {
        pool = std::thread::spawn(move || {
            let boxes: Vec<_> = (0..100).map(|m| pool.insert(m + n)).collect();
            assert!(boxes.iter().zip(n..).all(|(boxed, m)| **boxed == m));
            drop(boxes);
            pool
        })
        .join()
        .expect("it did not panic");
    }
    assert_eq!((pool.stats().live, pool.stats().peak), (1, 101));
}

#[test]
fn what_lies_in_an_arena_ends_with_it() {
    let arena = Arena::new();
    let pool = Pool::new_in(&arena);
    let boxes: Vec<_> = (0..1000).map(|n| pool.insert(format!("{n}"))).collect();
    assert_eq!(boxes[999].as_str(), "999");
    assert!(arena.stats().used >= pool.stats().bytes);
    assert!(std::ptr::eq(*pool.allocator(), &arena));
}

#[test]
fn figures_for_people() {
    let pool = Pool::<[u64; 3]>::new().first_slab(4);
    assert_eq!(pool.stats().to_string(), "0 live (peak 0) of 0 slots, 0 B in 0 slabs");
    let boxes: Vec<_> = (0..5).map(|n| pool.insert([n; 3])).collect();
    drop(boxes);
    let _one = pool.insert([0; 3]);
    assert_eq!(pool.stats().to_string(), "1 live (peak 5) of 8 slots, 256 B in 2 slabs");
    assert!(format!("{pool:?}").contains("peak: 5"));
}

#[test]
fn every_failure_is_reported_and_nothing_lost() {
    let report = Failures::new().from_then_on(true).allow_swallowed(true).check(|base| {
        let pool = Pool::new_in(base).first_slab(2);
        let mut boxes = Vec::new();
        for n in 0..200 {
            boxes.push(pool.try_insert(format!("{n}"))?);
            if n % 3 == 0 {
                boxes.swap_remove(boxes.len() / 2);
            }
        }
        pool.try_reserve(300)?;
        Ok::<(), AllocError>(())
    });
    report.assert_clean();
}
