//! An allocator made of two closures.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

/// A base allocator made of two closures, for memory that has no allocator type: a device's, a pool's, a foreign
/// library's. The closures' captures are the context.
///
/// A closure that panics ends the process with a message: an allocator must not unwind.
///
/// It cannot be cloned: clones of closures may each have memory of their own, and clones of an allocator must take each other's
/// blocks. Where an allocator is wanted that can be, a reference to this is one.
///
/// # Examples
///
/// ```
/// use std::alloc::{alloc, dealloc};
/// use std::cell::Cell;
/// use std::ptr::NonNull;
/// use arenite::{Arena, Chained, FnSource};
///
/// let chunks = Cell::new(0);
/// // SAFETY: both closures pass on to the system, and no chunk is of size zero.
/// let source = unsafe {
///     FnSource::new(
///         |layout| {
///             chunks.set(chunks.get() + 1);
///             NonNull::new(unsafe { alloc(layout) })
///         },
///         |block: NonNull<u8>, layout| unsafe { dealloc(block.as_ptr(), layout) },
///     )
/// };
/// let arena = Arena::new_in(Chained::new_in(source));
/// arena.alloc(1);
/// arena.alloc(2);
/// assert_eq!(chunks.get(), 1);
/// ```
pub struct FnSource<F, G> {
    allocate: F,
    deallocate: G,
}

impl<F, G> FnSource<F, G>
where
    F: Fn(Layout) -> Option<NonNull<u8>>,
    G: Fn(NonNull<u8>, Layout),
{
    /// An allocator that calls `allocate` for a block and `deallocate` for its end.
    ///
    /// # Safety
    ///
    /// * For every layout of non-zero size, `allocate` returns `None` or a block that is valid for reads and writes of
    ///   that many bytes, aligned as asked, and nobody else's until `deallocate` is called with it and that layout or the
    ///   allocator is dropped. To move the allocator, and the closures with it, changes nothing about that.
    /// * `deallocate` may rely on getting each such block at most once, from any thread on which the allocator is.
    pub const unsafe fn new(allocate: F, deallocate: G) -> Self {
        FnSource { allocate, deallocate }
    }
}

impl<F, G> fmt::Debug for FnSource<F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnSource").finish_non_exhaustive()
    }
}

// SAFETY: a block of size zero is a pointer that is aligned and not null, and needs no memory. Any other is what a closure
// returned: valid for as many bytes as asked, aligned, and nobody else's until it is freed or this is dropped, also if this is moved
// (the contract of `new`). There are no clones that blocks would have to be shared with. The length returned is the one asked for, so
// that each block comes back with the layout that it was made with. `grow` and `shrink` are those of the trait. Nothing unwinds:
// the closures run under `abort::on_unwind`.
unsafe impl<F, G> Allocator for FnSource<F, G>
where
    F: Fn(Layout) -> Option<NonNull<u8>>,
    G: Fn(NonNull<u8>, Layout),
{
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let block = match layout.size() {
            0 => Some(crate::raw::dangling(layout)),
            _ => crate::abort::on_unwind(|| (self.allocate)(layout)),
        };
        block.map(|block| NonNull::slice_from_raw_parts(block, layout.size())).ok_or(AllocError)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() != 0 {
            crate::abort::on_unwind(|| (self.deallocate)(block, layout));
        }
    }
}
