//! A place for one value, which goes from thread to thread by one atomic word.
//!
//! `tests/loom` checks this file by itself.

use core::mem::MaybeUninit;

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::cell::UnsafeCell;

const EMPTY: u8 = 0;
const BUSY: u8 = 1;
const FULL: u8 = 2;

/// A place for one value. Aligned so that threads which are at different slots do not wait for one another.
///
/// # Invariants
///
/// `value` is initialised while `state` is `FULL`. Whoever changed `state` to `BUSY` is the only one to touch `value`.
#[repr(align(64))]
pub(crate) struct Slot<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value goes from thread to thread by `state`: acquired when it becomes `BUSY`, released when it stops to be.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Slot { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Slot { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Makes the slot this thread's, if its state is `from`.
    fn enter(&self, from: u8) -> bool {
        // A load first, so that looking through slots writes to none.
        self.state.load(Ordering::Relaxed) == from
            && self.state.compare_exchange(from, BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn leave(&self, to: u8) {
        self.state.store(to, Ordering::Release);
    }

    /// Takes the value if there is one, nobody else is at it, and `wanted` says so. (`wanted` must not panic: the slot
    /// would stay busy.)
    pub(crate) fn take_if(&self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        if !self.enter(FULL) {
            return None;
        }
        let value = self.value.with_mut(|value| {
            // SAFETY: the slot is this thread's now.
            let value = unsafe { &*value };
            // SAFETY: it was full, so it is initialised.
            if !wanted(unsafe { value.assume_init_ref() }) {
                return None;
            }
            // SAFETY: as above; the slot counts as empty in a moment, so the value is not read again.
            Some(unsafe { value.assume_init_read() })
        });
        self.leave(if value.is_some() { EMPTY } else { FULL });
        value
    }

    /// Puts a value in, or returns it if there is one already or another thread is at the slot.
    pub(crate) fn put(&self, value: T) -> Result<(), T> {
        if !self.enter(EMPTY) {
            return Err(value);
        }
        self.value.with_mut(|place| {
            // SAFETY: the slot is this thread's, and holds nothing that would have to be dropped.
            unsafe { place.write(MaybeUninit::new(value)) };
        });
        self.leave(FULL);
        Ok(())
    }
}
