//! Threads that end: what they leave, and what their destructors do after everything else has gone.

use std::cell::RefCell;
use std::sync::mpsc::{self, Receiver, Sender};

use allocator_api2::vec::Vec as ArenaVec;
use arenite::Arena;
use arenite::shared::{ArenaPool, SyncArena};

use super::address;
use crate::rounds::rounds;

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
    for round in 0..rounds(1000) as u64 {
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

/// A thread ends while a call of its own waits in the source of memory, on a stack that was left: nobody else gets its window
/// before the call has returned. (In zeal builds what needs memory of the source is too large for a window.)
#[cfg(all(
    unix,
    not(any(arenite_zeal, miri)),
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86")
))]
#[test]
fn a_thread_ends_under_a_call_that_waits_for_memory() {
    use std::cell::Cell;
    use std::ptr::{self, NonNull};
    use std::sync::LazyLock;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
    use arenite::Chained;
    use corosensei::{Coroutine, CoroutineResult, Yielder};

    thread_local! {
        static WAITS: Cell<*const Yielder<(), ()>> = const { Cell::new(ptr::null()) };
        // Used before the arena, so destroyed after what the arena keeps for the thread.
        static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
    }

    /// Leaves the stack when it is asked for memory.
    struct Source;

    // SAFETY: the blocks are the global allocator's.
    unsafe impl Allocator for Source {
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
            // SAFETY: null, or set by the coroutine that runs here, to what lives as long as that does.
            if let Some(yielder) = unsafe { WAITS.replace(ptr::null()).as_ref() } {
                yielder.suspend(());
            }
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: the caller's promise is the callee's.
            unsafe { Global.deallocate(block, layout) };
        }
    }

    static ARENA: LazyLock<SyncArena<Chained<Source>>> =
        LazyLock::new(|| SyncArena::new_in(Chained::new_in(Source)));

    struct Kept(Coroutine<(), (), ()>);
    impl Drop for Kept {
        fn drop(&mut self) {
            let (sender, receiver) = channel();
            let other = thread::spawn(move || {
                // From the window of the thread that had the number before, without waiting; or from the arena, which waits.
                let block = ARENA.alloc(3_u64);
                sender.send(*block).unwrap();
            });
            let early = receiver.recv_timeout(Duration::from_millis(200));
            assert!(early.is_err(), "another thread has the window of a call that has not returned");
            assert!(matches!(self.0.resume(()), CoroutineResult::Return(())));
            other.join().unwrap();
            println!("went on");
        }
    }

    let test = "shared::endings::a_thread_ends_under_a_call_that_waits_for_memory";
    let program = || {
        let ended = thread::spawn(|| {
            KEPT.with(|_| ());
            assert_eq!(*ARENA.alloc(1_u64), 1);
            let mut coroutine = Coroutine::new(|yielder: &Yielder<(), ()>, ()| {
                WAITS.set(yielder);
                let block = ARENA.alloc([2_u8; 4000]);
                assert!(WAITS.get().is_null() && block.iter().all(|&byte| byte == 2));
            });
            assert!(matches!(coroutine.resume(()), CoroutineResult::Yield(())));
            KEPT.set(Some(Kept(coroutine)));
        });
        ended.join().unwrap();
        // The number was given back in the end, and with it the window.
        assert_eq!(thread::spawn(|| *ARENA.alloc(4_u64)).join().unwrap(), 4);
    };
    crate::child_process::expect(test, program, |ended| {
        assert!(ended.success && ended.text.contains("went on"), "{}", ended.text);
    });
}
