//! What the tests of pools have in common.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether `f` panics.
pub(super) fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Counts how many of its kind there are, and panics when the one of a certain number is dropped.
pub(super) struct Noisy<'a> {
    alive: &'a Cell<isize>,
    pub(super) number: usize,
    panics_at: usize,
}

impl<'a> Noisy<'a> {
    pub(super) fn new(alive: &'a Cell<isize>, number: usize) -> Self {
        Self::panicking(alive, number, usize::MAX)
    }

    pub(super) fn panicking(alive: &'a Cell<isize>, number: usize, panics_at: usize) -> Self {
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
pub(super) struct Huge;

/// Runs `f` on a stack that has room for `Huge`.
pub(super) fn on_a_large_stack(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(f).expect("a thread");
    thread.join().expect("it did not panic");
}

#[repr(align(64))]
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) struct Aligned(pub(super) u8);
