//! Calls into the user's code from inside an allocator.

use crate::abort;

/// Runs `call`, unless a hook of any wrapper runs on this thread already: what a hook allocates is not reported to hooks.
///
/// The process ends if `call` panics. Without `std` there is no telling threads apart: one hook runs at a time, and what
/// happens on another thread meanwhile goes unreported.
#[inline]
pub(super) fn unless_inside<R>(call: impl FnOnce() -> R) -> Option<R> {
    if inside::enter() {
        return None;
    }
    let result = abort::on_unwind(call);
    inside::leave();
    Some(result)
}

#[cfg(feature = "std")]
mod inside {
    use core::cell::Cell;

    std::thread_local! {
        // Constant and without a destructor: there as long as the thread is, and never allocated.
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn enter() -> bool {
        INSIDE.with(|inside| inside.replace(true))
    }

    pub(super) fn leave() {
        INSIDE.with(|inside| inside.set(false));
    }
}

#[cfg(not(feature = "std"))]
mod inside {
    use core::sync::atomic::{AtomicBool, Ordering};

    static INSIDE: AtomicBool = AtomicBool::new(false);

    pub(super) fn enter() -> bool {
        INSIDE.swap(true, Ordering::Acquire)
    }

    pub(super) fn leave() {
        INSIDE.store(false, Ordering::Release);
    }
}
