//! Sealed arenas: what fails, what still works, who is concerned.

use std::alloc::Layout;
use std::mem;

use allocator_api2::alloc::Allocator;
use allocator_api2::vec::Vec as ApiVec;
use arenite::{Arena, Backing};

use super::{Log, enlist, over_every_backing};

/// Nothing of any size is to be had, by any way.
fn assert_nothing<B: Backing>(arena: &Arena<B>) {
    assert!(arena.is_sealed());
    for size in [1, 8, 100, 100_000] {
        for align in [1, 8, 64, 4096] {
            let layout = Layout::from_size_align(size, align).unwrap();
            assert!(!arena.can_allocate(layout));
            assert!(arena.try_alloc_layout(layout).is_err());
            assert!(arena.allocate(layout).is_err());
            assert!(arena.allocate_zeroed(layout).is_err());
        }
    }
    assert_eq!(arena.chunk_capacity(), 0);
    assert!(arena.try_alloc(1_u8).is_err());
    assert!(arena.try_alloc_str("text").is_err());
    assert!(arena.try_alloc_slice_copy(&[1, 2]).is_err());
    assert!(arena.try_alloc_from_iter((0..5).filter(|n| n % 2 == 0)).is_err());
    assert!(arena.try_alloc_owned(String::from("owned")).is_err());
    assert!(arena.try_defer(|| panic!("called although it was refused")).is_err());
    assert!(arena.try_reserve(1).is_err());
    assert!(ApiVec::<u8, _>::new_in(arena).try_reserve(1).is_err());
    // What takes no memory.
    assert!(arena.try_reserve(0).is_ok());
    arena.alloc(());
    assert!(arena.alloc_slice_copy::<u64>(&[]).is_empty());
    assert!(arena.allocate(Layout::from_size_align(0, 4096).unwrap()).is_ok());
}

over_every_backing! {
    fn hands_out_nothing(mut arena) {
        for filled in [0, 1, 2000] {
            let kept = arena.alloc_slice_fill_copy(filled, 7_u32);
            arena.seal();
            assert_nothing(&arena);
            arena.seal();
            assert_nothing(&arena);
            assert!(kept.iter().all(|&n| n == 7));
            let used = arena.stats().used;
            arena.unseal();
            assert!(!arena.is_sealed());
            arena.alloc_str("again");
            assert!(arena.stats().used > used);
        }
    }

    // Not even the bytes of a block that was freed, which was the last.
    fn frees_and_shrinks_make_no_room(arena) {
        let layout = Layout::new::<[u64; 4]>();
        let block = arena.alloc_layout(layout);
        let grown = {
            let mut vec = ApiVec::<u64, _>::with_capacity_in(100, &arena);
            vec.extend([1, 2, 3]);
            vec
        };
        arena.seal();
        let mut vec = grown;
        vec.shrink_to_fit();
        assert_eq!(vec, [1, 2, 3]);
        assert!(vec.try_reserve(50).is_err());
        assert_eq!(vec, [1, 2, 3]);
        drop(vec);
        assert_nothing(&arena);
        // SAFETY: the block is this arena's, with this layout, and longer by no more than it may be.
        assert!(unsafe { arena.try_grow_in_place(block, layout, 64) }.is_none());
        // SAFETY: as above, and shorter.
        assert!(!unsafe { arena.try_shrink_in_place(block, layout, 8) });
        // SAFETY: as above; the block is used no more.
        unsafe { (&arena).deallocate(block, layout) };
        assert_nothing(&arena);
    }

    fn a_reset_unseals(mut arena) {
        for filled in [0, 10, 3000] {
            arena.alloc_slice_fill_copy(filled, 1_u8);
            arena.seal();
            arena.reset();
            assert!(!arena.is_sealed());
            assert_eq!(arena.stats().used, 0);
            arena.alloc([0_u8; 100]);
        }
    }

    fn children_made_of_it_are_sealed(arena) {
        arena.alloc(1);
        arena.seal();
        arena.scope(|inner| {
            assert_nothing(inner);
            inner.scope(|innermost| assert_nothing(innermost));
        });
        let child = arena.child();
        assert_nothing(&child);
        mem::forget(child);
        assert_nothing(&arena);
    }

    fn children_that_live_already_go_on(mut arena) {
        arena.alloc(1);
        let (first, second) = (arena.child(), arena.child());
        first.alloc([1_u8; 50]);
        arena.seal();
        for _ in 0..200 {
            first.alloc([2_u8; 50]);
            second.alloc([3_u8; 50]);
        }
        drop(first);
        assert_nothing(&arena);
        second.alloc([4_u8; 500]);
        drop(second);
        assert_nothing(&arena);
        arena.unseal();
        arena.alloc([5_u8; 5000]);
    }

    fn the_parent_of_a_sealed_child_goes_on(arena) {
        // Before there is any memory.
        let early = arena.child();
        early.seal();
        assert_nothing(&early);
        arena.set_allocation_limit(None);
        assert_eq!(arena.allocation_limit(), None);
        assert_nothing(&early);
        arena.alloc(1);
        assert_nothing(&early);
        let child = arena.child();
        let text = child.alloc_str("kept");
        child.seal();
        assert_nothing(&child);
        let block = arena.alloc([7_u64; 100]);
        assert_eq!((&*text, *block), ("kept", [7; 100]));
        drop(child);
        drop(early);
        assert!(!arena.is_sealed());
        arena.scope(|inner| _ = inner.alloc([8_u8; 1000]));
        assert_eq!(*block, [7; 100]);
    }

    fn what_it_owns_ends_as_ever(mut arena) {
        let log = Log::default();
        enlist(&arena, &log, 0..4);
        arena.scope(|inner| {
            enlist(inner, &log, 10..12);
            inner.seal();
            assert_nothing(inner);
        });
        assert_eq!(log.take(), [11, 10]);
        arena.seal();
        assert!(log.take().is_empty());
        arena.unseal();
        assert!(log.take().is_empty());
        arena.seal();
        arena.reset();
        assert_eq!(log.take(), [3, 2, 1, 0]);
    }

    fn going_back_does_not_unseal(mut arena) {
        arena.alloc([1_u8; 10]);
        let before = arena.checkpoint();
        arena.alloc([2_u8; 3000]);
        arena.seal();
        let sealed = arena.checkpoint();
        // SAFETY: the marks are this arena's, and nothing made since is in use.
        unsafe { arena.rewind(sealed) };
        assert_nothing(&arena);
        // SAFETY: as above.
        unsafe { arena.rewind(before) };
        assert_nothing(&arena);
        assert!(arena.stats().used < 3000);
        arena.unseal();
        arena.alloc([3_u8; 100]);
    }

    fn a_limit_is_kept_and_shown(mut arena) {
        arena.set_allocation_limit(Some(100_000));
        arena.seal();
        assert_eq!(arena.allocation_limit(), Some(100_000));
        arena.unseal();
        assert_eq!(arena.allocation_limit(), Some(100_000));
        assert!(arena.try_alloc([0_u8; 200_000]).is_err());
        arena.set_allocation_limit(None);
        assert_eq!(arena.allocation_limit(), None);
        arena.alloc([0_u8; 200_000]);
    }

    fn in_the_middle_of_an_allocation(arena) {
        let filled = arena.try_alloc_from_iter((0..100_u32).inspect(|&n| if n == 50 { arena.seal() }));
        // Room for fifty was there, or not.
        assert!(filled.is_err() || filled.is_ok_and(|filled| filled.len() == 100));
        assert_nothing(&arena);
    }
}

/// Chunks that ended children left behind, side chunks and kept tails are not handed out, either; afterwards they are.
#[test]
fn spares_wait_until_it_is_unsealed() {
    let mut arena = Arena::new_in(arenite::Chained::new().first_chunk(256).max_chunk(1024));
    arena.scope(|inner| {
        for _ in 0..100 {
            inner.alloc([0_u8; 100]);
        }
    });
    arena.alloc([0_u8; 2000]);
    let committed = arena.stats().committed;
    arena.seal();
    assert_nothing(&arena);
    arena.unseal();
    for _ in 0..5 {
        arena.alloc([0_u8; 100]);
    }
    assert_eq!(arena.stats().committed, committed);
}

#[test]
fn a_panic_says_that_it_is_sealed() {
    let arena = Arena::new().named("settings");
    arena.seal();
    for (refused, what) in [
        (
            Box::new(|| _ = arena.alloc(1_u64)) as Box<dyn FnOnce() + '_>,
            "out of memory for 8 B aligned to 8 B",
        ),
        (Box::new(|| arena.reserve(100)), "no memory to reserve 100 B"),
    ] {
        let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(refused)).unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert_eq!(*message, format!("arena `settings`: {what}: it is sealed"));
    }
}

/// A source of memory that seals the arena it serves: it cannot say what becomes of the chunk that it is about to return.
#[test]
fn a_source_cannot_seal_the_arena_that_it_serves() {
    use std::cell::Cell;
    use std::ptr::NonNull;

    use allocator_api2::alloc::{AllocError, Global};
    use arenite::Chained;

    struct Sealing;

    type Served = Arena<Chained<Sealing>>;

    thread_local! {
        static SERVED: Cell<Option<&'static Served>> = const { Cell::new(None) };
    }

    // SAFETY: passes on to the global allocator.
    unsafe impl Allocator for Sealing {
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
            SERVED.get().unwrap().seal();
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: the contract is the same.
            unsafe { Global.deallocate(block, layout) };
        }
    }

    let arena = Box::into_raw(Box::new(Arena::new_in(Chained::new_in(Sealing))));
    // SAFETY: made just now, and freed when nothing uses it any more.
    let served: &'static Served = unsafe { &*arena };
    SERVED.set(Some(served));
    for _ in 0..100 {
        served.alloc([1_u8; 100]);
    }
    assert!(!served.is_sealed());
    served.seal();
    assert_nothing(served);
    SERVED.set(None);
    // SAFETY: from `Box::into_raw`, and not used any more.
    drop(unsafe { Box::from_raw(arena) });
}
