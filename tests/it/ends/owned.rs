//! Values that the arena owns, closures that it calls: when, and in which order.

use std::mem;
use std::sync::Arc;

use arenite::{Arena, Chained, ResetMode};

use super::{Log, backwards, enlist, over_every_backing};

over_every_backing! {
    fn last_in_first_out_at_the_end(arena) {
        let log = Log::default();
        enlist(&arena, &log, 0..100);
        assert!(log.take().is_empty());
        drop(arena);
        assert_eq!(log.take(), backwards(0..100));
        assert_eq!(log.holders(), 0);
    }

    fn at_every_reset(mut arena) {
        let log = Log::default();
        let modes = [ResetMode::Retain, ResetMode::RetainLimit(500), ResetMode::Decay, ResetMode::FreeAll];
        for (round, mode) in modes.into_iter().cycle().take(24).enumerate() {
            let some = 20 * (round as u32 % 3);
            enlist(&arena, &log, 0..some);
            if round % 2 == 0 && mode == ResetMode::Retain {
                arena.reset();
            } else {
                arena.reset_with(mode);
            }
            assert_eq!(log.take(), backwards(0..some), "{mode:?}");
            assert_eq!(arena.stats().used, 0);
            if mode == ResetMode::FreeAll {
                assert_eq!(arena.stats().committed, 0);
            }
        }
        assert_eq!(log.holders(), 0);
    }

    fn at_the_end_of_scopes_and_guards(arena) {
        let log = Log::default();
        enlist(&arena, &log, [1]);
        arena.scope(|inner| {
            enlist(inner, &log, 10..40);
            enlist(&arena, &log, [2, 3]);
            inner.scope(|innermost| enlist(innermost, &log, [50, 51]));
            assert_eq!(log.take(), [51, 50]);
        });
        assert_eq!(log.take(), backwards(10..40));
        let (left, right) = (arena.child(), arena.child());
        enlist(&left, &log, [4, 5]);
        enlist(&right, &log, [6, 7]);
        enlist(&left, &log, [8]);
        drop(left);
        assert_eq!(log.take(), [8, 5, 4]);
        drop(right);
        assert_eq!(log.take(), [7, 6]);
        drop(arena);
        assert_eq!(log.take(), [3, 2, 1]);
    }

    fn when_a_scope_panics(arena) {
        let log = Log::default();
        let unwound = super::unwinds(|| arena.scope(|inner| {
            enlist(inner, &log, 0..10);
            panic!("in a scope");
        }));
        assert!(unwound);
        assert_eq!(log.take(), backwards(0..10));
    }

    // Nothing runs, nothing is touched again: as with everything else that is forgotten.
    fn not_when_a_child_is_forgotten(mut arena) {
        let log = Log::default();
        let child = arena.child();
        let grandchild = child.child();
        enlist(&grandchild, &log, 0..10);
        enlist(&child, &log, 10..20);
        mem::forget(grandchild);
        mem::forget(child);
        enlist(&arena, &log, [30]);
        arena.reset();
        assert_eq!(log.take(), [30]);
        // Their memory is used again.
        for _ in 0..100 {
            arena.alloc([0xEE_u8; 100]);
        }
        drop(arena);
        assert!(log.take().is_empty());
        assert_eq!(log.holders(), 20);
        // Nothing is really lost, for those who look for leaks.
        for _ in 0..20 {
            // SAFETY: there are twenty counts whose owners were forgotten.
            unsafe { Arc::decrement_strong_count(Arc::as_ptr(&log.0)) };
        }
    }

    fn a_forgotten_grandchild_does_not_keep_its_parent_from_ending(arena) {
        let log = Log::default();
        let child = arena.child();
        enlist(&child, &log, 0..10);
        mem::forget(child.child());
        drop(child);
        assert_eq!(log.take(), backwards(0..10));
    }

    fn what_was_made_since_a_checkpoint(arena) {
        let log = Log::default();
        enlist(&arena, &log, 0..5);
        let mark = arena.checkpoint();
        for some in [0, 1, 30] {
            let used = arena.stats().used;
            enlist(&arena, &log, 100..100 + some);
            // SAFETY: the mark is this arena's, and nothing made since is in use.
            unsafe { arena.rewind(mark) };
            assert_eq!(log.take(), backwards(100..100 + some));
            assert_eq!(arena.stats().used, used);
        }
        let later = arena.checkpoint();
        enlist(&arena, &log, [7]);
        // SAFETY: as above.
        unsafe { arena.rewind(later) };
        assert_eq!(log.take(), [7]);
        enlist(&arena, &log, [8]);
        // SAFETY: as above.
        unsafe { arena.rewind(mark) };
        assert_eq!(log.take(), [8]);
        drop(arena);
        assert_eq!(log.take(), backwards(0..5));
    }

    fn entries_move_with_the_arena(arena) {
        let log = Log::default();
        enlist(&arena, &log, 0..9);
        let mut one = Box::new(arena);
        let mut other = Arena::new_in(Chained::new());
        enlist(&other, &log, 50..52);
        let mut third = Arena::new_in(Chained::new());
        mem::swap(&mut other, &mut third);
        drop(third);
        assert_eq!(log.take(), [51, 50]);
        one.reset();
        assert_eq!(log.take(), backwards(0..9));
        enlist(&one, &log, 3..7);
        let moved = *one;
        drop(moved);
        assert_eq!(log.take(), backwards(3..7));
    }

    fn of_every_size_and_alignment(arena) {
        #[repr(align(4096))]
        struct Wide(super::Ended);

        struct Nothing;
        impl Drop for Nothing {
            fn drop(&mut self) {
                NOTHINGS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
        static NOTHINGS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

        let log = Log::default();
        NOTHINGS.store(0, std::sync::atomic::Ordering::Relaxed);
        for id in 0..5 {
            let wide = arena.alloc_owned(Wide(log.value(id)));
            assert_eq!((std::ptr::from_ref(wide).addr() % 4096, wide.0.id), (0, id));
            let large = arena.alloc_owned(([id; 3000], log.value(100 + id)));
            assert_eq!(large.0, [id; 3000]);
            arena.alloc_owned(Nothing);
            let moved = [id; 700];
            let log = log.clone();
            arena.defer(move || log.add(moved.iter().sum::<u32>()));
        }
        drop(arena);
        let expected = (0..5).rev().flat_map(|id| [700 * id, 100 + id, id]);
        assert_eq!(log.take(), expected.collect::<Vec<_>>());
        // Other backings' tests count along.
        assert_eq!(NOTHINGS.load(std::sync::atomic::Ordering::Relaxed), 5);
    }

    fn an_owner_is_adopted_and_its_memory_freed_at_the_end(arena) {
        let log = Log::default();
        let values: Vec<_> = (0..10).map(|id| log.value(id)).collect();
        let address = values.as_ptr();
        let adopted = arena.adopt(values);
        assert!(std::ptr::eq(adopted.as_ptr(), address));
        adopted[3].id = 33;
        let boxed = arena.adopt(Box::new(log.value(50)));
        boxed.id += 1;
        arena.adopt(String::from("text")).make_ascii_uppercase();
        arena.adopt(vec![log.value(60)].into_boxed_slice())[0].id += 1;
        let theirs = allocator_api2::vec::Vec::from_iter([log.value(70)]);
        assert_eq!(arena.adopt(theirs).len(), 1);
        let unsized_box: Box<dyn FnMut() -> u32 + Send> = Box::new(|| 7);
        assert_eq!(arena.adopt(unsized_box)(), 7);
        // Nothing in it, and nothing of it.
        assert!(arena.adopt(Vec::<super::Ended>::new()).is_empty());
        drop(arena);
        assert_eq!(log.take(), [70, 61, 51, 0, 1, 2, 33, 4, 5, 6, 7, 8, 9]);
        assert_eq!(log.holders(), 0);
    }
}

/// Ten entries fit, the rest do not: what is refused is dropped, and a closure is not called.
#[test]
fn what_there_is_no_memory_for_is_dropped() {
    let mut memory = super::buffer(4096);
    let arena: Arena<_> = Arena::new_in(arenite::Fixed::new(&mut memory));
    let log = Log::default();
    while arena.try_alloc([0_u64; 1]).is_ok() {}
    assert!(arena.try_alloc_owned(log.value(1)).is_err());
    assert_eq!(log.take(), [1]);
    let value = log.value(2);
    let called = log.clone();
    assert!(
        arena
            .try_defer(move || {
                called.add(99);
                drop(value);
            })
            .is_err()
    );
    assert_eq!(log.take(), [2]);
    assert!(arena.try_adopt(vec![log.value(3)]).is_err());
    assert_eq!(log.take(), [3]);
    assert!(super::unwinds(|| _ = arena.alloc_owned(log.value(4))));
    assert_eq!(log.take(), [4]);
    drop(arena);
    assert!(log.take().is_empty());
    assert_eq!(log.holders(), 0);
}

/// The base refuses each of its calls once.
#[test]
fn a_failure_leaves_no_half_an_entry() {
    use allocator_api2::alloc::Global;
    use arenite::wrap::Failing;

    for nth in 1..12 {
        let base = Failing::new(Global);
        base.fail_nth(nth);
        let mut arena = Arena::new_in(Chained::new_in(&base).first_chunk(64).max_chunk(64));
        let log = Log::default();
        let mut expected = Vec::new();
        for id in 0..40 {
            match arena.try_alloc_owned((log.value(id), [id; 10])) {
                Ok(_) => expected.push(id),
                Err(_) => assert_eq!(log.take(), [id]),
            }
        }
        assert_eq!(base.refused(), 1);
        expected.reverse();
        arena.reset();
        assert_eq!(log.take(), expected);
    }
}

#[test]
fn what_needs_no_drop_has_no_entry() {
    let arena = Arena::new();
    let owned = arena.alloc_owned(7_u64);
    let plain = Arena::new();
    plain.alloc(7_u64);
    assert_eq!((*owned, arena.stats().used), (7, plain.stats().used));
    static mut NUMBER: u32 = 1;
    let number = &raw mut NUMBER;
    // SAFETY: the only reference there ever is.
    let number: &'static mut u32 = unsafe { &mut *number };
    arena.adopt(number);
    assert_eq!(arena.stats().used, 2 * plain.stats().used);
}

/// Values are `Send`, so that they can end wherever the arena does.
#[test]
fn on_the_thread_where_the_arena_ends() {
    let log = Log::default();
    let arena = Arena::new();
    enlist(&arena, &log, 0..20);
    std::thread::spawn(move || drop(arena)).join().unwrap();
    assert_eq!(log.take(), backwards(0..20));
}

/// An arena in an arena, and so on.
#[test]
fn arenas_own_arenas() {
    let log = Log::default();
    let mut outer = Arena::new();
    for id in 0..10 {
        let inner = Arena::new();
        enlist(&inner, &log, [id]);
        inner.alloc([0_u8; 5000]);
        outer = {
            let next = Arena::new();
            next.alloc_owned(inner);
            next.alloc_owned(outer);
            next
        };
    }
    drop(outer);
    // Each has the one before it as its newest entry.
    assert_eq!(log.take(), (0..10).collect::<Vec<_>>());
}

/// What was in a file because of its address is not in it any more.
#[test]
#[cfg(all(feature = "mapped", unix))]
fn nothing_of_it_is_left_in_a_file() {
    use arenite::MappedOptions;

    let file = crate::files::Temporary::in_memory(b"");
    let arena: Arena<_> = Arena::new_in(file.open_shared(MappedOptions::new().reserve(1 << 20)));
    let log = Log::default();
    arena.alloc([0x11_u8; 8]);
    arena.alloc_owned((log.value(1), [0x77_u8; 100]));
    let secret = [0x77_u8; 100];
    let called = log.clone();
    arena.defer(move || called.add(u32::from(secret[99])));
    arena.scope(|inner| _ = inner.alloc_owned((log.value(2), [0x77_u8; 100])));
    arena.alloc([0x22_u8; 8]);
    let length = arena.close().unwrap();
    assert_eq!(log.take(), [2, 0x77, 1]);
    assert_eq!(log.holders(), 0);
    let bytes = std::fs::read(file.path()).unwrap();
    assert_eq!(bytes.len() as u64, length);
    assert_eq!(bytes[..8], [0x11; 8]);
    assert!(bytes.windows(8).any(|window| window == [0x22; 8]));
    assert!(!bytes.contains(&0x77));
    // Zeal builds leave junk in what was freed.
    let left = bytes.iter().filter(|&&byte| byte != 0).count();
    assert!(left == 16 || cfg!(arenite_zeal), "{left} bytes are left");
}
