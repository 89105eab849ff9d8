//! [`Observer`].

use super::calls::Granted;
use super::forward::{Observe, Request};
use super::hooks::unless_inside;
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// What an [`Observer`] reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A block was made.
    Allocated {
        /// Where it is.
        block: NonNull<u8>,
        /// What was asked for.
        layout: Layout,
    },
    /// A block was made larger, or as large as it was with another alignment.
    Grown {
        /// Where it was.
        from: NonNull<u8>,
        /// What it was.
        old: Layout,
        /// Where it is: the same place, if it was resized there.
        to: NonNull<u8>,
        /// What was asked for.
        new: Layout,
    },
    /// A block was made smaller.
    Shrunk {
        /// Where it was.
        from: NonNull<u8>,
        /// What it was.
        old: Layout,
        /// Where it is: the same place, if it was resized there.
        to: NonNull<u8>,
        /// What was asked for.
        new: Layout,
    },
    /// A block is about to be given back.
    Freed {
        /// Where it is.
        block: NonNull<u8>,
        /// What it is.
        layout: Layout,
    },
    /// The inner allocator refused: there is no such block, or what was to be resized stayed as it was.
    OutOfMemory {
        /// What was asked for.
        layout: Layout,
    },
}

impl Event {
    pub(super) fn of(request: Request, result: Granted) -> Self {
        let Ok(granted) = result else { return Self::OutOfMemory { layout: request.layout() } };
        let to = granted;
        match request {
            Request::Allocate { layout, .. } => Self::Allocated { block: to, layout },
            Request::Grow { block: from, old, new, .. } => Self::Grown { from, old, to, new },
            Request::Shrink { block: from, old, new } => Self::Shrunk { from, old, to, new },
        }
    }
}

/// One line: `grown from 8 to 16 bytes, moved`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |from, to| if from == to { "in place" } else { "moved" };
        match *self {
            Self::Allocated { block, layout } => {
                write!(f, "allocated {} bytes aligned to {} at {block:p}", layout.size(), layout.align())
            }
            Self::Grown { from, old, to, new } => {
                write!(f, "grown from {} to {} bytes, {}", old.size(), new.size(), place(from, to))?;
                write!(f, ", at {to:p}")
            }
            Self::Shrunk { from, old, to, new } => {
                write!(f, "shrunk from {} to {} bytes, {}", old.size(), new.size(), place(from, to))?;
                write!(f, ", at {to:p}")
            }
            Self::Freed { block, layout } => {
                write!(f, "freed {} bytes aligned to {} at {block:p}", layout.size(), layout.align())
            }
            Self::OutOfMemory { layout } => {
                write!(f, "out of memory for {} bytes aligned to {}", layout.size(), layout.align())
            }
        }
    }
}

/// Calls a closure with every [`Event`].
///
/// The closure may allocate, also from the allocator that it observes: while it runs, its thread's events are not
/// reported, to it or to the hook of any other wrapper. (Without the feature `std`, nor are those of other threads.) If it
/// panics, the process ends, since an allocator must not unwind. It is not told the content of blocks and must not touch
/// it. If it waits for a lock that the program holds while it allocates, it waits forever: see
/// [`unobserved`](super::unobserved).
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box};
/// use arenite::wrap::{Event, Observer};
/// use std::cell::Cell;
///
/// let largest = Cell::new(0);
/// let allocator = Observer::new(Global, |event| {
///     if let Event::Allocated { layout, .. } = event {
///         largest.set(largest.get().max(layout.size()));
///     }
/// });
/// drop(Box::new_in([0_u8; 30], &allocator));
/// drop(Box::new_in([0_u8; 20], &allocator));
/// assert_eq!(largest.get(), 30);
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Observer<A, F> {
    inner: A,
    hook: F,
}

impl<A, F: Fn(Event)> Observer<A, F> {
    /// Calls `hook` with everything that happens from now on.
    pub const fn new(inner: A, hook: F) -> Self {
        Self { inner, hook }
    }

    /// The allocator underneath. What is allocated through it is not reported.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, unobserved.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A: fmt::Debug, F> fmt::Debug for Observer<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<A, F: Fn(Event)> Observe for Observer<A, F> {
    fn after(&self, request: Request, result: Granted) {
        unless_inside(|| (self.hook)(Event::of(request, result)));
    }

    fn freed(&self, block: NonNull<u8>, layout: Layout) {
        unless_inside(|| (self.hook)(Event::Freed { block, layout }));
    }
}

allocator_by_calls!(Observer, F: Fn(Event));
