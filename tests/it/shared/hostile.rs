//! Sources of memory that use the arena they serve, user code that panics, and memory that runs out.

use std::alloc::Layout;
use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::vec::Vec as ArenaVec;
use arenite::shared::{ArenaPool, SyncArena};
use arenite::wrap::{Counting, Failing};
use arenite::{AllocError, Chained};

use crate::rounds::rounds;

/// Uses the arena that it serves, which is a static, each time that it is asked for memory.
struct Reentrant;

static SERVED: OnceLock<SyncArena<Chained<Reentrant>>> = OnceLock::new();
static TRICKS: AtomicUsize = AtomicUsize::new(0);

impl Reentrant {
    fn play() {
        let Some(arena) = SERVED.get() else { return };
        let turn = TRICKS.fetch_add(1, Relaxed);
        // Small, large, freed at once, kept, grown, asked about.
        if let Ok(value) = arena.try_alloc(turn) {
            assert_eq!(*value, turn);
        }
        _ = arena.try_alloc([0_u8; 10_000]);
        let mut list = ArenaVec::new_in(arena);
        for i in 0..turn % 70 {
            if list.try_reserve(1).is_err() {
                break;
            }
            list.push(i);
        }
        assert!(list.iter().copied().eq(0..list.len()));
        assert!(arena.stats().chunks < 10_000 && arena.allocation_limit().is_none());
    }
}

// SAFETY: passes on to the global allocator.
unsafe impl Allocator for Reentrant {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Self::play();
        let block = Global.allocate(layout);
        Self::play();
        block
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        Self::play();
        // SAFETY: this method's contract is that of the called one.
        unsafe { Global.deallocate(block, layout) };
    }
}

#[test]
fn a_source_may_use_the_arena_that_it_serves() {
    let arena = SERVED.get_or_init(|| SyncArena::new_in(Chained::new_in(Reentrant).first_chunk(300)));
    std::thread::scope(|scope| {
        for thread in 0..2_u64 {
            scope.spawn(move || {
                let mut kept = Vec::new();
                let mut list = ArenaVec::new_in(arena);
                for i in 0..rounds(600) as u64 {
                    kept.push(&*arena.alloc([thread, i, i]));
                    list.push(i);
                    if i % 50 == 0 {
                        assert_eq!(arena.alloc_slice_fill_copy(900, i).len(), 900);
                    }
                }
                assert!(kept.iter().zip(0..).all(|(value, i)| **value == [thread, i, i]));
                assert!(list.iter().copied().eq(0..rounds(600) as u64));
            });
        }
    });
    assert!(TRICKS.load(Relaxed) > 8);
}

/// A value that is counted, and panics when it is made for the n-th time.
struct Fuse<'a> {
    left: Cell<usize>,
    alive: &'a Cell<isize>,
}

struct Alive<'a>(&'a Cell<isize>);

impl Fuse<'_> {
    fn burn(&self) -> Alive<'_> {
        let left = self.left.get();
        self.left.set(left.wrapping_sub(1));
        assert_ne!(left, 0, "the fuse has burnt down");
        self.alive.set(self.alive.get() + 1);
        Alive(self.alive)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Clone for Alive<'_> {
    fn clone(&self) -> Self {
        self.0.set(self.0.get() + 1);
        Alive(self.0)
    }
}

#[test]
fn panics_in_user_code_lose_nothing_and_hold_nothing() {
    const LEN: usize = 9;
    let alive = Cell::new(0);
    let mut arena = SyncArena::new();
    type Program = for<'a> fn(&'a SyncArena, &'a Fuse<'a>) -> usize;
    let programs: [Program; 4] = [
        |arena, fuse| arena.alloc_slice_fill_with(LEN, |_| fuse.burn()).len(),
        |arena, fuse| arena.alloc_from_iter((0..LEN).map(|_| fuse.burn())).len(),
        |arena, fuse| arena.alloc_from_iter((0..LEN).filter(|i| *i < LEN).map(|_| fuse.burn())).len(),
        |arena, fuse| {
            (0..LEN).for_each(|_| _ = arena.alloc_with(|| fuse.burn()));
            LEN
        },
    ];
    for program in programs {
        for calls in 0..=LEN {
            let fuse = Fuse { left: Cell::new(calls), alive: &alive };
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| program(&arena, &fuse)));
            assert_eq!(result.is_ok(), calls == LEN);
            // What is handed out is not dropped; `alloc_with` hands out one by one.
            let handed_out = alive.replace(0);
            assert!(handed_out == 0 || handed_out == LEN as isize || handed_out == calls as isize);
        }
    }
    struct Angry;
    impl fmt::Display for Angry {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("angry")
        }
    }
    let before = arena.used();
    for _ in 0..rounds(1000) {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            arena.alloc_with(|| -> [u64; 8] { panic!("no value") })
        }))
        .unwrap_err();
    }
    assert!(arena.used() <= before + 64 * 8, "room of what was never made goes back");
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        arena.alloc_fmt(format_args!("{}", Angry)).len()
    }))
    .unwrap_err();
    assert_eq!(*arena.alloc(1), 1);
}

#[test]
fn closures_may_allocate_in_the_same_arena() {
    let arena = SyncArena::new();
    let outer = arena.alloc_with(|| *arena.alloc(1) + *arena.alloc(2));
    let list = arena.alloc_from_iter((0..100).map(|i| &*arena.alloc(i)));
    let texts = arena.alloc_slice_fill_with(10, |i| &*arena.alloc_fmt(format_args!("{i}")));
    assert_eq!((*outer, *list[99], texts[9]), (3, 99, "9"));
}

#[test]
fn iterators_may_lie() {
    struct Liar(usize);
    impl Iterator for Liar {
        type Item = u8;
        fn next(&mut self) -> Option<u8> {
            self.0 = self.0.checked_sub(1)?;
            Some(1)
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (usize::MAX, Some(0))
        }
    }
    let arena = SyncArena::new();
    assert_eq!(arena.alloc_from_iter(Liar(1000)).len(), 1000);
    assert!(arena.try_alloc_uninit_slice::<u64>(usize::MAX).is_err());
    assert!(arena.try_alloc_slice_fill_with(usize::MAX / 8, |_| 0_u64).is_err());
}

#[test]
fn what_a_failing_source_refuses_is_an_error_and_nothing_is_lost() {
    let counting = Counting::new(Failing::new(Global));
    {
        let arena = SyncArena::new_in(Chained::new_in(&counting));
        assert_eq!(*arena.alloc(1), 1);
        counting.inner().fail_always();
        let refused =
            |size: usize| arena.try_alloc_layout(Layout::from_size_align(size, 8).unwrap()).is_err();
        assert!(refused(1 << 20));
        // What there is can still be had.
        let mut served = 0;
        while !refused(8) {
            served += 8;
            assert!(served < 1 << 20);
        }
        assert!(served > 0 && refused(8));
        assert!(arena.try_alloc_fmt(format_args!("{served}{served}")).is_err());
        assert!(arena.try_alloc_from_iter(0..100).is_err());
        counting.inner().succeed();
        assert_eq!(*arena.alloc(2), 2);
    }
    assert_eq!(counting.counts().blocks_live, 0);

    let pool = ArenaPool::with_backing(|| Chained::new_in(&counting));
    counting.inner().fail_always();
    assert!(pool.local().try_alloc(1).is_err());
    counting.inner().succeed();
    assert_eq!(*pool.local().alloc(1), 1);
}

#[test]
#[should_panic(expected = "shared arena: no room for 10 KiB aligned to 1 B: the allocation limit is 1 KiB")]
fn a_full_arena_says_what_is_wrong() {
    SyncArena::new().limit(1 << 10).alloc([0_u8; 10 << 10]);
}
