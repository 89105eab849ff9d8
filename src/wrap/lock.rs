//! A lock for the books of a wrapper.

use crate::abort;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A lock that may be taken inside an allocator, on every tier: it allocates nothing, and needs no system.
///
/// Whoever waits spins, and lets other threads run where there is a system that can. What runs with the lock must be short,
/// and must neither allocate from the wrapper nor call into the user's code, since it would wait for itself.
pub(super) struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time reaches the value, as `taken` says, so that sharing the lock only ever moves it.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(super) const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Runs `call` with the value. The process ends if it panics.
    pub(super) fn with<R>(&self, call: impl FnOnce(&mut T) -> R) -> R {
        let mut waited = 0_u32;
        while self.taken.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            waited = waited.wrapping_add(1);
            pause(waited);
        }
        // SAFETY: `taken` was false and is true, so that nobody else has the value until it is set back below.
        let value = unsafe { &mut *self.value.get() };
        let result = abort::on_unwind(|| call(value));
        self.taken.store(false, Ordering::Release);
        result
    }
}

#[inline]
fn pause(waited: u32) {
    #[cfg(feature = "std")]
    if waited % 64 == 0 {
        return std::thread::yield_now();
    }
    let _ = waited;
    core::hint::spin_loop();
}
