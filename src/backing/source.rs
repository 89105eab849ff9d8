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
#[derive(Clone)]
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
    ///   last copy of the allocator is dropped.
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

// SAFETY: blocks satisfy this contract because those of the closures do, by the contract of `new`; a block of size zero
// is a dangling pointer that needs no memory.
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
