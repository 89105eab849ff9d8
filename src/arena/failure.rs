//! What happens when there is no memory: an error, or a panic.

use core::alloc::Layout;
use core::convert::Infallible;
use core::fmt;

use allocator_api2::alloc::AllocError;

use super::Arena;
use super::lineage::Named;
use crate::backing::Backing;
use crate::size::Bytes;

/// The error type of a method that exists twice, panicking and trying: [`Infallible`] for the first, so that there is
/// nothing to check where it is called, [`AllocError`] for the second.
pub(super) trait Failure: Sized {
    /// There is no memory for a block of that layout.
    fn out_of_memory<B: Backing, const M: usize>(arena: &Arena<B, M>, layout: Layout) -> Self;

    /// A slice of so many elements is larger than any block can be.
    fn too_long() -> Self;
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Panics, since `what` cannot be done: the backing has no memory, or the arena is sealed.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn panic_refused(&self, what: fmt::Arguments<'_>) -> ! {
        let name = Named(self.name());
        if self.is_sealed() {
            panic!("{name}: {what}: it is sealed");
        }
        panic!("{name}: {what} (backing: {})", B::NAME);
    }
}

impl Failure for Infallible {
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn out_of_memory<B: Backing, const M: usize>(arena: &Arena<B, M>, layout: Layout) -> Self {
        let (size, align) = (Bytes(layout.size()), Bytes(layout.align()));
        let root = arena.root();
        match root.limit.get() {
            limit if layout.size() > root.allowed() && !arena.is_sealed() => {
                let (name, limit) = (Named(arena.name()), Bytes(limit));
                panic!("{name}: no room for {size} aligned to {align}: the allocation limit is {limit}")
            }
            _ => arena.panic_refused(format_args!("out of memory for {size} aligned to {align}")),
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn too_long() -> Self {
        panic!("arena: a slice of that many elements is larger than any block can be")
    }
}

impl Failure for AllocError {
    #[inline]
    fn out_of_memory<B: Backing, const M: usize>(_: &Arena<B, M>, _: Layout) -> Self {
        AllocError
    }

    #[inline]
    fn too_long() -> Self {
        AllocError
    }
}
