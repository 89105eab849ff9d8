//! `SyncArena`: what it hands out, what it takes back, and its figures.

use std::alloc::Layout;
use std::mem::MaybeUninit;

use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::boxed::Box as ArenaBoxed;
use allocator_api2::vec::Vec as ArenaVec;
use arenite::shared::SyncArena;
use arenite::wrap::Counting;
use arenite::{Arena, Buffer, Chained, Fixed, ResetMode};

use super::address;
use crate::rounds::rounds;

/// Memory tools want gaps between blocks.
const EXACT: bool = cfg!(not(any(arenite_asan, arenite_memcheck)));

/// In zeal builds there are so few numbers that a thread may have none, and then it has no window.
const HAS_A_WINDOW: bool = cfg!(not(arenite_zeal));

#[test]
fn the_last_block_of_a_window_grows_shrinks_and_goes_back() {
    let arena = SyncArena::new();
    arena.alloc(0_u64);
    let mut list = ArenaVec::<u32, _>::with_capacity_in(4, &arena);
    let start = list.as_ptr();
    (0..16).for_each(|i| list.push(i));
    assert_eq!(list.len(), 16);
    if !HAS_A_WINDOW {
        return;
    }
    assert_eq!(list.as_ptr(), start, "it grew in place");
    list.truncate(3);
    list.shrink_to_fit();
    assert_eq!(list.as_ptr(), start);
    drop(list);
    assert_eq!(address(arena.alloc(1_u32)), start.addr(), "it went back");
}

#[test]
fn a_large_block_grows_in_place_and_goes_back() {
    let arena = SyncArena::from(Arena::with_capacity_in(1 << 20, Chained::new()));
    let mut list = ArenaVec::<u64, _>::with_capacity_in(2000, &arena);
    let start = list.as_ptr();
    list.extend(0..rounds(100_000) as u64);
    assert_eq!(list.as_ptr(), start);
    assert!(list.iter().copied().eq(0..rounds(100_000) as u64));
    list.truncate(10);
    list.shrink_to_fit();
    assert_eq!(list.as_ptr(), start);
    // It is small now, and passes for a block of a window: nothing that is in use is handed out.
    drop(list);
    let values: Vec<_> = (0..rounds(10_000) as u64).map(|i| arena.alloc(i)).collect();
    assert!(values.into_iter().map(|value| *value).eq(0..rounds(10_000) as u64));
}

/// The last block of a window may end where the arena underneath stands; that does not make it a block of the arena's.
#[test]
fn a_block_at_the_very_end_of_a_window_stays_in_it() {
    let arena = SyncArena::from(Arena::with_capacity_in(1 << 16, Chained::new()));
    // The whole first window, in one block.
    let room = arena.alloc_uninit_slice::<u8>(if HAS_A_WINDOW { 512 } else { 64 });
    let mut list = ArenaVec::<u8, _>::new_in(&arena);
    for i in 0..rounds(40_000) as u32 {
        list.push(i as u8);
        if i % 5000 == 0 {
            arena.alloc(i);
            list.shrink_to_fit();
        }
    }
    room.fill(MaybeUninit::new(1));
    assert!(list.iter().zip(0_u32..).all(|(&byte, i)| byte == i as u8));
}

#[test]
fn a_block_freed_on_another_thread_is_idle() {
    let mut arena = SyncArena::new();
    let first = ArenaBoxed::new_in(1_u64, &arena);
    let place = address(&*first);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            drop(first);
            assert_ne!(address(arena.alloc(2_u64)), place);
        });
    });
    assert_ne!(address(arena.alloc(3_u64)), place);
    arena.reset();
    assert_eq!(arena.used(), 0);
}

#[test]
fn figures_are_exact_where_they_say_so() {
    let mut arena = SyncArena::new();
    assert_eq!((arena.used(), arena.stats().used, arena.stats().chunks), (0, 0, 0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..10).for_each(|_| _ = arena.alloc(1_u64)));
        }
    });
    if EXACT {
        let wasted = arena.stats().wasted;
        assert!((160..=160 + wasted).contains(&arena.used()), "{} {wasted}", arena.used());
    }
    let used = arena.used();
    let stats = arena.stats();
    assert!(stats.used >= used && stats.peak >= stats.used && stats.committed >= stats.used);
    assert_eq!(stats.committed, arena.allocated_bytes());
    assert!(stats.chunks > 0 && stats.reserved > stats.committed && stats.backing.starts_with("auto"));
    // A large block, which leaves the window as it is.
    arena.alloc([0_u8; 20_000]);
    assert!(arena.used() >= used + 20_000);
    arena.reset();
    assert_eq!((arena.used(), arena.stats().used, arena.stats().wasted), (0, 0, 0));
    assert!(arena.stats().committed >= 20_000, "a reset keeps memory");
    arena.reset_with(ResetMode::FreeAll);
    assert_eq!(arena.stats().committed, 0);
    assert!(format!("{arena:?}").contains("SyncArena"));
}

#[test]
fn windows_left_are_wasted_bytes() {
    let arena = SyncArena::from(Arena::with_capacity_in(1 << 16, Chained::new()));
    arena.alloc([0_u8; 8]);
    // Another thread's block is behind this window, so that it cannot be made longer.
    std::thread::scope(|scope| {
        scope.spawn(|| arena.alloc([0_u8; 8]));
    });
    arena.alloc_uninit_slice::<u8>(512);
    if HAS_A_WINDOW {
        assert!(arena.stats().wasted > 0 && arena.stats().wasted < 512, "{}", arena.stats());
    }
}

#[test]
fn equal_rounds_make_no_call() {
    let counting = Counting::new(Global);
    let mut arena = SyncArena::new_in(Chained::new_in(&counting));
    // The same two threads each time, so that the windows are the same.
    let worker = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut calls = Vec::new();
    for _ in 0..rounds(100) {
        let fill = || {
            for i in 0..500_u64 {
                arena.alloc([i; 3]);
            }
            arena.alloc_slice_fill_copy(6000, 1_u8);
        };
        fill();
        worker.install(fill);
        arena.reset();
        calls.push(counting.counts().allocate);
    }
    assert_eq!(calls[calls.len() - 1], calls[rounds(100) / 5 + 1], "{calls:?}");
    drop(arena);
    assert_eq!(counting.counts().blocks_live, 0);
}

#[test]
fn a_buffer_serves_all_that_it_has() {
    let mut buffer = Buffer::<1024>::new();
    let arena = SyncArena::new_in(Fixed::from(&mut buffer));
    let served = (0..).take_while(|&i| arena.try_alloc(i).is_ok()).count();
    if EXACT {
        assert_eq!(served, 128);
    }
    // Also to a thread that finds windows of others only.
    drop(arena);
    let arena = SyncArena::new_in(Fixed::from(&mut buffer)).limit(800);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..50_u64).for_each(|i| _ = arena.try_alloc(i))).join().unwrap();
    });
    let served = (0..).take_while(|&i| arena.try_alloc(i).is_ok()).count();
    if EXACT && HAS_A_WINDOW {
        assert!(served >= (800 - 512) / 8, "{served}");
    }
    assert!(arena.allocated_bytes() <= 800 && arena.allocation_limit() == Some(800));
}

#[test]
fn alignments_up_to_two_megabytes() {
    let arena = SyncArena::new();
    let mut align = 1;
    while align <= 2 << 20 {
        for size in [0, 1, 100, 5000] {
            let block = arena.alloc_layout(Layout::from_size_align(size, align).unwrap());
            assert_eq!(block.addr().get() % align, 0);
            // SAFETY: a block of that size.
            unsafe { block.write_bytes(1, size) };
        }
        align *= 2;
    }
    #[repr(align(4096))]
    struct Nothing;
    assert_eq!(address(arena.alloc(Nothing)) % 4096, 0);
    assert_eq!(arena.alloc_slice_fill_with(1000, |_| Nothing).len(), 1000);
    assert_eq!((arena.alloc_str(""), arena.alloc_slice_copy::<u8>(&[]).len()), (&mut *String::new(), 0));
}

#[test]
fn zeroed_is_zero() {
    let mut arena = SyncArena::new();
    for _ in 0..3 {
        for size in [1, 100, 4096, 8192, 8193, 300_000] {
            let layout = Layout::array::<u8>(size).unwrap();
            let dirty = (&arena).allocate(layout).unwrap().cast::<u8>();
            // SAFETY: a block of that size.
            unsafe { dirty.write_bytes(1, size) };
            // SAFETY: as above, and it is used no more.
            unsafe { (&arena).deallocate(dirty, layout) };
            let zeroed = (&arena).allocate_zeroed(layout).unwrap();
            // SAFETY: a block of that size, all of it written.
            assert!(unsafe { zeroed.as_ref() }.iter().all(|&byte| byte == 0));
        }
        arena.reset();
    }
}

#[test]
fn an_arena_goes_in_and_comes_out() {
    let shared = SyncArena::from(Arena::with_capacity(100_000).limit(1 << 20));
    assert!(shared.stats().committed >= 100_000 && shared.allocation_limit() == Some(1 << 20));
    shared.alloc([1_u8; 5000]);
    shared.alloc(1);
    let arena = shared.into_inner();
    assert_eq!((arena.stats().used, arena.allocation_limit()), (0, Some(1 << 20)));
    assert_eq!(*arena.alloc(2), 2);
}

#[test]
fn boxes_drop_where_they_are() {
    let arena = SyncArena::new();
    let boxed = arena.alloc_box(std::sync::Arc::new(1));
    let count = std::sync::Arc::clone(&boxed);
    std::thread::scope(|scope| _ = scope.spawn(move || drop(boxed)));
    assert_eq!(std::sync::Arc::strong_count(&count), 1);
}
