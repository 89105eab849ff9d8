//! What happens at the end of an arena's life, and when it is sealed; names, and who is told when memory runs out.

mod aborts;
mod names;
mod owned;
mod panics;
mod reach;
mod sealed;

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use arenite::{Arena, Backing};

/// What has ended, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u32>>>);

impl Log {
    fn add(&self, id: u32) {
        self.0.lock().unwrap().push(id);
    }

    /// All there is, which is forgotten.
    fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// How many values that hold this log are alive.
    fn holders(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }

    fn value(&self, id: u32) -> Ended {
        Ended { log: self.clone(), id }
    }
}

/// Says so when it is dropped.
struct Ended {
    log: Log,
    id: u32,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.log.add(self.id);
    }
}

/// Makes entries of both kinds in turn.
fn enlist<B: Backing>(arena: &Arena<B>, log: &Log, ids: impl IntoIterator<Item = u32>) {
    for id in ids {
        if id % 2 == 0 {
            assert_eq!(arena.alloc_owned(log.value(id)).id, id);
        } else {
            let log = log.clone();
            arena.defer(move || log.add(id));
        }
        // So that entries lie apart, and in several chunks.
        arena.alloc([id as u8; 90]);
    }
}

/// Those numbers, the last one first.
fn backwards(ids: impl DoubleEndedIterator<Item = u32>) -> Vec<u32> {
    ids.rev().collect()
}

fn unwinds(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

fn buffer(bytes: usize) -> Vec<MaybeUninit<u8>> {
    vec![MaybeUninit::uninit(); bytes + 1]
}

/// A test over arenas of every kind of memory.
macro_rules! over_every_backing {
    ($($(#[$meta:meta])* fn $name:ident($($arena:tt)+) $body:block)*) => {$(
        #[test]
        $(#[$meta])*
        fn $name() {
            fn body<B: arenite::Backing>($($arena)+: arenite::Arena<B>) $body

            body(arenite::Arena::new());
            body(arenite::Arena::new_in(arenite::Chained::new().first_chunk(64).max_chunk(4096)));
            let mut buffer = super::buffer(1 << 20);
            body(arenite::Arena::new_in(arenite::Fixed::new(&mut buffer[1..])));
            #[cfg(feature = "virtual-memory")]
            body(arenite::Arena::new_in(arenite::Virtual::new().reserve(8 << 20)));
            #[cfg(all(feature = "mapped", unix))]
            {
                let file = crate::files::Temporary::in_memory(b"contents");
                let options = arenite::MappedOptions::new().reserve(8 << 20);
                body(arenite::Arena::new_in(file.open_shared(options)));
            }
        }
    )*};
}
use over_every_backing;
