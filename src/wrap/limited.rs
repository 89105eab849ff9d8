//! [`Limited`] and its [`Budget`].

use super::calls::Granted;
use super::forward::{Observe, Request, Route};
use crate::abort;
use core::alloc::Layout;
use core::borrow::Borrow;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A number of bytes that may be live at a time, for one [`Limited`] or for several.
///
/// Bytes are those of the layouts asked for. Bytes of blocks that moved are counted once, though for a moment both places
/// are taken.
#[derive(Debug)]
pub struct Budget {
    limit: AtomicUsize,
    used: AtomicUsize,
}

impl Budget {
    /// A budget of `bytes`, none of them used.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { limit: AtomicUsize::new(bytes), used: AtomicUsize::new(0) }
    }

    /// The most bytes that may be live.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// Bytes that are live.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Bytes that could still be had.
    pub fn remaining(&self) -> usize {
        self.limit().saturating_sub(self.used())
    }

    /// Changes the limit. Blocks that are live stay live, even where they exceed it.
    pub fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Relaxed);
    }

    fn take(&self, bytes: usize) -> bool {
        let limit = self.limit();
        let add = |used: usize| used.checked_add(bytes).filter(|used| bytes == 0 || *used <= limit);
        self.used.fetch_update(Relaxed, Relaxed, add).is_ok()
    }

    fn put_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
    }
}

/// How much is used, of how much: `1.5 KiB of 4 KiB`.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", crate::size::Bytes(self.used()), crate::size::Bytes(self.limit()))
    }
}

/// Refuses each request with which more bytes would be live than its [`Budget`] has.
///
/// Exact to the byte, also while threads allocate: bytes are taken from the budget before the inner allocator is asked,
/// and put back if it fails. Blocks are handed out exactly as long as asked. A resize costs the difference; a shrink is
/// never refused here. A block of no bytes costs nothing. Each request costs one atomic exchange.
///
/// `B` is the budget itself, or something that lends it: with `&Budget` or `Arc<Budget>` several allocators share one,
/// and a clone shares that of its original. A `Limited` with a budget of its own is shared by reference.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box, vec::Vec};
/// use arenite::wrap::{Budget, Limited};
///
/// let allocator = Limited::new(Global, 100);
/// let numbers = Vec::<u8, _>::with_capacity_in(90, &allocator);
/// assert_eq!(allocator.budget().remaining(), 10);
/// assert!(Box::try_new_in([0_u8; 11], &allocator).is_err());
/// drop(numbers);
/// assert!(Box::try_new_in([0_u8; 11], &allocator).is_ok());
///
/// let budget = Budget::new(100);
/// let first = Limited::with_budget(Global, &budget);
/// let second = first.clone();
/// let kept = Box::try_new_in([0_u8; 60], first).unwrap();
/// assert!(Box::try_new_in([0_u8; 60], second).is_err());
/// assert_eq!(budget.to_string(), "60 B of 100 B");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Limited<A, B = Budget> {
    inner: A,
    budget: B,
}

impl<A> Limited<A> {
    /// At most `bytes` at a time.
    pub const fn new(inner: A, bytes: usize) -> Self {
        Self::with_budget(inner, Budget::new(bytes))
    }
}

impl<A, B> Limited<A, B> {
    /// As much as there is in `budget`, which others may use too.
    pub const fn with_budget(inner: A, budget: B) -> Self {
        Self { inner, budget }
    }

    /// The allocator underneath. What is allocated through it costs nothing.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the limit. What is live stays taken from the budget.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A, B: Borrow<Budget>> Limited<A, B> {
    /// The budget.
    pub fn budget(&self) -> &Budget {
        self.budget.borrow()
    }

    /// The budget, where a panic of the user's `Borrow` must not unwind.
    #[inline]
    fn purse(&self) -> &Budget {
        abort::on_unwind(|| self.budget.borrow())
    }
}

/// What a request takes from the budget.
fn cost(request: Request) -> usize {
    match request {
        Request::Allocate { layout, .. } => layout.size(),
        Request::Grow { old, new, .. } => new.size().saturating_sub(old.size()),
        Request::Shrink { .. } => 0,
    }
}

impl<A, B: Borrow<Budget>> Observe for Limited<A, B> {
    #[inline]
    fn before(&self, request: Request) -> Route {
        if self.purse().take(cost(request)) { Route::Forward } else { Route::Refuse }
    }

    #[inline]
    fn after(&self, request: Request, result: Granted) {
        match (request, result) {
            (Request::Shrink { old, new, .. }, Ok(_)) => {
                self.purse().put_back(old.size().saturating_sub(new.size()))
            }
            (_, Ok(_)) => {}
            (_, Err(_)) => self.purse().put_back(cost(request)),
        }
    }

    #[inline]
    fn freed(&self, _block: NonNull<u8>, layout: Layout) {
        self.purse().put_back(layout.size());
    }
}

allocator_by_calls!(Limited, B: ::core::borrow::Borrow<Budget>);
