//! [`OnOom`].

use super::forward::{Observe, Request};
use super::hooks::unless_inside;
use core::alloc::Layout;
use core::fmt;

/// When the inner allocator refuses, calls a hook that may free something, and asks again: a bounded number of times.
///
/// The hook is told what was asked for, and returns whether it is worth another attempt. After `retries` attempts more, or
/// when the hook says no, the request fails as it would have. What the hook itself allocates is not retried, so it
/// cannot recurse. If it panics, the process ends, since an allocator must not unwind. If it waits for a lock that the program
/// holds while it allocates, it waits forever: see [`unobserved`](super::unobserved), where requests fail at once. A request that
/// succeeds costs nothing more.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box, vec::Vec};
/// use arenite::wrap::{Limited, OnOom};
/// use std::cell::RefCell;
///
/// let limited = Limited::new(Global, 100);
/// let cache = RefCell::new(Vec::<u8, _>::with_capacity_in(90, &limited));
/// let allocator = OnOom::new(&limited, 1, |_layout| {
///     let had = cache.borrow().capacity() > 0;
///     cache.replace(Vec::new_in(&limited));
///     had
/// });
/// assert!(Box::try_new_in([0_u8; 64], &allocator).is_ok(), "the cache made room");
/// assert!(Box::try_new_in([0_u8; 101], &allocator).is_err(), "and has nothing left");
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct OnOom<A, F> {
    inner: A,
    retries: usize,
    hook: F,
}

impl<A, F: Fn(Layout) -> bool> OnOom<A, F> {
    /// Calls `hook` up to `retries` times a request.
    pub const fn new(inner: A, retries: usize, hook: F) -> Self {
        Self { inner, retries, hook }
    }

    /// The allocator underneath, which fails at once.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the hook.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A: fmt::Debug, F> fmt::Debug for OnOom<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("OnOom");
        fields.field("inner", &self.inner).field("retries", &self.retries).finish_non_exhaustive()
    }
}

impl<A, F: Fn(Layout) -> bool> Observe for OnOom<A, F> {
    #[cold]
    fn again(&self, request: Request, attempt: usize) -> bool {
        attempt <= self.retries && unless_inside(|| (self.hook)(request.layout())).unwrap_or(false)
    }
}

allocator_by_calls!(OnOom, F: Fn(::core::alloc::Layout) -> bool);
