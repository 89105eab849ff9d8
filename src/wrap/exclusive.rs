//! [`Exclusive`].

use super::forward::Observe;
use crate::owns::{Apart, Owns, Whole};
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
///
/// What is borrowed is [`Whole`]: a `&mut` to a reference is no proof of anything.
///
/// ```compile_fail,E0277
/// # use arenite::{Arena, wrap::Exclusive};
/// let arena = Arena::new();
/// let exclusive = Exclusive::new(&mut &arena); // `arena` can still be used by others
/// ```
#[derive(Debug)]
pub struct Exclusive<A> {
    inner: A,
}

impl<'a, A> Exclusive<&'a A> {
    /// `allocator`, for this alone.
    pub const fn new(allocator: &'a mut A) -> Self
    where
        A: Whole,
    {
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

// SAFETY: `new` alone makes one, of an exclusive borrow of what is `Whole`: when it was made, no other allocator that could be
// used from then on had memory of that. Since then the only way to it is through this value, which cannot be cloned, and hands
// on nothing for longer than it is borrowed itself: as long as it can be moved, or borrowed exclusively, nothing of that is left.
unsafe impl<A: Owns> Apart for Exclusive<A> {}

// SAFETY: as for `Apart`, of which an exclusive borrow is a part.
unsafe impl<A: Owns> Whole for Exclusive<A> {}
