//! Many threads at once, who hand blocks to each other.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};

use allocator_api2::boxed::Box as ArenaBoxed;
use allocator_api2::vec::Vec as ArenaVec;
use arenite::shared::{ArenaPool, SyncArena};
use arenite::{Chained, ResetMode};
use rayon::prelude::*;

use crate::rounds::rounds;

const THREADS: usize = 6;
const STEPS: usize = rounds(if cfg!(debug_assertions) { 3_000 } else { 20_000 });

/// Numbers that look random and are the same each time.
struct Steps(u64);

impl Steps {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A list whose contents say what they ought to be: its length follows from where it is read.
fn judge(list: &[u64]) {
    if let Some(&first) = list.first() {
        assert!(list.iter().zip(first..).all(|(&value, expected)| value == expected));
    }
}

#[test]
fn blocks_change_hands_while_they_grow() {
    let mut arena = SyncArena::new_in(Chained::new().first_chunk(256));
    for round in 0..3 {
        let shelf = Mutex::new(Vec::new());
        let start = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (arena, shelf, start) = (&arena, &shelf, &start);
                scope.spawn(move || {
                    let mut steps = Steps((round * THREADS + thread) as u64);
                    let mut own: Vec<ArenaVec<u64, &SyncArena<_>>> = Vec::new();
                    start.wait();
                    for step in 0..STEPS {
                        match steps.below(8) {
                            0 => own.push(ArenaVec::new_in(arena)),
                            1 => drop(own.pop()),
                            2 => shelf.lock().unwrap().extend(own.pop()),
                            3 => own.extend(shelf.lock().unwrap().pop()),
                            4 => judge(arena.alloc_from_iter(7..7 + steps.below(40) as u64)),
                            5 => {
                                let len = steps.below(900) + 1;
                                let text = arena.alloc_slice_fill_copy(len, step as u8);
                                assert!(text.iter().all(|&byte| byte == step as u8));
                            }
                            6 => own.iter_mut().for_each(|list| {
                                judge(list);
                                list.truncate(steps.below(list.len() + 1));
                                list.shrink_to_fit();
                            }),
                            _ => {
                                for list in &mut own {
                                    let next = list.last().map_or(step as u64, |last| last + 1);
                                    list.extend(next..next + steps.below(200) as u64);
                                }
                            }
                        }
                        if own.len() > 6 {
                            own.remove(steps.below(6));
                        }
                    }
                    own.iter().for_each(|list| judge(list));
                });
            }
        });
        shelf.into_inner().unwrap().iter().for_each(|list| judge(list));
        let mode = [ResetMode::Retain, ResetMode::Decay, ResetMode::FreeAll][round];
        arena.reset_with(mode);
        assert_eq!(arena.used(), 0);
    }
}

/// More threads at a time than have numbers, in zeal builds, and than have places in the first table, everywhere.
#[test]
fn more_threads_than_there_is_room_for() {
    const MANY: usize = rounds(130);
    let arena = SyncArena::new();
    let pool = ArenaPool::new();
    let all_are_here = Barrier::new(MANY);
    std::thread::scope(|scope| {
        for thread in 0..MANY as u64 {
            let (arena, pool, all_are_here) = (&arena, &pool, &all_are_here);
            scope.spawn(move || {
                all_are_here.wait();
                let mine = pool.local();
                let values: Vec<_> =
                    (0..200).map(|i| (arena.alloc([thread, i]), mine.alloc([i, thread]))).collect();
                all_are_here.wait();
                for ((shared, own), i) in values.into_iter().zip(0..) {
                    assert_eq!((*shared, *own), ([thread, i], [i, thread]));
                }
                assert!(std::ptr::eq(mine, pool.local()));
                all_are_here.wait();
            });
        }
    });
    assert_eq!(pool.arenas(), MANY);
}

/// Threads come and go all the time.
#[test]
fn threads_that_come_and_go() {
    const ROUNDS: u64 = rounds(60) as u64;
    let arena = SyncArena::new();
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut kept = Vec::new();
                for i in 0..ROUNDS {
                    let boxes = std::thread::scope(|inner| {
                        let make =
                            || (0..20).map(|j| ArenaBoxed::new_in(i * 100 + j, &arena)).collect::<Vec<_>>();
                        inner.spawn(make).join().unwrap()
                    });
                    made.fetch_add(boxes.len(), Relaxed);
                    kept.push(boxes);
                }
                for (i, boxes) in kept.into_iter().enumerate() {
                    assert!(boxes.into_iter().zip(0..).all(|(value, j)| *value == i as u64 * 100 + j));
                }
            });
        }
    });
    assert_eq!(made.into_inner(), 3 * ROUNDS as usize * 20);
}

/// Tasks within tasks, on as many workers as there are: a worker that waits runs another task.
#[test]
fn tasks_of_rayon() {
    fn sum<'p>(pool: &'p ArenaPool, shared: &'p SyncArena, depth: u32) -> (&'p u64, &'p u64) {
        if depth == 0 {
            return (pool.local().alloc(1), shared.alloc(1));
        }
        let before = pool.local().alloc_str("before");
        let (left, right) = rayon::join(|| sum(pool, shared, depth - 1), || sum(pool, shared, depth - 1));
        assert_eq!(before, "before");
        (pool.local().alloc(left.0 + right.0), shared.alloc(left.1 + right.1))
    }

    const DEPTH: u32 = if cfg!(miri) { 4 } else { 10 };
    let workers = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let mut pool = ArenaPool::new();
    let mut shared = SyncArena::new();
    for _ in 0..rounds(5) {
        workers.install(|| {
            assert_eq!(sum(&pool, &shared, DEPTH), (&(1 << DEPTH), &(1 << DEPTH)));
            let words: Vec<&str> = (0..rounds(1000))
                .into_par_iter()
                .map(|i| &*pool.local().alloc_fmt(format_args!("{i}")))
                .collect();
            assert!(words.iter().enumerate().all(|(i, word)| **word == *i.to_string()));
        });
        pool.reset();
        shared.reset();
    }
    assert!(pool.arenas() <= 3);
}

/// While other threads are at their arenas of a pool, and at scratch arenas, a child process is made again and again, and goes on
/// with both: neither has a lock that a thread could hold which the child does not have.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_child_process_goes_on_with_a_pool() {
    use std::sync::atomic::AtomicBool;

    use arenite::scratch::scratch;

    let pool = ArenaPool::new();
    let stop = AtomicBool::new(false);
    let work = |seed: u64| {
        let sum = scratch(|arena| arena.alloc_slice_fill_copy(500, seed).iter().sum::<u64>());
        let numbers = pool.local().alloc_slice_fill_copy(500, seed);
        assert_eq!(numbers.iter().sum::<u64>(), sum);
    };
    std::thread::scope(|scope| {
        for seed in 1..=2 {
            let (stop, work) = (&stop, &work);
            // New threads again and again, so that numbers and arenas are handed out meanwhile.
            scope.spawn(move || {
                while !stop.load(Relaxed) {
                    std::thread::scope(|inner| _ = inner.spawn(|| (0..200).for_each(|_| work(seed))));
                }
            });
        }
        for _ in 0..20 {
            // SAFETY: the child allocates, for which the system's allocator is ready after a fork, and calls `_exit`; should it
            // wait, the alarm ends it.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: no condition.
                unsafe { libc::alarm(20) };
                (0..20).for_each(&work);
                // SAFETY: ends the process, and runs nothing of the parent's.
                unsafe { libc::_exit(7) };
            }
            let mut status = 0;
            // SAFETY: our own child, and a place for its status.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "{status}");
        }
        stop.store(true, Relaxed);
    });
}
