//! An entry that panics: the others end all the same, the memory comes back, and the panic goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arenite::{Arena, Backing, ResetMode};

use super::{Log, enlist, over_every_backing};

struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        std::panic::panic_any("in a destructor");
    }
}

/// Entries 0 to 9, with one that panics at `place`, either a value or a closure.
fn enlist_with_panic<B: Backing>(arena: &Arena<B>, log: &Log, place: u32) {
    enlist(arena, log, 0..place);
    if place % 2 == 0 {
        arena.alloc_owned(Panics);
    } else {
        arena.defer(|| std::panic::panic_any("in a closure"));
    }
    enlist(arena, log, place..10);
}

/// Runs `f`, which is to panic as an entry does, after all of ten entries.
fn check(log: &Log, f: impl FnOnce()) {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    let message = payload.downcast_ref::<&str>().expect("an entry's message");
    assert!(message.starts_with("in a "), "{message}");
    assert_eq!(log.take(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(log.holders(), 0);
}

over_every_backing! {
    fn at_a_reset(mut arena) {
        let log = Log::default();
        let modes = [ResetMode::Retain, ResetMode::RetainLimit(100), ResetMode::Decay, ResetMode::FreeAll];
        for (round, mode) in modes.into_iter().cycle().take(11).enumerate() {
            enlist_with_panic(&arena, &log, round as u32);
            check(&log, || arena.reset_with(mode));
            assert_eq!(arena.stats().used, 0);
            enlist_with_panic(&arena, &log, round as u32);
            check(&log, || arena.reset());
            assert_eq!(arena.stats().used, 0);
            assert_eq!(arena.alloc_str("usable"), "usable");
            arena.reset();
        }
    }

    fn at_the_end_of_a_child(arena) {
        let log = Log::default();
        let used = arena.stats().used;
        for place in 0..=10 {
            check(&log, || arena.scope(|inner| enlist_with_panic(inner, &log, place)));
            let child = arena.child();
            enlist_with_panic(&child, &log, place);
            check(&log, || drop(child));
            assert_eq!(arena.stats().used, used);
        }
    }

    fn at_the_end_of_a_child_whose_parent_went_on(arena) {
        let log = Log::default();
        for place in 0..=10 {
            let child = arena.child();
            enlist_with_panic(&child, &log, place);
            let kept = arena.alloc([place; 40]);
            check(&log, || drop(child));
            assert_eq!(*kept, [place; 40]);
        }
    }

    fn at_a_rewind(arena) {
        let log = Log::default();
        let kept = arena.alloc(1);
        for place in 0..=10 {
            let mark = arena.checkpoint();
            let used = arena.stats().used;
            enlist_with_panic(&arena, &log, place);
            // SAFETY: the mark is this arena's, and nothing made since is in use.
            check(&log, || unsafe { arena.rewind(mark) });
            assert_eq!(arena.stats().used, used);
        }
        assert_eq!(*kept, 1);
    }
}

/// The chunks go back, too: the base has got all of them.
#[test]
fn at_the_end_of_an_arena() {
    use allocator_api2::alloc::Global;
    use arenite::Chained;
    use arenite::wrap::Counting;

    for place in 0..=10 {
        let base = Counting::new(Global);
        let log = Log::default();
        let arena = Arena::new_in(Chained::new_in(&base).first_chunk(64));
        enlist_with_panic(&arena, &log, place);
        assert!(base.counts().blocks_live > 1);
        check(&log, || drop(arena));
        assert_eq!(base.counts().blocks_live, 0);

        let arena = Arena::new();
        enlist_with_panic(&arena, &log, place);
        arena.alloc([0_u8; 200_000]);
        check(&log, || drop(arena));
    }
}

/// The value of the scope is dropped, since nobody gets it.
#[test]
fn the_result_of_a_scope_whose_end_panics_is_dropped() {
    let log = Log::default();
    let arena = Arena::new();
    let unwound = super::unwinds(|| {
        _ = arena.scope(|inner| {
            inner.alloc_owned(Panics);
            log.value(7)
        });
    });
    assert!(unwound);
    assert_eq!(log.take(), [7]);
    assert_eq!(arena.stats().used, 0);
}

#[test]
#[cfg(all(feature = "mapped", unix))]
fn when_a_file_is_closed() {
    use arenite::MappedOptions;

    let file = crate::files::Temporary::in_memory(b"");
    let arena: Arena<_> = Arena::new_in(file.open_shared(MappedOptions::new().reserve(1 << 20)));
    let log = Log::default();
    arena.alloc([0x11_u8; 16]);
    enlist_with_panic(&arena, &log, 5);
    check(&log, || _ = arena.close());
    // It ended all the same, as by a drop.
    assert_eq!(&std::fs::read(file.path()).unwrap()[..16], [0x11; 16]);
}
