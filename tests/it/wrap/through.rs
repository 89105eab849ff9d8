//! The wrappers as global allocators.

use allocator_api2::alloc::{AllocError, Allocator};
use arenite::conformance_suite;
use arenite::wrap::{Counting, Failing, Limited};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::{self, NonNull};

/// A global allocator as an allocator, so that the conformance suite can check it.
pub(super) struct Through<G>(pub(super) G);

impl<G: GlobalAlloc> Through<G> {
    fn granted(block: *mut u8, size: usize) -> Result<NonNull<[u8]>, AllocError> {
        NonNull::new(block).map(|block| NonNull::slice_from_raw_parts(block, size)).ok_or(AllocError)
    }

    fn empty(layout: Layout) -> *mut u8 {
        ptr::without_provenance_mut(layout.align())
    }

    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if old.size() > 0 && new.size() > 0 && old.align() == new.align() {
            // SAFETY: the block is not empty and has this layout; the new size is not zero and belongs to a layout.
            let moved = unsafe { self.0.realloc(block.as_ptr(), old, new.size()) };
            return Self::granted(moved, new.size());
        }
        let fresh = self.allocate_zeroed(new)?;
        // SAFETY: both have at least that many bytes, and are apart.
        unsafe { fresh.cast::<u8>().copy_from_nonoverlapping(block, old.size().min(new.size())) }
        // SAFETY: the caller vouches for the block.
        unsafe { self.deallocate(block, old) }
        Ok(fresh)
    }
}

// SAFETY: blocks are those of the global allocator, or empty, and come back with their layouts.
unsafe impl<G: GlobalAlloc> Allocator for Through<G> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Self::granted(Self::empty(layout), 0);
        }
        // SAFETY: the size is not zero.
        Self::granted(unsafe { self.0.alloc(layout) }, layout.size())
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Self::granted(Self::empty(layout), 0);
        }
        // SAFETY: the size is not zero.
        Self::granted(unsafe { self.0.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: the block is not empty and has this layout.
            unsafe { self.0.dealloc(block.as_ptr(), layout) }
        }
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller vouches for the block.
        unsafe { self.resize(block, old, new) }
    }

    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller vouches for the block.
        let grown = unsafe { self.resize(block, old, new) }?;
        // SAFETY: the block has that many bytes.
        let rest = unsafe { grown.cast::<u8>().add(old.size()) };
        // SAFETY: as above.
        unsafe { rest.write_bytes(0, new.size() - old.size()) }
        Ok(grown)
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller vouches for the block.
        unsafe { self.resize(block, old, new) }
    }
}

conformance_suite!(counting, Through(Counting::new(System)));
conformance_suite!(moving, Through(moving()));
conformance_suite!(limited, Through(Limited::new(System, usize::MAX)));
conformance_suite!(nested, Through(Limited::new(Counting::new(moving()), usize::MAX)));

fn moving() -> Failing<System> {
    let failing = Failing::new(System);
    failing.move_resizes(true);
    failing
}

#[test]
fn a_global_allocator_is_counted() {
    let counting = Counting::new(System);
    let layout = Layout::new::<[u64; 8]>();
    // SAFETY: the layout is not empty.
    let block = unsafe { counting.alloc(layout) };
    // SAFETY: the block has this layout; the size is not zero.
    let block = unsafe { counting.realloc(block, layout, 128) };
    // SAFETY: the block has this layout; the size is not zero.
    let block = unsafe { counting.realloc(block, Layout::new::<[u64; 16]>(), 8) };
    let counts = counting.counts();
    assert_eq!((counts.allocate, counts.grow, counts.shrink), (1, 1, 1));
    assert_eq!((counts.bytes_live, counts.bytes_peak), (8, 128));
    // SAFETY: the block has this layout.
    unsafe { counting.dealloc(block, Layout::new::<u64>()) };
    assert_eq!((counting.counts().blocks_live, counting.counts().bytes_live), (0, 0));
}
