//! [`Exclusive`].

use super::forward::Observe;
use crate::owns::{Apart, Owns};
use core::ptr::NonNull;

/// An allocator that is borrowed for this alone: as long as this is there, no other has memory of it.
///
/// What [`Fallback::new`](super::Fallback::new) makes of its first. It cannot be copied, and what it lends is borrowed from itself.
///
/// ```
/// use arenite::{Arena, wrap::Exclusive};
/// use allocator_api2::vec::Vec;
///
/// let mut arena = Arena::new();
/// let exclusive = Exclusive::new(&mut arena);
/// let mut numbers = Vec::new_in(&exclusive);
/// numbers.push(1);
/// ```
#[derive(Debug)]
pub struct Exclusive<A> {
    inner: A,
}

impl<'a, A> Exclusive<&'a A> {
    /// `allocator`, for this alone.
    pub const fn new(allocator: &'a mut A) -> Self {
        Self { inner: allocator }
    }

    /// The allocator. As long as this borrow lasts, this cannot be moved.
    pub const fn get(&self) -> &A {
        self.inner
    }
}

impl<A> Observe for Exclusive<A> {}

allocator_by_calls!(Exclusive);

// SAFETY: its blocks are those of the allocator in it.
unsafe impl<A: Owns> Owns for Exclusive<A> {
    fn owns(&self, block: NonNull<u8>) -> bool {
        self.inner.owns(block)
    }
}

// SAFETY: made of an exclusive borrow, of which nothing is handed on for longer than this is borrowed itself. Who has memory of
// the allocator has either borrowed this, so that it cannot be moved or borrowed exclusively, or got it before, which the
// borrow that this was made of has ended.
unsafe impl<A: Owns> Apart for Exclusive<A> {}
