//! `ArenaPool`: whose arena is whose, how many there are, and what becomes of them.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};

use allocator_api2::alloc::Global;
use arenite::shared::ArenaPool;
use arenite::wrap::Counting;
use arenite::{Arena, Auto, Chained, ResetMode};

use super::address;
use crate::rounds::rounds;

#[test]
fn a_thread_has_one_arena_and_no_other_thread_has_it() {
    const THREADS: usize = 100;
    let mut pool = ArenaPool::new();
    let all_are_here = Barrier::new(THREADS);
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let arena = pool.local();
                arena.alloc(1_u64);
                all_are_here.wait();
                for _ in 0..10 {
                    assert!(std::ptr::eq(arena, pool.local()));
                }
                seen.lock().unwrap().push(address(arena));
            });
        }
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), pool.arenas()), (THREADS, THREADS));
    let stats = pool.stats();
    assert_eq!((stats.arenas, stats.chunks), (THREADS, THREADS));
    assert!(
        stats.used >= THREADS * 8 && stats.peak >= stats.used && stats.committed >= stats.used,
        "{stats}"
    );
    assert!(stats.reserved > stats.committed, "records are counted: {stats}");
}

#[test]
fn results_outlive_tasks_and_threads() {
    let mut pool = ArenaPool::new();
    for round in 0..3 {
        let texts: Vec<&mut str> = std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..4)
                .map(|task| {
                    let pool = &pool;
                    scope.spawn(move || pool.local().alloc_fmt(format_args!("{round}.{task}")))
                })
                .collect();
            tasks.into_iter().map(|task| task.join().unwrap()).collect()
        });
        for (task, text) in texts.into_iter().enumerate() {
            assert_eq!(*text, *format!("{round}.{task}"));
            text.make_ascii_uppercase();
        }
        pool.reset();
        assert_eq!(pool.stats().used, 0);
    }
    assert!(pool.arenas() <= 4, "a reset hands arenas on: {}", pool.arenas());
}

#[test]
fn after_a_reset_a_thread_gets_its_former_arena_if_that_is_free() {
    let mut pool = ArenaPool::new();
    let mine = address(pool.local());
    let other = std::thread::scope(|scope| scope.spawn(|| address(pool.local())).join().unwrap());
    assert_ne!(mine, other);
    for _ in 0..3 {
        pool.reset();
        assert_eq!(address(pool.local()), mine);
    }
    pool.reset();
    // Whoever comes first takes what is free, and then this thread takes the other one.
    let both = Barrier::new(2);
    let get = || {
        let arena = address(pool.local());
        both.wait();
        arena
    };
    let others = std::thread::scope(|scope| {
        let threads = [scope.spawn(get), scope.spawn(get)];
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(others.contains(&mine) && others.contains(&other));
    assert!(![mine, other].contains(&address(pool.local())));
    assert_eq!(pool.arenas(), 3);
}

#[test]
fn pools_are_not_confused() {
    const ROUNDS: u64 = rounds(100) as u64;
    let first = ArenaPool::new();
    let mine = address(first.local());
    // At the same address, one after the other.
    let mut seen = Vec::new();
    for round in 0..ROUNDS {
        let pool = ArenaPool::new();
        seen.push(*pool.local().alloc(round));
        assert_eq!(pool.arenas(), 1);
        assert_eq!(address(first.local()), mine);
    }
    assert!(seen.into_iter().eq(0..ROUNDS));
    // Moved, with its arenas.
    let mut pool = ArenaPool::new();
    let before = address(pool.local());
    pool.local().alloc(7_u32);
    let pool = Box::new(std::mem::take(&mut pool));
    assert_eq!(address(pool.local()), before);
}

#[test]
fn a_task_within_a_task_shares_the_arena_and_its_scopes() {
    let pool = ArenaPool::new();
    let outer = pool.local();
    let kept = outer.alloc(1_u64);
    let inner = outer.scope(|scratch| {
        scratch.alloc([0_u64; 10]);
        // As a worker of rayon does that waits for another task.
        let again = pool.local();
        scratch.alloc([0_u64; 10]);
        again.alloc(2_u64)
    });
    pool.local().alloc(3_u64);
    assert_eq!((*kept, *inner), (1, 2));
}

#[test]
fn the_closure_that_makes_a_backing_may_do_anything() {
    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }
    static POOL: ArenaPool = ArenaPool::with_backing(|| {
        // Asks for this thread's arena while that is being made.
        if DEPTH.replace(DEPTH.get() + 1) < 2 {
            POOL.local().alloc(1);
        }
        Auto::new()
    });
    let arena = POOL.local();
    assert!(std::ptr::eq(arena, POOL.local()));
    assert_eq!(POOL.arenas(), 1, "the innermost one is the thread's");

    let calls = AtomicUsize::new(0);
    let pool = ArenaPool::with_backing(|| {
        assert_ne!(calls.fetch_add(1, Relaxed), 0, "the first time it panics");
        Chained::new()
    });
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.local().alloc(1)));
    assert!(first.is_err() && pool.arenas() == 0);
    assert_eq!(*pool.local().alloc(2), 2);
    assert_eq!(pool.arenas(), 1);
}

#[test]
fn everything_goes_back() {
    let counting = Counting::new(Global);
    let mut pool = ArenaPool::with_backing(|| Chained::new_in(&counting));
    let round = |pool: &ArenaPool<_, _>| {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| pool.local().alloc_slice_fill_copy(5000, 1_u8).len());
            }
        });
        pool.local().alloc([0_u8; 3000]);
    };
    round(&pool);
    pool.reset();
    round(&pool);
    pool.reset();
    // Whoever gets which arena: each has had the larger round by then, or will not need more.
    assert!(counting.counts().blocks_live <= 2 * pool.arenas());
    pool.reset_with(ResetMode::FreeAll);
    assert_eq!(counting.counts().blocks_live, 0);
    round(&pool);
    drop(pool);
    let counts = counting.counts();
    assert_eq!((counts.blocks_live, counts.bytes_live), (0, 0));
}

#[test]
fn arenas_can_be_had_one_by_one_and_exchanged() {
    let mut pool = ArenaPool::new();
    pool.local().alloc([0_u8; 100]);
    for arena in pool.iter_mut() {
        assert!(arena.stats().used >= 100);
        let taken = std::mem::replace(arena, Arena::new());
        drop(taken);
    }
    assert_eq!(pool.stats().used, 0);
    pool.local().alloc(1_u64);
    assert_eq!(pool.arenas(), 1);
    let text = format!("{pool:?} {}", pool.stats());
    assert!(text.contains("ArenaPool") && text.contains("in 1 arena, 1 chunk"), "{text}");
}
