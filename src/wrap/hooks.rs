//! Calls into the user's code from inside an allocator.

use crate::abort;

/// Runs `call`, unless a hook of any wrapper runs on this thread already, or the thread is [unobserved]: what a hook allocates is
/// not reported to hooks.
///
/// The process ends if `call` panics. Without `std` there is no telling threads apart: one hook runs at a time, and what
/// happens on another thread meanwhile goes unreported.
#[inline]
pub(super) fn unless_inside<R>(call: impl FnOnce() -> R) -> Option<R> {
    if !inside::enter_alone() {
        return None;
    }
    let result = abort::on_unwind(call);
    inside::leave();
    Some(result)
}

/// Runs `call`. What this thread allocates and frees meanwhile is reported to no hook: not to that of an
/// [`Observer`](super::Observer) or an [`OnOom`](super::OnOom), nor to the logger of a `Logging`.
///
/// For what a hook cannot bear: a hook that takes a lock waits for itself if its thread has that lock already and allocates. So
/// the program runs what it does with the lock in here. (Without the feature `std`, what other threads do meanwhile goes
/// unreported as well.)
///
/// ```
/// # #[cfg(feature = "std")] {
/// use allocator_api2::{alloc::Global, vec::Vec};
/// use arenite::wrap::{Observer, unobserved};
/// use std::sync::Mutex;
///
/// let calls = Mutex::new(0);
/// let allocator = Observer::new(Global, |_| *calls.lock().unwrap() += 1);
/// let mut numbers = Vec::new_in(&allocator);
/// numbers.push(1);
/// unobserved(|| {
///     let calls = calls.lock().unwrap();
///     // The hook would wait for the lock.
///     numbers.resize(100, *calls);
/// });
/// assert_eq!(*calls.lock().unwrap(), 1);
/// # }
/// ```
pub fn unobserved<R>(call: impl FnOnce() -> R) -> R {
    /// Also if `call` panics.
    struct Leave;

    impl Drop for Leave {
        fn drop(&mut self) {
            inside::leave();
        }
    }

    inside::enter();
    let _leave = Leave;
    call()
}

/// How many hooks, and calls that go unobserved, are under way.
#[cfg(feature = "std")]
mod inside {
    use core::cell::Cell;

    std::thread_local! {
        // Constant and without a destructor: there as long as the thread is, and never allocated.
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    /// Enters if nobody is inside. Returns whether that is so.
    #[inline]
    pub(super) fn enter_alone() -> bool {
        let alone = DEPTH.get() == 0;
        if alone {
            DEPTH.set(1);
        }
        alone
    }

    pub(super) fn enter() {
        // Each is a call that has not returned, so it does not overflow.
        DEPTH.set(DEPTH.get() + 1);
    }

    pub(super) fn leave() {
        DEPTH.set(DEPTH.get() - 1);
    }
}

#[cfg(not(feature = "std"))]
mod inside {
    use core::sync::atomic::{AtomicUsize, Ordering};

    static DEPTH: AtomicUsize = AtomicUsize::new(0);

    pub(super) fn enter_alone() -> bool {
        DEPTH.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    pub(super) fn enter() {
        // Each is a call that has not returned, so it does not overflow.
        DEPTH.fetch_add(1, Ordering::Acquire);
    }

    pub(super) fn leave() {
        DEPTH.fetch_sub(1, Ordering::Release);
    }
}
