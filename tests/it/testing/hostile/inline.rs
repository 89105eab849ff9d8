//! An allocator that must not be moved.

use allocator_api2::alloc::{AllocError, Allocator};
use std::alloc::Layout;
use std::cell::{Cell, UnsafeCell};
use std::ptr::NonNull;

/// Lends out bytes of its own value.
#[derive(Debug)]
pub(crate) struct Inline {
    buffer: UnsafeCell<[u64; 1024]>,
    used: Cell<usize>,
}

impl Inline {
    pub(crate) fn new() -> Self {
        Self { buffer: [0; 1024].into(), used: Cell::new(0) }
    }
}

// SAFETY: it is not: a block does not survive a move of the allocator. The suite has to see that before it moves one.
unsafe impl Allocator for Inline {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let base = self.buffer.get().addr();
        let start = (base + self.used.get()).next_multiple_of(layout.align()) - base;
        let end = start
            .checked_add(layout.size())
            .filter(|end| *end <= size_of_val(&self.buffer))
            .ok_or(AllocError)?;
        self.used.set(end);
        let start = NonNull::new(self.buffer.get().cast::<u8>().wrapping_add(start)).ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(start, layout.size()))
    }

    unsafe fn deallocate(&self, _block: NonNull<u8>, _layout: Layout) {}
}
