//! [`Fallback`].

use super::calls::{Granted, OverGlobal};
use super::exclusive::Exclusive;
use super::pair::{Pair, Side};
use crate::owns::{Apart, Owns, Whole};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

/// Takes memory from `A`, and from `B` when `A` refuses.
///
/// Each block goes back to where it came from: `A` is asked whether it [owns](Owns) the block. A block of `A`'s that `A`
/// cannot make longer moves to `B`; one of `B`'s stays there. Blocks are handed out exactly as long as asked, and blocks of
/// no bytes take nothing from either. Needs no memory besides the two. Fallbacks nest: `Fallback<A, Fallback<B, C>>`.
///
/// `B` must not have its memory from `A`, or `A` would take `B`'s blocks for its own. So [`new`](Self::new) borrows the first for
/// itself alone, and takes only what such a borrow says something about: an arena, not a reference to one (see [`Whole`]). That
/// covers where `B`'s memory is from when the pair is made. No allocator of this crate, or of the standard library, gets its
/// memory later. An allocator of your own that does, by shared reference, must never be given memory of the pair it is in:
/// the author of its `unsafe impl Allocator` answers for that.
///
/// A small buffer on the stack, then the heap:
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, vec::Vec};
/// use arenite::wrap::Fallback;
/// use arenite::{Arena, Buffer, Fixed};
///
/// let mut buffer = Buffer::<256>::new();
/// let mut arena = Arena::new_in(Fixed::from(&mut buffer));
/// let allocator = Fallback::new(&mut arena, Global);
/// let mut numbers = Vec::<u8, _>::with_capacity_in(100, &allocator);
/// numbers.push(7);
/// assert!(allocator.first_owns(numbers.as_slice()));
/// numbers.resize(1000, 7);
/// assert!(!allocator.first_owns(numbers.as_slice()));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fallback<A, B> {
    first: A,
    second: B,
}

impl<'a, A, B> Fallback<Exclusive<&'a A>, B> {
    /// `first`, and `second` where that refuses.
    ///
    /// ```compile_fail,E0502
    /// # use arenite::{Arena, Fixed, wrap::Fallback};
    /// let mut outer = Arena::new();
    /// let inner = Arena::new_in(Fixed::new(outer.alloc_uninit_slice(100)));
    /// let pair = Fallback::new(&mut outer, &inner); // `outer` would free what is `inner`'s
    /// # drop(pair);
    /// ```
    pub const fn new(first: &'a mut A, second: B) -> Self
    where
        A: Whole,
    {
        Self { first: Exclusive::new(first), second }
    }
}

impl<A: Apart, B> Fallback<A, B> {
    /// `first`, which nobody else has, and `second` where that refuses. Also for a static.
    pub const fn owning(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A, B> Fallback<A, B> {
    /// `first`, which others may use as well, and `second` where that refuses: for the arena of a scope, for instance.
    ///
    /// # Safety
    ///
    /// `second` has no memory of `first`'s, nor of what that shares its chunks with, a parent or a child of an arena; and it
    /// gets none as long as blocks of the two are given back through this.
    pub const unsafe fn new_unchecked(first: A, second: B) -> Self {
        Self { first, second }
    }

    /// What is asked first.
    pub const fn first(&self) -> &A {
        &self.first
    }

    /// What is asked when the first refuses.
    pub const fn second(&self) -> &B {
        &self.second
    }

    /// Both, without what joins them.
    pub fn into_parts(self) -> (A, B) {
        (self.first, self.second)
    }
}

impl<A: Owns, B> Fallback<A, B> {
    /// Whether a value that lives in this allocator is in the first of the two. Empty values are in neither.
    pub fn first_owns<T: ?Sized>(&self, value: &T) -> bool {
        size_of_val(value) > 0 && self.first.owns(NonNull::from(value).cast())
    }
}

impl<A: Owns, B: allocator_api2::alloc::Allocator> Pair for Fallback<A, B> {
    type First = A;
    type Second = B;

    fn both(&self) -> (&A, &B) {
        (&self.first, &self.second)
    }

    #[inline]
    fn obtain(&self, layout: Layout, zeroed: bool) -> Granted {
        let first = super::pair::fresh(&self.first, layout, zeroed);
        first.or_else(|_| super::pair::fresh(&self.second, layout, zeroed))
    }

    #[inline]
    fn side(&self, block: NonNull<u8>, _layout: Layout) -> Side {
        if self.first.owns(block) { Side::First } else { Side::Second }
    }

    /// Where the block is; `resize` moves it to wherever there is room if that refuses.
    #[inline]
    fn stays(&self, _from: Side, _new: Layout) -> bool {
        true
    }
}

// SAFETY: an allocator that knows its blocks, or another: exactly those of the two are blocks of both together.
unsafe impl<A: Owns, B: Owns> Owns for Fallback<A, B> {
    fn owns(&self, block: NonNull<u8>) -> bool {
        self.first.owns(block) || self.second.owns(block)
    }
}

// SAFETY: what has memory of this has borrowed it; of the two, nobody else has any.
unsafe impl<A: Apart, B: Apart> Apart for Fallback<A, B> {}

// SAFETY: as for `Apart`, of which an exclusive borrow is a part.
unsafe impl<A: Apart, B: Apart> Whole for Fallback<A, B> {}

allocator_by_pair!([A: Owns, B: allocator_api2::alloc::Allocator] Fallback<A, B>);

impl<A: Owns, B: GlobalAlloc> Fallback<A, B> {
    #[inline]
    fn over(&self) -> Fallback<&A, OverGlobal<'_, B>> {
        Fallback { first: &self.first, second: OverGlobal(&self.second) }
    }
}

global_alloc_by_pair!([A: Owns, B: GlobalAlloc] Fallback<A, B>);
