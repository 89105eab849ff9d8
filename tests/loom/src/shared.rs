//! Arenas for several threads: numbers, what is kept under them, whose is what, and the lock.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::entries::{Entries, Entry};
use super::lock::Lock;
use super::numbers::{MOST, Numbers};
use super::slots::Slots;
use crate::explore;

/// Memory that loom watches, used as its owner does.
struct Watched(UnsafeCell<usize>);

// SAFETY: it goes where the protocol lets it; if that is wrong, loom reports the access.
unsafe impl Sync for Watched {}
// SAFETY: as above.
unsafe impl Send for Watched {}

impl Watched {
    fn new() -> Self {
        Watched(UnsafeCell::new(0))
    }

    fn touch(&self) -> usize {
        self.0.with_mut(|count| {
            // SAFETY: as above: loom comes before.
            unsafe { *count += 1 };
            // SAFETY: as above.
            unsafe { *count }
        })
    }
}

/// A pointer that may be sent, as those in the crate's own lists are.
struct Sent<T>(*mut T);

// SAFETY: the models say who uses it.
unsafe impl<T> Send for Sent<T> {}

/// What is kept under a number goes from thread to thread with it.
#[test]
fn a_number_is_one_threads_at_a_time() {
    explore(|| {
        let shared = Arc::new((Numbers::new(), [(); MOST].map(|()| Watched::new())));
        let work = |shared: Arc<(Numbers, [Watched; MOST])>| {
            move || {
                for _ in 0..2 {
                    let number = shared.0.claim().expect("there are more numbers than threads");
                    shared.1[number].touch();
                    shared.0.release(number);
                }
            }
        };
        let others = [thread::spawn(work(Arc::clone(&shared))), thread::spawn(work(Arc::clone(&shared)))];
        others.into_iter().for_each(|other| other.join().unwrap());
        let number = shared.0.claim();
        assert_eq!(number, Some(0), "all came back");
    });
}

/// Whoever comes when all are taken gets none, and whoever has one keeps it.
#[test]
fn numbers_run_out() {
    explore(|| {
        let numbers = Arc::new(Numbers::new());
        (2..MOST).for_each(|_| assert!(numbers.claim().is_some()));
        let claim = |numbers: Arc<Numbers>| move || [numbers.claim(), numbers.claim()];
        let other = thread::spawn(claim(Arc::clone(&numbers)));
        let mut got: Vec<_> = claim(Arc::clone(&numbers))().into_iter().flatten().collect();
        got.extend(other.join().unwrap().into_iter().flatten());
        got.sort_unstable();
        assert_eq!(got, [MOST - 2, MOST - 1]);
    });
}

/// Windows, as a shared arena keeps them: made by the first thread that has a number, used by the next one.
#[test]
fn what_is_under_a_number_is_found_by_its_next_thread() {
    explore(|| {
        let shared = Arc::new((Numbers::new(), Slots::<Watched>::new()));
        let work = |shared: Arc<(Numbers, Slots<Watched>)>| {
            move || {
                let number = shared.0.claim().expect("there are more numbers than threads");
                let mut window = shared.1.get(number);
                if window.is_null() {
                    window = Box::into_raw(Box::new(Watched::new()));
                    assert!(shared.1.set(number, window));
                }
                // SAFETY: it was boxed, and is there until the end.
                unsafe { &*window }.touch();
                shared.0.release(number);
            }
        };
        let other = thread::spawn(work(Arc::clone(&shared)));
        work(Arc::clone(&shared))();
        other.join().unwrap();
        drop_all(shared);
    });
}

fn drop_all(shared: Arc<(Numbers, Slots<Watched>)>) {
    let Ok((_, mut slots)) = Arc::try_unwrap(shared) else { panic!("the threads have ended") };
    slots.for_each(|window| {
        // SAFETY: it was boxed, and each comes once.
        drop(unsafe { Box::from_raw(window) });
    });
}

/// Two threads need the same row of the table at once: both find their places in the one that stays.
#[test]
fn two_threads_make_the_same_row() {
    explore(|| {
        let shared = Arc::new((Numbers::new(), Slots::<Watched>::new()));
        assert_eq!((shared.0.claim(), shared.0.claim()), (Some(0), Some(1)));
        let work = |shared: Arc<(Numbers, Slots<Watched>)>| {
            move || {
                let number = shared.0.claim().expect("there are more numbers than threads");
                assert!(shared.1.get(number).is_null());
                let window = Box::into_raw(Box::new(Watched::new()));
                assert!(shared.1.set(number, window));
                assert_eq!(shared.1.get(number), window);
                number
            }
        };
        let other = thread::spawn(work(Arc::clone(&shared)));
        let one = work(Arc::clone(&shared))();
        assert_eq!(one + other.join().unwrap(), 2 + 3);
        drop_all(shared);
    });
}

type List = Entries<Watched>;

fn boxed(id: usize) -> *mut Entry<Watched> {
    Box::into_raw(Box::new(List::entry(Watched::new(), id)))
}

fn end(list: Arc<List>) -> usize {
    let Ok(mut list) = Arc::try_unwrap(list) else { panic!("the threads have ended") };
    let mut count = 0;
    while let Some(entry) = list.take() {
        // SAFETY: it was boxed, and is off the list.
        drop(unsafe { Box::from_raw(entry) });
        count += 1;
    }
    count
}

/// Threads come after a reset: what is free is one thread's, and a thread without makes its own.
#[test]
fn what_is_nobodys_becomes_one_threads() {
    explore(|| {
        let list = Arc::new(List::new());
        let free = boxed(0);
        // SAFETY: it was boxed, and is freed at the end.
        unsafe { list.push(free) };
        let work = |list: Arc<List>, first: Sent<Entry<Watched>>, id| {
            move || {
                let first = first;
                // SAFETY: `first` is null or on the list, and the identity is this thread's.
                let mut entry = unsafe { list.find_or_claim(first.0, id) };
                if entry.is_null() {
                    entry = boxed(id);
                    // SAFETY: as above.
                    unsafe { list.push(entry) };
                }
                // SAFETY: it is on the list.
                unsafe { list.value_of(entry, id) }.expect("it is this thread's").touch();
                // SAFETY: as above.
                assert_eq!(unsafe { list.find_or_claim(first.0, id) }, entry, "a thread has one");
            }
        };
        let other = thread::spawn(work(Arc::clone(&list), Sent(free), 1));
        work(Arc::clone(&list), Sent(std::ptr::null_mut()), 2)();
        other.join().unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(end(list), 2);
    });
}

/// Whoever finds an entry finds it written, also if another was put before it meanwhile.
#[test]
fn entries_are_written_before_they_are_found() {
    explore(|| {
        let list = Arc::new(List::new());
        let push = |list: Arc<List>| {
            move || {
                let entry = boxed(0);
                // SAFETY: nobody else has it yet.
                unsafe { list.value_of(entry, 0) }.expect("it is nobody's, as asked for").touch();
                // SAFETY: it was boxed, and is freed at the end.
                unsafe { list.push(entry) };
            }
        };
        let others = [thread::spawn(push(Arc::clone(&list))), thread::spawn(push(Arc::clone(&list)))];
        for id in [1, 2] {
            // SAFETY: both identities are this thread's.
            let entry = unsafe { list.find_or_claim(std::ptr::null_mut(), id) };
            if !entry.is_null() {
                // SAFETY: it is on the list.
                assert_eq!(unsafe { list.value_of(entry, id) }.expect("it was claimed").touch(), 2);
            }
        }
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(end(list), 2);
    });
}

/// One thread at a time is at the value, and that one as often as it likes.
#[test]
fn a_lock_is_held_by_one_thread_which_may_take_it_again() {
    explore(|| {
        let lock = Arc::new(Lock::new(Watched::new()));
        let work = |lock: Arc<Lock<Watched>>, id| {
            move || {
                for _ in 0..2 {
                    // SAFETY: the identity is this thread's.
                    unsafe {
                        lock.with(id, |value| {
                            value.touch();
                            lock.with(id, |value| value.touch());
                            value.touch();
                        });
                    }
                }
            }
        };
        let other = thread::spawn(work(Arc::clone(&lock), 1));
        work(Arc::clone(&lock), 2)();
        other.join().unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { lock.with(3, Watched::touch) }, 13);
    });
}
