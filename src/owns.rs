//! Which allocator a block came from.

use allocator_api2::alloc::Allocator;
use core::ptr::NonNull;

/// An allocator that knows which blocks are its own.
///
/// What [`Fallback`](crate::wrap::Fallback) asks before it gives a block back. Implemented for references to arenas (cost:
/// one comparison a chunk, so one for an arena over a buffer) and for references to what implements it.
///
/// # Safety
///
/// For a block of at least one byte that is allocated, from this allocator or from any other, `owns` returns whether it is
/// this allocator's, and does not unwind.
pub unsafe trait Owns: Allocator {
    /// Whether `block` was handed out by this allocator. `block` is allocated, and not empty.
    fn owns(&self, block: NonNull<u8>) -> bool;
}

// SAFETY: an allocator and a reference to it have the same blocks.
unsafe impl<A: Owns> Owns for &A {
    #[inline]
    fn owns(&self, block: NonNull<u8>) -> bool {
        (**self).owns(block)
    }
}
