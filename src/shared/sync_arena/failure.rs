//! What happens when there is no memory: an error, or a panic.

use core::alloc::Layout;
use core::convert::Infallible;

use allocator_api2::alloc::AllocError;

use super::SyncArena;
use crate::backing::Backing;
use crate::size::Bytes;

/// The error type of a method that exists twice, panicking and trying: [`Infallible`] for the first, [`AllocError`] for the
/// second.
pub(super) trait Failure: Sized {
    /// There is no memory for a block of that layout.
    fn out_of_memory<B: Backing, const M: usize>(arena: &SyncArena<B, M>, layout: Layout) -> Self;

    /// A slice of so many elements is larger than any block can be.
    fn too_long() -> Self;
}

impl Failure for Infallible {
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn out_of_memory<B: Backing, const M: usize>(arena: &SyncArena<B, M>, layout: Layout) -> Self {
        let (size, align) = (Bytes(layout.size()), Bytes(layout.align()));
        match arena.allocation_limit() {
            Some(limit) => panic!(
                "shared arena: no room for {size} aligned to {align}: the allocation limit is {} (backing: {})",
                Bytes(limit),
                B::NAME
            ),
            None => {
                panic!("shared arena: out of memory for {size} aligned to {align} (backing: {})", B::NAME)
            }
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn too_long() -> Self {
        panic!("shared arena: a slice of that many elements is larger than any block can be")
    }
}

impl Failure for AllocError {
    #[inline]
    fn out_of_memory<B: Backing, const M: usize>(_: &SyncArena<B, M>, _: Layout) -> Self {
        AllocError
    }

    #[inline]
    fn too_long() -> Self {
        AllocError
    }
}
