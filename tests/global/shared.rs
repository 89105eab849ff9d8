//! A shared arena as the program's global allocator, as a tool has it that runs for a moment and frees nothing: whatever the
//! arena needs for itself must come from elsewhere, or its first allocation asks for another one.

#![cfg(not(target_vendor = "apple"))]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::RefCell;
use std::ptr::{NonNull, null_mut};
use std::sync::Barrier;

use allocator_api2::alloc::Allocator;
use arenite::Virtual;
use arenite::shared::{ArenaPool, SyncArena};

/// An arena for all of the program's memory.
struct Bump(SyncArena<Virtual>);

// SAFETY: passes on to an arena that is never reset or dropped, and whose methods do not unwind.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        (&self.0).allocate(layout).map_or(null_mut(), |block| block.cast().as_ptr())
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let Some(block) = NonNull::new(start) else { return };
        // SAFETY: the block is the arena's, with this layout (this method's contract).
        unsafe { (&self.0).deallocate(block, layout) };
    }
}

#[global_allocator]
static GLOBAL: Bump = Bump(SyncArena::new_in(Virtual::new()));

/// Text of every length, made, grown, and looked at once all of it is there.
fn work(seed: usize) {
    let mut lines: Vec<String> = (0..200).map(|number| (number * seed).to_string()).collect();
    for _ in 0..3 {
        lines.iter_mut().for_each(|line| line.push_str(&line.clone()));
    }
    let large = vec![seed; 20_000];
    assert!(lines.iter().zip(0..).all(|(line, number)| *line == (number * seed).to_string().repeat(8)));
    assert!(large.iter().all(|value| *value == seed));
}

#[test]
fn a_program_lives_in_a_shared_arena() {
    work(7);
    let used = GLOBAL.0.stats().used;
    assert!(used > 200 * 8, "the program's memory is the arena's: {used}");
}

#[test]
fn more_threads_at_once_than_have_their_place_in_the_table() {
    const THREADS: usize = 150;
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                work(thread);
                barrier.wait();
            });
        }
    });
}

#[test]
fn threads_come_and_go_and_allocate_to_the_very_end() {
    /// Allocates when the thread's values are destroyed, before or after the thread has given its number back.
    struct Late(Vec<String>);

    impl Drop for Late {
        fn drop(&mut self) {
            self.0.extend((0..300).map(|number| number.to_string()));
            assert!(self.0.iter().zip(0..).all(|(text, number)| *text == number.to_string()));
        }
    }

    thread_local! {
        static LATE: RefCell<Late> = const { RefCell::new(Late(Vec::new())) };
    }

    for seed in 0..50 {
        std::thread::spawn(move || {
            LATE.with(|late| late.borrow_mut().0.reserve(1));
            work(seed);
        })
        .join()
        .unwrap();
    }
}

#[test]
fn arenas_of_threads_lie_elsewhere() {
    // Below an allocator, too, a thread can be given an arena of its own.
    let mut pool = ArenaPool::with_backing(Virtual::low_memory);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(pool.local().alloc_slice_fill_copy(1000, 5).len(), 1000));
        }
    });
    assert!((1..=4).contains(&pool.arenas()));
    pool.reset();
}
