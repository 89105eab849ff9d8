//! Many arenas, many threads, and processes that part ways.

use std::thread;

use arenite::{Arena, Virtual};

use super::process::apart;
use super::{alone, arena, block, check_zero, zeroed};

/// Uses `arena` with a pattern of its own.
fn exercise(arena: &Arena<Virtual>, id: usize) {
    check_zero(zeroed(arena, 100 + id % 5000));
    let pattern = id as u8;
    let bytes = arena.alloc_slice_fill_copy(200 + id % 3000, pattern);
    arena.scope(|child| {
        block(child, 10 + id % 70_000);
        check_zero(zeroed(child, 500));
    });
    assert!(bytes.iter().all(|&byte| byte == pattern));
}

#[test]
fn a_thousand_arenas_at_once() {
    // By themselves: other tests want long ranges meanwhile.
    alone("virtual_memory::crowd::a_thousand_arenas_at_once", || {
        let mut arenas: Vec<_> = (0..1000).map(|_| arena()).collect();
        let blocks: Vec<_> = arenas
            .iter()
            .enumerate()
            .map(|(id, arena)| {
                exercise(arena, id);
                arena.alloc(id)
            })
            .collect();
        for (id, block) in blocks.into_iter().enumerate() {
            assert_eq!(*block, id);
        }
        arenas.iter_mut().for_each(Arena::reset);
        for (id, arena) in arenas.iter().enumerate() {
            exercise(arena, id);
        }
    });
}

#[test]
fn a_thousand_arenas_one_after_the_other_on_eight_threads() {
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for round in 0..1000 {
                    let arena: Arena<_> = Arena::new_in(Virtual::new().reserve(3 << 20));
                    exercise(&arena, thread * 1000 + round);
                    if round % 100 == 99 && thread == 0 {
                        Virtual::trim_cache();
                    }
                }
            });
        }
    });
}

#[test]
fn a_thousand_threads() {
    for batch in 0..20 {
        thread::scope(|scope| {
            for thread in 0..50 {
                scope.spawn(move || exercise(&arena(), batch * 50 + thread));
            }
        });
    }
}

#[test]
fn an_arena_goes_to_another_thread() {
    let arena = arena();
    exercise(&arena, 1);
    let mut arena = thread::spawn(move || {
        exercise(&arena, 2);
        arena
    })
    .join()
    .expect("no panic");
    arena.reset();
    exercise(&arena, 3);
}

#[test]
fn a_fork_with_ranges_in_the_cache() {
    let arenas: Vec<_> = (0..8).map(|_| arena()).collect();
    for (id, arena) in arenas.iter().enumerate() {
        exercise(arena, id);
    }
    let kept = arena();
    let value = kept.alloc([7_u64; 1000]);
    drop(arenas);
    apart(|| {
        for id in 0..40 {
            exercise(&arena(), id);
        }
        // What the parent had is a copy now.
        assert_eq!(*value, [7; 1000]);
        value.fill(8);
        exercise(&kept, 1);
        Virtual::trim_cache();
        exercise(&arena(), 2);
    });
    assert_eq!(*value, [7; 1000]);
    for id in 0..40 {
        exercise(&arena(), id);
    }
}
