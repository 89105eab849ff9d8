//! Threads that end: what they leave, and what their destructors do after everything else has gone.

use std::cell::RefCell;
use std::sync::mpsc::{self, Receiver, Sender};

use allocator_api2::vec::Vec as ArenaVec;
use arenite::Arena;
use arenite::shared::{ArenaPool, SyncArena};

use super::address;

static POOL: ArenaPool = ArenaPool::new();
static SHARED: SyncArena = SyncArena::new();

/// Uses the thread's arena when the thread ends.
struct Stash {
    arena: &'static Arena,
    ends: Sender<usize>,
    go_on: Receiver<()>,
    done: Sender<(usize, usize)>,
}

impl Drop for Stash {
    fn drop(&mut self) {
        self.ends.send(address(self.arena)).unwrap();
        // Meanwhile another thread comes, which may have this one's number.
        self.go_on.recv().unwrap();
        let text = self.arena.alloc_fmt(format_args!("{}", 42));
        let shared = SHARED.alloc_slice_fill_copy(10, 7_u64);
        let mut list = ArenaVec::new_in(&SHARED);
        list.extend(shared.iter().copied());
        assert_eq!((text, list.len()), (&mut *"42".to_owned(), 10));
        self.done.send((address(POOL.local()), address(self.arena))).unwrap();
    }
}

thread_local! {
    static FIRST: RefCell<Option<Stash>> = const { RefCell::new(None) };
    static LATER: RefCell<Option<Stash>> = const { RefCell::new(None) };
}

/// Whichever destructor runs first: the arena stays the thread's until the very end, and nobody else has it.
#[test]
fn an_arena_in_the_hands_of_a_late_destructor_is_nobody_elses() {
    for early in [true, false] {
        let (ends, ended) = mpsc::channel();
        let (go, go_on) = mpsc::channel();
        let (done, result) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            // A destructor is registered when its value is first looked at; here, before the pool registers one, or after.
            let slot = if early { &FIRST } else { &LATER };
            if early {
                slot.with_borrow(|_| ());
            }
            SHARED.alloc(1);
            let arena = POOL.local();
            slot.set(Some(Stash { arena, ends, go_on, done }));
        });
        let stashed = ended.recv().unwrap();
        let others: Vec<_> = (0..3)
            .map(|_| std::thread::spawn(|| (address(POOL.local()), SHARED.alloc_str("theirs"))))
            .map(|thread| thread.join().unwrap())
            .collect();
        assert!(others.iter().all(|(arena, text)| *arena != stashed && *text == "theirs"));
        go.send(()).unwrap();
        let (own, arena) = result.recv().unwrap();
        assert_eq!((own, arena), (stashed, stashed), "early: {early}");
        thread.join().unwrap();
        assert!(others.iter().all(|(_, text)| *text == "theirs"));
    }
}

/// A thread whose first use of anything is in a destructor.
#[test]
fn a_destructor_may_be_the_first_to_come() {
    struct Late(Sender<(bool, &'static str)>);

    impl Drop for Late {
        fn drop(&mut self) {
            let text = SHARED.alloc_str("late");
            // The last block of a thread without a window stays where it is.
            let mut list = ArenaVec::new_in(&SHARED);
            (0..1000).for_each(|i| list.push(i));
            let sum: i32 = list.iter().sum();
            self.0.send((sum == 499_500 && std::ptr::eq(POOL.local(), POOL.local()), text)).unwrap();
        }
    }

    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }

    let (send, receive) = mpsc::channel();
    std::thread::spawn(|| LATE.set(Some(Late(send)))).join().unwrap();
    assert_eq!(receive.recv().unwrap(), (true, "late"));
}

/// One thread after the other: numbers come back, so windows and their memory do.
#[test]
fn a_thousand_threads_share_a_few_windows() {
    let mut arena = SyncArena::new();
    for round in 0..1000_u64 {
        let value = std::thread::scope(|scope| scope.spawn(|| arena.alloc(round)).join().unwrap());
        assert_eq!(*value, round);
    }
    let (used, committed) = (arena.used(), arena.stats().committed);
    // Other tests have threads at the same time, so that numbers differ; not a window for each of a thousand.
    assert!(committed < 200 * 512, "{used} bytes used of {committed}");
}

/// One thread after the other between two resets: an arena each, and all of them come back at the reset.
#[test]
fn arenas_of_threads_that_have_ended_come_back_at_a_reset() {
    let mut pool = ArenaPool::new();
    for _ in 0..3 {
        let values: Vec<&mut u64> = (0..20)
            .map(|i| std::thread::scope(|scope| scope.spawn(|| pool.local().alloc(i)).join().unwrap()))
            .collect();
        assert!(values.into_iter().map(|value| *value).eq(0..20));
        assert_eq!(pool.arenas(), 20);
        pool.reset();
    }
}
