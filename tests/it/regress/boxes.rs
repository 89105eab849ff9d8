//! Boxes in an arena.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use arenite::{Arena, ArenaBox, unsize_box};

use super::{Noisy, over_every_backing, panics};

thread_local! {
    static UNITS: Cell<isize> = const { Cell::new(0) };
}

/// A value of no size that counts how many of it there are.
struct Unit;

impl Unit {
    fn new() -> Self {
        UNITS.set(UNITS.get() + 1);
        Unit
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        UNITS.set(UNITS.get() - 1);
    }
}

over_every_backing! {
    fn a_box_drops_its_value_once(arena) {
        let alive = Cell::new(0);
        let noisy = || Noisy::new(&alive);
        drop(arena.alloc_box(noisy()));
        assert_eq!(alive.get(), 0);
        let boxed = arena.alloc_box(noisy());
        let value = ArenaBox::into_inner(boxed);
        assert_eq!(alive.get(), 1, "moved out, not dropped");
        drop(value);
        let leaked = ArenaBox::leak(arena.alloc_box(noisy()));
        assert_eq!(leaked.0.get(), 1, "leaked, not dropped");
        // SAFETY: the value is initialised and used no more.
        unsafe { std::ptr::drop_in_place(leaked) };
        let raw = ArenaBox::into_raw(arena.alloc_box(noisy()));
        // SAFETY: the pointer comes from `into_raw`, and the arena lives.
        drop(unsafe { ArenaBox::from_raw(raw) });
        let mut boxed = arena.alloc_box(noisy());
        *boxed = noisy();
        assert_eq!(alive.get(), 1, "the value before was dropped");
        drop(boxed);
        assert_eq!(alive.get(), 0);
    }

    fn boxes_of_slices_and_trait_objects_drop_every_element(arena) {
        trait Held<'a> {
            fn count(&self) -> isize;
        }
        impl<'a, const N: usize> Held<'a> for [Noisy<'a>; N] {
            fn count(&self) -> isize {
                self[0].0.get()
            }
        }
        let alive = Cell::new(0);
        let five = || [(); 5].map(|()| Noisy::new(&alive));
        let slice: ArenaBox<'_, [Noisy<'_>]> = arena.alloc_box(five()).unsize();
        let held: ArenaBox<'_, dyn Held<'_> + '_> = unsize_box!(arena.alloc_box(five()));
        let by_macro: ArenaBox<'_, [Noisy<'_>]> = unsize_box!(arena.alloc_box(five()));
        assert_eq!((held.count(), slice.len(), by_macro.len()), (15, 5, 5));
        drop(held);
        assert_eq!(alive.get(), 10);
        drop(slice);
        assert_eq!(alive.get(), 5);
        drop(by_macro);
        assert_eq!(alive.get(), 0);
    }

    fn boxes_of_nothing_drop_as_many_as_there_are(arena) {
        let alive = Cell::new(0);
        assert_eq!(size_of::<Unit>(), 0);
        UNITS.set(0);
        let boxes: Vec<_> = (0..10).map(|_| arena.alloc_box(Unit::new())).collect();
        let array: ArenaBox<'_, [Unit]> = arena.alloc_box([(); 7].map(|()| Unit::new())).unsize();
        assert_eq!(UNITS.get(), 17);
        drop(array);
        drop(boxes);
        assert_eq!(UNITS.get(), 0);
        assert_eq!(arena.stats().used, 0, "and they took nothing");
        // Slices of nothing that are given up half way.
        let unwound = panics(|| {
            arena.alloc_slice_fill_with(9, |i| {
                assert_ne!(i, 6);
                alive.set(alive.get() + 1);
                Unit::new()
            });
        });
        assert_eq!((unwound, alive.get(), UNITS.get()), (true, 6, 0));
        assert!(arena.alloc_slice_try_fill_with(9, |i| if i == 4 { Err(()) } else { Ok(Unit::new()) }).is_err());
        assert_eq!(UNITS.get(), 0);
    }

    fn a_value_whose_drop_panics_is_dropped_once(arena) {
        struct Mean<'a> {
            _noisy: Noisy<'a>,
        }
        impl Drop for Mean<'_> {
            fn drop(&mut self) {
                panic!("a drop that panics");
            }
        }
        let alive = Cell::new(0);
        let boxed = arena.alloc_box(Mean { _noisy: Noisy::new(&alive) });
        assert!(panics(|| drop(boxed)));
        assert_eq!(alive.get(), 0);
        assert_eq!(*arena.alloc(1), 1);
    }
}

#[test]
fn closures_futures_and_iterators_in_boxes() {
    let arena = Arena::new();
    let mut called = 0;
    let mut call: ArenaBox<'_, dyn FnMut(i32)> = unsize_box!(arena.alloc_box(|n| called += n));
    (*call)(3);
    (*call)(4);
    drop(call);
    assert_eq!(called, 7);

    let mut numbers: ArenaBox<'_, dyn DoubleEndedIterator<Item = i32>> = unsize_box!(arena.alloc_box(0..5));
    assert_eq!((numbers.next(), numbers.next_back(), numbers.nth(1)), (Some(0), Some(4), Some(2)));
    assert_eq!(numbers.size_hint(), (1, Some(1)));

    let ready: ArenaBox<'_, dyn Future<Output = i32> + Unpin> =
        unsize_box!(arena.alloc_box(std::future::ready(9)));
    let mut ready = std::pin::pin!(ready);
    assert_eq!(ready.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(9));
}

#[test]
fn a_box_is_one_word_and_goes_where_its_value_goes() {
    assert_eq!(size_of::<ArenaBox<'_, u64>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<ArenaBox<'_, u64>>>(), size_of::<usize>());
    let arena = Arena::new();
    let boxed = arena.alloc_box(vec![1, 2, 3]);
    // To another thread, which drops it while this one allocates.
    std::thread::scope(|scope| {
        scope.spawn(move || assert_eq!(boxed.iter().sum::<i32>(), 6));
        for i in 0..100 {
            assert_eq!(*arena.alloc(i), i);
        }
    });
}

#[test]
fn a_pinned_value_never_moves() {
    let arena: &'static Arena = Box::leak(Box::new(Arena::new()));
    let mut pinned = ArenaBox::into_pin(arena.alloc_box(std::marker::PhantomPinned));
    let place = std::ptr::from_ref(&*pinned.as_ref());
    let moved = pinned.as_mut();
    assert_eq!(std::ptr::from_ref(&*moved), place);
    let shared = Rc::new(());
    let pinned: std::pin::Pin<ArenaBox<'static, _>> = arena.alloc_box(Rc::clone(&shared)).into();
    assert_eq!(Rc::strong_count(&shared), 2);
    drop(pinned);
    assert_eq!(Rc::strong_count(&shared), 1);
    // So that leak detectors have nothing to report.
    KEPT.lock().unwrap().push(std::ptr::from_ref(arena).addr());
}

static KEPT: std::sync::Mutex<Vec<usize>> = std::sync::Mutex::new(Vec::new());
