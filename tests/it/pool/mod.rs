//! Pools: boxes, objects that are used again, and maps with keys.

mod bounded;
#[cfg(feature = "alloc")]
mod boxes;
#[cfg(feature = "alloc")]
mod hostile;
#[cfg(feature = "alloc")]
mod objects;
#[cfg(feature = "alloc")]
mod random;
#[cfg(feature = "alloc")]
mod slot_map;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether `f` panics.
fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Counts how many of its kind there are, and panics when the one of a certain number is dropped.
struct Noisy<'a> {
    alive: &'a Cell<isize>,
    number: usize,
    panics_at: usize,
}

impl<'a> Noisy<'a> {
    fn new(alive: &'a Cell<isize>, number: usize) -> Self {
        Self::panicking(alive, number, usize::MAX)
    }

    fn panicking(alive: &'a Cell<isize>, number: usize, panics_at: usize) -> Self {
        alive.set(alive.get() + 1);
        Noisy { alive, number, panics_at }
    }
}

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.alive.set(self.alive.get() - 1);
        assert_ne!(self.number, self.panics_at, "this one panics");
    }
}

/// As aligned as anything in these tests: a slot with a word in front is 2 MiB, or twice that.
#[repr(align(2_097_152))]
struct Huge;

/// Runs `f` on a stack that has room for `Huge`.
fn on_a_large_stack(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(f).expect("a thread");
    thread.join().expect("it did not panic");
}

#[repr(align(64))]
#[derive(Debug, PartialEq, Clone, Copy)]
struct Aligned(u8);
