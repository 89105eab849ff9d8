//! Scratch arenas.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use arenite::collections::Vec as ArenaVec;
use arenite::scratch::{retained, scratch, scratch_avoiding, set_retained, stats, trim};
use arenite::{Arena, Chained};

/// Runs `f` on a thread of its own, which has no scratch arena yet.
fn on_a_new_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(f).join().expect("it did not panic"))
}

/// Held by those who change what the whole process keeps.
static RETAINED: Mutex<()> = Mutex::new(());

fn with_retained(bytes: usize, f: impl FnOnce() + Send) {
    let _lock = RETAINED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let before = retained();
    set_retained(bytes);
    on_a_new_thread(f);
    set_retained(before);
}

#[test]
fn what_was_handed_out_is_taken_back() {
    on_a_new_thread(|| {
        let place = scratch(|arena| arena.alloc([1_u8; 100]).as_ptr().addr());
        for _ in 0..1000 {
            scratch(|arena| {
                assert_eq!(arena.stats().used, 0);
                let again = arena.alloc([2_u8; 100]);
                // Zeal builds put it into a chunk of its own.
                assert!(cfg!(arenite_zeal) || again.as_ptr().addr() == place);
            });
        }
        assert_eq!((stats().arenas, stats().in_use), (1, 0));
    });
}

#[test]
fn calls_nest() {
    fn sum(depth: u64) -> u64 {
        scratch(|arena| {
            let numbers = arena.alloc_slice_fill_copy(depth as usize, depth);
            let below = if depth == 0 { 0 } else { sum(depth - 1) };
            assert_eq!(stats().in_use, 1);
            assert!(numbers.iter().all(|&n| n == depth));
            below + numbers.len() as u64
        })
    }
    on_a_new_thread(|| {
        assert_eq!(sum(100), 5050);
        let bytes = stats().bytes;
        assert_eq!((stats().arenas, sum(100)), (1, 5050));
        assert_eq!(stats().bytes, bytes, "the second time needs no more");
    });
}

/// Results in the caller's arena, which is one of the thread's.
#[test]
fn an_arena_that_is_avoided_goes_on_where_it_stands() {
    on_a_new_thread(|| {
        for _ in 0..10 {
            scratch(|out| {
                let mut words = ArenaVec::with_capacity_in(2, out);
                for n in 0..1000_u64 {
                    scratch_avoiding(&[out], |temporary| {
                        temporary.alloc_slice_fill_copy(10, n);
                        words.push(n);
                        assert_eq!((stats().arenas, stats().in_use), (2, 2));
                    });
                }
                assert!(words.iter().copied().eq(0..1000));
                // The last block grew in place all the time.
                let wasted = out.stats().used - 8 * words.capacity();
                assert!(cfg!(any(arenite_zeal, arenite_asan)) || wasted < 16 << 10, "{}", out.stats());
            });
        }
    });
}

#[test]
fn there_are_as_many_arenas_as_are_to_be_avoided() {
    fn deep<'a>(avoid: &mut Vec<&'a Arena>, depth: usize, f: &mut dyn FnMut(&[&Arena])) {
        if depth == 0 {
            return f(avoid);
        }
        scratch_avoiding(&avoid.clone(), |arena| {
            let mut all: Vec<&Arena> = avoid.clone();
            all.push(arena);
            deep(&mut all, depth - 1, f);
        });
    }
    on_a_new_thread(|| {
        let mut calls = 0;
        deep(&mut Vec::new(), 7, &mut |arenas| {
            calls += 1;
            assert_eq!((stats().arenas, stats().in_use), (7, 7));
            let numbers: Vec<&mut usize> =
                arenas.iter().enumerate().map(|(n, arena)| arena.alloc(n)).collect();
            assert!(numbers.iter().enumerate().all(|(n, &&mut number)| n == number));
            // One that was there already, and one that is nobody's.
            let own = Arena::new();
            scratch_avoiding(&[arenas[0], arenas[2], &own], |arena| {
                assert_eq!(stats().arenas, 7);
                assert!(arenas.iter().all(|other| !std::ptr::eq(*other, arena)));
            });
        });
        assert_eq!((calls, stats().in_use, stats().arenas), (1, 0, 7));
    });
}

/// A child of a scratch arena is of it.
#[test]
fn children_are_avoided_as_their_parents_are() {
    on_a_new_thread(|| {
        scratch(|arena| {
            arena.scope(|inner| {
                scratch_avoiding(&[inner], |_| assert_eq!(stats().in_use, 2));
                scratch_avoiding(&[&arena.child()], |_| assert_eq!(stats().in_use, 2));
            });
        });
    });
}

#[test]
fn a_collision_is_found_in_debug_builds_and_harmless_in_all() {
    on_a_new_thread(|| {
        let found = catch_unwind(|| {
            scratch(|out| {
                let outer = out.alloc([1_u8; 64]);
                let inner = scratch(|temporary| {
                    let kept = temporary.alloc([2_u8; 64]);
                    let result = out.alloc([3_u8; 64]);
                    assert_eq!((*kept, *outer), ([2; 64], [1; 64]));
                    result
                });
                assert_eq!((*inner, *outer), ([3; 64], [1; 64]));
            });
        });
        let message = found.err().map(|panic| *panic.downcast::<&str>().expect("a message"));
        match cfg!(debug_assertions) {
            true => assert!(message.is_some_and(|text| text.contains("`scratch_avoiding`"))),
            false => assert_eq!(message, None),
        }
        // Not one: the outer arena is only used before and after.
        scratch(|out| {
            let mut vec = ArenaVec::new_in(out);
            vec.extend([1, 2, 3]);
            scratch(|temporary| {
                temporary.alloc(1);
                vec.pop();
                vec.shrink_to_fit();
            });
            out.alloc(4);
        });
        assert_eq!(stats().in_use, 0);
    });
}

#[test]
fn a_panic_leaves_everything_as_it_was() {
    on_a_new_thread(|| {
        for _ in 0..100 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                scratch(|arena| {
                    arena.alloc([0_u8; 5000]);
                    scratch_avoiding(&[arena], |other| {
                        other.alloc([0_u8; 5000]);
                        scratch(|_| panic!("not today"));
                    });
                });
            }));
            assert!(result.is_err());
            assert_eq!((stats().arenas, stats().in_use), (2, 0));
        }
        let bytes = stats().bytes;
        assert!(bytes < 100_000, "{bytes}");
        scratch(|arena| assert_eq!(arena.stats().used, 0));
    });
}

#[test]
fn a_thread_keeps_no_more_than_it_may() {
    with_retained(50_000, || {
        for bytes in [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 10] {
            scratch(|arena| {
                arena.alloc_slice_fill_copy(bytes, 1_u8);
                scratch_avoiding(&[arena], |other| other.alloc_slice_fill_copy(bytes, 2_u8).len());
            });
            assert!(stats().bytes <= 2 * 50_000, "{} after {bytes}", stats());
        }
        assert!(stats().bytes > 0);
        set_retained(0);
        scratch(|arena| arena.alloc(1_u8).count_ones());
        scratch(|arena| scratch_avoiding(&[arena], |other| other.alloc(1_u8).count_ones()));
        assert_eq!(stats().bytes, 0);
    });
}

/// What a call sets for the whole arena is not set in the next one, nor, afterwards, in the one around it.
#[test]
fn what_is_set_ends_with_the_call() {
    thread_local!(static TOLD: Cell<[usize; 2]> = const { Cell::new([0; 2]) });
    fn tell<const N: usize>() {
        let mut told = TOLD.get();
        told[N] += 1;
        TOLD.set(told);
    }
    let refuses = |arena: &Arena| arena.try_alloc([0_u8; 200_000]).is_err();
    on_a_new_thread(|| {
        for panics in [false, true] {
            TOLD.set([0; 2]);
            _ = catch_unwind(AssertUnwindSafe(|| {
                scratch(|arena| {
                    arena.set_allocation_limit(Some(100_000));
                    arena.on_out_of_memory(|_| tell::<0>());
                    _ = catch_unwind(AssertUnwindSafe(|| {
                        scratch(|inner| {
                            assert_eq!(inner.allocation_limit(), Some(100_000));
                            assert!(refuses(inner), "the limit of a call is that of calls within it");
                            inner.set_allocation_limit(Some(50_000));
                            inner.on_out_of_memory(|_| tell::<1>());
                            inner.set_name("inner");
                            inner.seal();
                            assert!(!panics, "not today");
                        });
                    }));
                    assert_eq!((arena.allocation_limit(), arena.name()), (Some(100_000), None));
                    assert!(refuses(arena) && arena.try_alloc([0_u8; 60_000]).is_ok());
                    assert_eq!(TOLD.get(), [2, 0]);
                    assert!(!panics, "not today either");
                });
            }));
            scratch(|arena| {
                assert_eq!((arena.allocation_limit(), arena.is_sealed()), (None, false));
                assert!(!refuses(arena));
                arena.set_allocation_limit(Some(1000));
                assert!(refuses(arena));
            });
            assert_eq!(TOLD.get(), [2, 0], "a hook was told of a later call");
            trim();
        }
    });
}

/// What a call needed is one chunk the next time.
#[test]
fn warm_calls_need_no_memory() {
    with_retained(1 << 20, || {
        let call = || {
            scratch(|arena| {
                for n in 0..1000_u64 {
                    arena.alloc([n; 10]);
                }
                arena.stats().chunks
            })
        };
        call();
        assert_eq!(call(), 1);
        let bytes = stats().bytes;
        (0..1000).for_each(|_| assert_eq!(call(), 1));
        assert_eq!(stats().bytes, bytes);
    });
}

#[test]
fn trimming_leaves_what_is_in_use() {
    on_a_new_thread(|| {
        scratch(|arena| scratch_avoiding(&[arena], |other| (arena.alloc([1_u8; 9000]), other.alloc(2)).0[0]));
        scratch(|arena| {
            let text = arena.alloc_str("still there");
            let before = stats().bytes;
            let freed = trim();
            assert_eq!(stats().bytes, before - freed);
            assert!(freed > 0, "the second arena was idle");
            assert_eq!(text, "still there");
        });
        assert!(trim() > 0);
        assert_eq!((stats().bytes, stats().arenas), (0, 2));
        assert_eq!(stats().to_string(), "0 B in 2 scratch arenas, 0 in use");
        scratch(|arena| assert_eq!(*arena.alloc(1), 1));
    });
}

#[test]
fn threads_have_their_own() {
    let arena = Arena::new();
    let place = |arena: &Arena| std::ptr::from_ref(arena).addr();
    let outer = scratch(|outer| {
        let inner = on_a_new_thread(|| scratch(|inner| (stats().in_use, place(inner))));
        assert_eq!(inner.0, 1);
        assert_ne!(inner.1, place(outer));
        place(outer)
    });
    assert_ne!(outer, place(&arena));
}

/// Uses scratch arenas when the thread ends, before or after they are gone.
struct AtTheEnd(&'static str);

static SEEN: Mutex<Vec<(&'static str, usize)>> = Mutex::new(Vec::new());

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let sum = scratch(|arena| {
            let numbers = arena.alloc_slice_fill_with(1000, |n| n);
            let inner = scratch_avoiding(&[arena], |other| other.alloc_slice_fill_with(10, |n| n).len());
            scratch(|_| ());
            numbers.iter().sum::<usize>() + inner
        });
        trim();
        _ = stats().to_string();
        SEEN.lock().unwrap().push((self.0, sum));
    }
}

#[test]
fn destructors_of_thread_local_values_may_use_them() {
    thread_local! {
        static EARLY: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
        static LATE: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    for (round, names) in [("used", ["early", "late"]), ("never used", ["first", "second"])] {
        on_a_new_thread(|| {
            // Destructors run in the order, or the reverse, in which the values were made: one on either side.
            EARLY.with(|value| *value.borrow_mut() = Some(AtTheEnd(names[0])));
            if round == "used" {
                scratch(|arena| arena.alloc(1_u8).count_ones());
            }
            LATE.with(|value| *value.borrow_mut() = Some(AtTheEnd(names[1])));
        });
        // Whether the scope waits for destructors is the system's affair; the thread's values are gone at some point.
        for _ in 0..1000 {
            if names.iter().all(|name| SEEN.lock().unwrap().iter().any(|(seen, _)| seen == name)) {
                break;
            }
            thread::sleep(std::time::Duration::from_millis(1));
        }
        for name in names {
            assert!(SEEN.lock().unwrap().contains(&(name, 499_500 + 10)), "{name}");
        }
    }
}

#[test]
fn collections_and_other_arenas_inside() {
    on_a_new_thread(|| {
        let sorted = scratch(|arena| {
            let mut words = ArenaVec::new_in(arena);
            words.extend("to be or not to be".split(' '));
            words.sort_unstable();
            let nested = Arena::new_in(Chained::new_in(arena));
            let copy = nested.alloc_slice_copy(&words);
            copy.join(" ")
        });
        assert_eq!(sorted, "be be not or to to");
    });
}
