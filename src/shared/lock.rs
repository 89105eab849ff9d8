//! A lock that the thread which holds it may take again.
//!
//! `tests/loom` checks this file by itself.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::cell::UnsafeCell;
use crate::sync::lock::{Mutex, MutexGuard, PoisonError};

/// The holder of a lock that nobody holds.
const NOBODY: usize = 0;

/// A value that one thread at a time reaches, and that thread as often as it likes: as a shared reference, so that what a
/// source of memory does inside it finds the value as it would find it elsewhere.
///
/// # Invariants
///
/// * `value` is looked at by the holder of `gate` alone, or through `&mut self`.
/// * A thread that reads its own identity in `holder` holds `gate`: only that thread writes it, once it has got the gate,
///   and writes something else before it lets go.
pub(super) struct Lock<T> {
    gate: Mutex<()>,
    holder: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: the value goes from thread to thread by `gate`, one at a time (invariant).
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    #[cfg(not(loom))]
    pub(super) const fn new(value: T) -> Self {
        Lock { gate: Mutex::new(()), holder: AtomicUsize::new(NOBODY), value: UnsafeCell::new(value) }
    }

    #[cfg(loom)]
    pub(super) fn new(value: T) -> Self {
        Lock { gate: Mutex::new(()), holder: AtomicUsize::new(NOBODY), value: UnsafeCell::new(value) }
    }

    /// Runs `call` with the value. Waits while another thread is at it, and not while this one is.
    ///
    /// # Safety
    ///
    /// `id` is the identity of the calling thread, and not that of nobody.
    #[inline]
    pub(super) unsafe fn with<R>(&self, id: usize, call: impl FnOnce(&T) -> R) -> R {
        debug_assert_ne!(id, NOBODY);
        let _held = if self.holder.load(Ordering::Relaxed) == id { None } else { Some(self.enter(id)) };
        self.value.with(|value| {
            // SAFETY: this thread holds the gate, here or further up the stack, so no other thread is at the value; and this
            // one has nothing but shared references to it.
            call(unsafe { &*value })
        })
    }

    fn enter(&self, id: usize) -> Held<'_, T> {
        // A panic has broken nothing: nobody gets more than a shared reference.
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.holder.store(id, Ordering::Relaxed);
        Held { lock: self, _gate: gate }
    }
}

#[cfg(not(loom))]
impl<T> Lock<T> {
    pub(super) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    pub(super) fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// The lock, for as long as this lives.
struct Held<'a, T> {
    lock: &'a Lock<T>,
    // Dropped after the holder's name is gone.
    _gate: MutexGuard<'a, ()>,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.lock.holder.store(NOBODY, Ordering::Relaxed);
    }
}
