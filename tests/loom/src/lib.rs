//! The protocols between threads, in every order that the memory model allows.
//!
//! The files under test are compiled into this crate, where `crate::sync` is loom's.

#![cfg(test)]

mod blocks;
#[path = "../../../src/global"]
#[allow(dead_code, reason = "the crate's own other files use the rest")]
mod global {
    pub(crate) mod block;
    pub(crate) mod line;
    pub(crate) mod stack;
}
#[path = "../../../src/shared"]
#[allow(dead_code, reason = "the crate's own other files use the rest")]
mod shared {
    mod entries;
    mod lock;
    #[path = "../../tests/loom/src/shared.rs"]
    mod models;
    mod numbers;
    mod slots;
}
#[path = "../../../src/backing/slot.rs"]
mod slot;
#[path = "../../../src/sync.rs"]
mod sync;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use slot::Slot;

/// What a slot hands over: memory that loom watches.
struct Watched {
    id: usize,
    bytes: UnsafeCell<usize>,
}

impl Watched {
    fn new(id: usize) -> Self {
        Watched { id, bytes: UnsafeCell::new(0) }
    }

    /// Uses the memory as the arena that has it does.
    fn touch(&self) {
        self.bytes.with_mut(|bytes| {
            // SAFETY: whoever has the value has the memory; if the protocol is wrong, loom reports it before this.
            unsafe { *bytes += 1 };
        });
    }
}

/// Every order in which threads are interrupted, against their will, at most three times.
fn explore(test: impl Fn() + Sync + Send + 'static) {
    explore_to(3, test);
}

fn explore_to(preemptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(test);
}

/// Two threads take, use and give back; at the end everything is there once.
#[test]
fn what_is_taken_is_nobody_elses() {
    explore(|| {
        let slots = Arc::new([Slot::new(), Slot::new()]);
        assert!(slots[0].put(Watched::new(1)).is_ok());
        let made = Arc::new(AtomicUsize::new(1));
        let work = |slots: Arc<[Slot<Watched>; 2]>, made: Arc<AtomicUsize>| {
            move || {
                let taken = slots.iter().find_map(|slot| slot.take_if(|value| value.id > 0));
                let value = taken.unwrap_or_else(|| Watched::new(1 + made.fetch_add(1, Ordering::Relaxed)));
                value.touch();
                let mut left = Some(value);
                for slot in slots.iter() {
                    let Some(value) = left.take() else { break };
                    left = slot.put(value).err();
                }
                // Without a place for it, it is gone.
                usize::from(left.is_some())
            }
        };
        let other = thread::spawn(work(Arc::clone(&slots), Arc::clone(&made)));
        let dropped = work(Arc::clone(&slots), Arc::clone(&made))() + other.join().unwrap();
        let mut ids: Vec<_> =
            slots.iter().filter_map(|slot| slot.take_if(|_| true)).map(|value| value.id).collect();
        ids.sort_unstable();
        let kept = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), kept, "one value came out twice");
        assert_eq!(kept + dropped, made.load(Ordering::Relaxed), "a value was lost");
    });
}

/// One thread gives, two others want the same.
#[test]
fn only_one_gets_it() {
    explore(|| {
        let slot = Arc::new(Slot::new());
        let take = |slot: Arc<Slot<Watched>>| {
            move || {
                let taken = slot.take_if(|_| true);
                taken.as_ref().map(Watched::touch);
                usize::from(taken.is_some())
            }
        };
        let others = [thread::spawn(take(Arc::clone(&slot))), thread::spawn(take(Arc::clone(&slot)))];
        let value = Watched::new(1);
        value.touch();
        assert!(slot.put(value).is_ok(), "it is empty and nobody else puts something in");
        let taken: usize = others.into_iter().map(|other| other.join().unwrap()).sum();
        let left = usize::from(slot.take_if(|_| true).is_some());
        assert_eq!(taken + left, 1);
    });
}

/// Two threads give at once: one finds no place, and has its value still.
#[test]
fn only_one_finds_room() {
    explore(|| {
        let slot = Arc::new(Slot::new());
        let put = |slot: Arc<Slot<Watched>>, id| {
            move || {
                let value = Watched::new(id);
                value.touch();
                slot.put(value).err().inspect(|back| assert_eq!(back.id, id)).is_none()
            }
        };
        let other = thread::spawn(put(Arc::clone(&slot), 1));
        let first = put(Arc::clone(&slot), 2)();
        let second = other.join().unwrap();
        assert!(first != second, "one of the two, and not both");
        let kept = slot.take_if(|_| true).expect("it was put in");
        kept.touch();
        assert_eq!(kept.id, if first { 2 } else { 1 });
    });
}

/// A look at a value that is not wanted leaves it there.
#[test]
fn looking_takes_nothing() {
    explore(|| {
        let slot = Arc::new(Slot::new());
        assert!(slot.put(Watched::new(1)).is_ok());
        let look = Arc::clone(&slot);
        let other = thread::spawn(move || {
            assert!(
                look.take_if(|value| {
                    value.touch();
                    false
                })
                .is_none()
            );
        });
        let taken = slot.take_if(|_| true);
        taken.as_ref().map(Watched::touch);
        other.join().unwrap();
        assert_eq!(slot.take_if(|_| true).is_some(), taken.is_none());
    });
}
