//! Every wrapper as an `Allocator`, and as a `GlobalAlloc`, from one implementation.

use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

pub(super) use crate::adapt::Granted;

/// What a wrapper makes of each call, over whatever stands in for its inner allocator.
///
/// The methods keep the contracts of those of `Allocator`. The caller always passes the same inner allocator, in either of
/// its forms.
pub(super) trait Calls {
    /// `allocate`, or `allocate_zeroed`.
    fn obtain(&self, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted;

    /// `deallocate`.
    ///
    /// # Safety
    ///
    /// The block is one of this wrapper's over `inner`, is allocated, and `layout` fits it.
    unsafe fn give_back(&self, inner: &impl Allocator, block: NonNull<u8>, layout: Layout);

    /// `grow`, or `grow_zeroed`.
    ///
    /// # Safety
    ///
    /// The block is one of this wrapper's over `inner`, is allocated, `old` fits it, and `new` is no smaller.
    unsafe fn enlarge(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Granted;

    /// `shrink`.
    ///
    /// # Safety
    ///
    /// The block is one of this wrapper's over `inner`, is allocated, `old` fits it, and `new` is no larger.
    unsafe fn reduce(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted;
}

/// `Allocator`, in all its versions, and `GlobalAlloc` for a wrapper `$name<A>`, by its [`Calls`] and its field `inner`.
///
/// The field must be private to the wrapper's file, which must never replace the allocator in it. What stands behind `global`,
/// if anything does, says what stands for the wrapper where it is a `GlobalAlloc`: a [`Calls`] with the same blocks.
macro_rules! allocator_by_calls {
    ($name:ident $(, $other:ident: $($bound:tt)+)?) => {
        allocator_by_calls!([$($other: $($bound)+)?] $name<A $(, $other)?>);
    };
    ([$($generics:tt)*] $type:ty) => {
        allocator_by_calls!([$($generics)*] $type, global |this| this);
    };
    ([$($generics:tt)*] $type:ty, global |$this:ident| $calls:expr) => {
        impl<A: ::allocator_api2::alloc::Allocator, $($generics)*> $crate::adapt::Blocks for $type {
            #[inline]
            fn block(&self, layout: ::core::alloc::Layout) -> $crate::wrap::calls::Granted {
                $crate::wrap::calls::Calls::obtain(self, &self.inner, layout, false)
            }

            #[inline]
            fn block_zeroed(&self, layout: ::core::alloc::Layout) -> $crate::wrap::calls::Granted {
                $crate::wrap::calls::Calls::obtain(self, &self.inner, layout, true)
            }

            /// # Safety
            ///
            /// As for `Allocator::deallocate`.
            #[inline]
            unsafe fn free(&self, block: ::core::ptr::NonNull<u8>, layout: ::core::alloc::Layout) {
                // SAFETY: all blocks are this wrapper's over `self.inner`; the caller vouches that this one is
                // allocated and that `layout` fits it.
                unsafe { $crate::wrap::calls::Calls::give_back(self, &self.inner, block, layout) }
            }

            /// # Safety
            ///
            /// As for `Allocator::grow`.
            #[inline]
            unsafe fn grow_block(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: all blocks are this wrapper's over `self.inner`; the caller vouches that this one is
                // allocated, that `old` fits it and that `new` is no smaller.
                unsafe { $crate::wrap::calls::Calls::enlarge(self, &self.inner, block, old, new, false) }
            }

            /// # Safety
            ///
            /// As for `Allocator::grow_zeroed`.
            #[inline]
            unsafe fn grow_block_zeroed(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: as for `grow_block`.
                unsafe { $crate::wrap::calls::Calls::enlarge(self, &self.inner, block, old, new, true) }
            }

            /// # Safety
            ///
            /// As for `Allocator::shrink`.
            #[inline]
            unsafe fn shrink_block(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: all blocks are this wrapper's over `self.inner`; the caller vouches that this one is
                // allocated, that `old` fits it and that `new` is no larger.
                unsafe { $crate::wrap::calls::Calls::reduce(self, &self.inner, block, old, new) }
            }
        }

        // SAFETY: every block is one of `self.inner`'s, an allocator that moves with the wrapper and lives as long,
        // and every block that comes back is passed on to it; `Calls` keeps the contract of each method, and does not
        // unwind.
        $crate::adapt::allocator_impls!([A: ::allocator_api2::alloc::Allocator, $($generics)*] $type);

        // SAFETY: every block is one of `self.inner`'s, which lives as long as the wrapper, and goes back to it with the layout that
        // it came with; the layouts passed on are the caller's. `Calls` keeps the contract of each method, and never unwinds.
        unsafe impl<A: ::core::alloc::GlobalAlloc, $($generics)*> ::core::alloc::GlobalAlloc
            for $type
        {
            #[inline]
            unsafe fn alloc(&self, layout: ::core::alloc::Layout) -> *mut u8 {
                let ($this, inner) = (self, $crate::wrap::calls::OverGlobal(&self.inner));
                let calls = $calls;
                $crate::wrap::calls::pointer($crate::wrap::calls::Calls::obtain(calls, &inner, layout, false))
            }

            #[inline]
            unsafe fn alloc_zeroed(&self, layout: ::core::alloc::Layout) -> *mut u8 {
                let ($this, inner) = (self, $crate::wrap::calls::OverGlobal(&self.inner));
                let calls = $calls;
                $crate::wrap::calls::pointer($crate::wrap::calls::Calls::obtain(calls, &inner, layout, true))
            }

            #[inline]
            unsafe fn dealloc(&self, block: *mut u8, layout: ::core::alloc::Layout) {
                let ($this, inner) = (self, $crate::wrap::calls::OverGlobal(&self.inner));
                let calls = $calls;
                // SAFETY: the caller vouches that the block is allocated, hence not null.
                let block = unsafe { ::core::ptr::NonNull::new_unchecked(block) };
                // SAFETY: all blocks are this wrapper's over `self.inner`; the caller vouches that this one is
                // allocated with this layout.
                unsafe { $crate::wrap::calls::Calls::give_back(calls, &inner, block, layout) }
            }

            #[inline]
            unsafe fn realloc(&self, block: *mut u8, old: ::core::alloc::Layout, size: usize) -> *mut u8 {
                let ($this, inner) = (self, $crate::wrap::calls::OverGlobal(&self.inner));
                let calls = $calls;
                // SAFETY: the caller vouches that the size does not overflow when it is rounded up to the alignment.
                let new = unsafe { ::core::alloc::Layout::from_size_align_unchecked(size, old.align()) };
                // SAFETY: the caller vouches that the block is allocated, hence not null.
                let block = unsafe { ::core::ptr::NonNull::new_unchecked(block) };
                $crate::wrap::calls::pointer(if size < old.size() {
                    // SAFETY: all blocks are this wrapper's over `self.inner`; the caller vouches that this one is
                    // allocated with `old`; `new` is smaller.
                    unsafe { $crate::wrap::calls::Calls::reduce(calls, &inner, block, old, new) }
                } else {
                    // SAFETY: all blocks are this wrapper's over `self.inner`; the caller vouches that this one is
                    // allocated with `old`; `new` is no smaller.
                    unsafe { $crate::wrap::calls::Calls::enlarge(calls, &inner, block, old, new, false) }
                })
            }
        }
    };
}

/// What `GlobalAlloc`'s methods return.
#[inline]
pub(super) fn pointer(result: Granted) -> *mut u8 {
    result.map_or(ptr::null_mut(), NonNull::as_ptr)
}

/// A block of no bytes, which takes nothing from anybody. It may come back without having been asked for: so do those of some
/// boxes.
#[inline]
pub(super) fn empty(layout: Layout) -> NonNull<u8> {
    NonNull::new(ptr::without_provenance_mut(layout.align())).unwrap_or(NonNull::dangling())
}

/// Notes a block that a wrapper is about to hand out, for [`recalled`].
#[inline]
pub(super) fn noted(block: NonNull<u8>) -> NonNull<u8> {
    let _ = block.as_ptr().expose_provenance();
    block
}

/// The memory at `block`, which comes back, as the inner allocator gave it: for wrappers that have more than the bytes that
/// their user knows of. The user's pointer may have gone through a box or a reference, and be good for those alone.
#[inline]
pub(super) fn recalled(block: NonNull<u8>) -> NonNull<u8> {
    // What was exposed is a pointer into the very memory that was handed out.
    NonNull::new(ptr::with_exposed_provenance_mut(block.addr().get())).unwrap_or(block)
}

/// A `GlobalAlloc` as an `Allocator`.
pub(super) struct OverGlobal<'g, G>(pub(super) &'g G);

impl<G: GlobalAlloc> OverGlobal<'_, G> {
    #[inline]
    fn take(&self, layout: Layout, zeroed: bool) -> Result<NonNull<[u8]>, AllocError> {
        let block = match (layout.size(), zeroed) {
            (0, _) => ptr::without_provenance_mut(layout.align()),
            // SAFETY: the size is not zero.
            (_, true) => unsafe { self.0.alloc_zeroed(layout) },
            // SAFETY: the size is not zero.
            (_, false) => unsafe { self.0.alloc(layout) },
        };
        let block = NonNull::new(block).ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(block, layout.size()))
    }

    /// # Safety
    ///
    /// `block` must be allocated from here, and `old` must fit it.
    #[inline]
    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if old.size() > 0 && new.size() > 0 && old.align() == new.align() {
            // SAFETY: the block is not empty, so it is the inner allocator's, with this layout; the new size is not zero,
            // and rounded up it fits, as it is that of a layout with the same alignment.
            let moved = unsafe { self.0.realloc(block.as_ptr(), old, new.size()) };
            let moved = NonNull::new(moved).ok_or(AllocError)?;
            return Ok(NonNull::slice_from_raw_parts(moved, new.size()));
        }
        let fresh = self.take(new, false)?;
        // SAFETY: both blocks are allocated, hence apart, and hold at least the smaller of the two sizes.
        unsafe { fresh.cast::<u8>().copy_from_nonoverlapping(block, old.size().min(new.size())) }
        // SAFETY: the caller vouches for the block and its layout.
        unsafe { self.deallocate(block, old) }
        Ok(fresh)
    }
}

// SAFETY: blocks are the global allocator's, or empty; it lives as long as this reference to it. They are as long as
// asked, so each comes back with the layout that it went out with. `GlobalAlloc`s do not unwind.
unsafe impl<G: GlobalAlloc> Allocator for OverGlobal<'_, G> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.take(layout, false)
    }

    #[inline]
    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.take(layout, true)
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: the block is not empty, so it is the inner allocator's, with this layout (the caller vouches).
            unsafe { self.0.dealloc(block.as_ptr(), layout) }
        }
    }

    #[inline]
    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller vouches for the block and its layout.
        unsafe { self.resize(block, old, new) }
    }

    #[inline]
    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller vouches for the block and its layout.
        let grown = unsafe { self.resize(block, old, new) }?;
        // SAFETY: the block has `new.size()` bytes, and `old` is no larger (the caller vouches).
        unsafe { super::forward::clear(grown.cast(), old.size(), new.size()) }
        Ok(grown)
    }

    #[inline]
    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller vouches for the block and its layout.
        unsafe { self.resize(block, old, new) }
    }
}
