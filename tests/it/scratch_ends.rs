//! Scratch arenas whose thread, or whose stack, ends under a call. Each program runs in a process of its own.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use arenite::scratch::scratch;

use crate::child_process;

fn succeeds(test: &str, program: impl FnOnce()) {
    child_process::expect(&format!("scratch_ends::{test}"), program, |ended| {
        assert!(ended.success, "{}", ended.text);
    });
}

/// Takes what the heap was given back, and overwrites it.
fn overwrite() -> Vec<Vec<u8>> {
    let sizes = (64..=4096).step_by(16);
    sizes.flat_map(|bytes| [(); 8].map(|()| vec![0xFF; bytes])).collect()
}

/// The process exits inside of a call, so that the values of its thread are destroyed; what other threads have of the call
/// stays as it is.
#[test]
fn the_process_exits_under_a_call() {
    static GONE: AtomicBool = AtomicBool::new(false);
    static CHECKED: AtomicBool = AtomicBool::new(false);
    let wait_for = |event: &AtomicBool| {
        while !event.load(Ordering::Acquire) {
            thread::yield_now();
        }
    };

    struct Later;
    impl Drop for Later {
        fn drop(&mut self) {
            let junk = overwrite();
            GONE.store(true, Ordering::Release);
            while !CHECKED.load(Ordering::Acquire) {
                thread::yield_now();
            }
            drop(junk);
        }
    }
    // Used before the scratch arenas, so destroyed after them.
    thread_local!(static LATER: Later = const { Later });

    succeeds("the_process_exits_under_a_call", || {
        LATER.with(|_| ());
        scratch(|arena| {
            let numbers = &*arena.alloc_slice_fill_copy(64, 7_u64);
            // A second arena in the chain, in use as well.
            arenite::scratch::scratch_avoiding(&[arena], |other| {
                let more = &*other.alloc_slice_fill_copy(64, 8_u64);
                thread::scope(|scope| {
                    scope.spawn(|| {
                        wait_for(&GONE);
                        if numbers.iter().any(|&n| n != 7) || more.iter().any(|&n| n != 8) {
                            eprintln!("overwritten: {numbers:?} {more:?}");
                            process::abort();
                        }
                        CHECKED.store(true, Ordering::Release);
                    });
                    // The thread's values are destroyed here. Not on all systems: then the process is at its end at once.
                    process::exit(0);
                });
            });
        });
    });
}

#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86")))]
mod switched {
    use std::cell::RefCell;
    use std::thread;

    use arenite::scratch::{scratch, stats};
    use corosensei::{Coroutine, CoroutineResult, Yielder};

    use super::{child_process, overwrite, succeeds};

    type Suspended = Coroutine<(), (), ()>;

    /// A coroutine that waits inside of a call, and then uses what it has of it.
    fn suspended() -> Suspended {
        let mut coroutine = Coroutine::new(|yielder: &Yielder<(), ()>, ()| {
            scratch(|arena| {
                let numbers = arena.alloc_slice_fill_copy(64, 7_u64);
                yielder.suspend(());
                let more = arena.alloc_slice_fill_copy(1000, 1_u64);
                scratch(|inner| assert_eq!(*inner.alloc(5), 5));
                numbers[3] += more[999];
                assert_eq!(numbers.iter().sum::<u64>(), 64 * 7 + 1);
            });
        });
        assert!(matches!(coroutine.resume(()), CoroutineResult::Yield(())));
        coroutine
    }

    fn go_on(coroutine: &mut Suspended) {
        assert!(matches!(coroutine.resume(()), CoroutineResult::Return(())));
    }

    /// A coroutine that is suspended in a call goes on when the scratch arenas of its thread have come to their end.
    #[test]
    fn a_thread_ends_under_a_suspended_call() {
        struct Kept(Suspended);
        impl Drop for Kept {
            fn drop(&mut self) {
                let junk = overwrite();
                go_on(&mut self.0);
                drop(junk);
                println!("went on");
            }
        }
        // Used before the scratch arenas, so destroyed after them.
        thread_local!(static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) });

        let test = "scratch_ends::switched::a_thread_ends_under_a_suspended_call";
        child_process::expect(
            test,
            || {
                let ended = thread::spawn(|| {
                    KEPT.with(|_| ());
                    let coroutine = suspended();
                    KEPT.with(|kept| *kept.borrow_mut() = Some(Kept(coroutine)));
                });
                ended.join().unwrap();
            },
            |ended| assert!(ended.success && ended.text.contains("went on"), "{}", ended.text),
        );
    }

    /// Two calls that wait in turn end in order: nothing is lost.
    #[test]
    fn suspended_calls_that_end_in_order() {
        succeeds("switched::suspended_calls_that_end_in_order", || {
            let mut first = suspended();
            let mut second = suspended();
            assert_eq!((stats().arenas, stats().in_use), (1, 1));
            go_on(&mut second);
            go_on(&mut first);
            assert_eq!(stats().in_use, 0);
        });
    }

    #[test]
    fn suspended_calls_that_end_out_of_order() {
        let test = "scratch_ends::switched::suspended_calls_that_end_out_of_order";
        child_process::expect(
            test,
            || {
                let mut first = suspended();
                let _second = suspended();
                go_on(&mut first);
            },
            |ended| {
                assert!(!ended.success, "it went on: {}", ended.text);
                assert!(ended.text.contains("calls of `scratch` ended out of order"), "{}", ended.text);
            },
        );
    }
}
