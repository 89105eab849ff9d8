//! Adapters for each version of the `Allocator` trait there is. The one file that knows them.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

/// A block exactly as long as asked. A longer one would be legal, but then a caller might free it with any size up to that.
pub(crate) type Granted = Result<NonNull<u8>, AllocError>;

/// An allocator, in terms that no version of the traits has a say in. The methods keep the contracts of the traits'.
pub(crate) trait Blocks {
    /// `allocate`.
    fn block(&self, layout: Layout) -> Granted;

    /// `allocate_zeroed`.
    #[inline]
    fn block_zeroed(&self, layout: Layout) -> Granted {
        let block = self.block(layout)?;
        // SAFETY: the block was handed out just now, with that many bytes.
        unsafe { block.write_bytes(0, layout.size()) };
        Ok(block)
    }

    /// `deallocate`.
    ///
    /// # Safety
    ///
    /// As for `Allocator::deallocate`.
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout);

    /// `grow` or `shrink`, for whom they are the same.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow` or `shrink`.
    #[inline]
    unsafe fn resize_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.move_block(block, old, new) }
    }

    /// `grow`.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow`.
    #[inline]
    unsafe fn grow_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.resize_block(block, old, new) }
    }

    /// `grow_zeroed`.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow_zeroed`.
    #[inline]
    unsafe fn grow_block_zeroed(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: this function's contract is that of the called one.
        let grown = unsafe { self.grow_block(block, old, new) }?;
        // SAFETY: `old.size() <= new.size()` (this function's contract), which is what the block has now.
        let added = unsafe { grown.add(old.size()) };
        // SAFETY: the rest of the block, which is the caller's.
        unsafe { added.write_bytes(0, new.size() - old.size()) };
        Ok(grown)
    }

    /// `shrink`.
    ///
    /// # Safety
    ///
    /// As for `Allocator::shrink`.
    #[inline]
    unsafe fn shrink_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.resize_block(block, old, new) }
    }

    /// Copies a block to a new place, and frees the old one.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow` or `shrink`.
    unsafe fn move_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        let to = self.block(new)?;
        // SAFETY: the old block is valid for `old.size()` bytes (this function's contract), the new one for
        // `new.size()`; the smaller is copied. They do not overlap: the new one was handed out while the old one lived.
        unsafe { to.copy_from_nonoverlapping(block, old.size().min(new.size())) };
        // SAFETY: the block is one of this allocator's with layout `old` (this function's contract), and is used no more.
        unsafe { self.free(block, old) };
        Ok(to)
    }
}

/// Implements the traits by [`Blocks`], which the type implements, or what it is a reference to.
///
/// # Safety
///
/// Blocks stay valid until they are freed or the value and all its copies are gone. They are handed out once, are as long
/// and as aligned as asked, and may be freed through every copy. No method unwinds.
macro_rules! allocator_impls {
    ([$($generics:tt)*] $type:ty) => {
        $crate::adapt::adapter!([$($generics)*] $type, allocator_api2::alloc);
        #[cfg(feature = "allocator-api2-03")]
        $crate::adapt::adapter!([$($generics)*] $type, allocator_api2_03::alloc);
        #[cfg(feature = "allocator-api2-04")]
        $crate::adapt::adapter!([$($generics)*] $type, allocator_api2_04::alloc);
        #[cfg(feature = "nightly")]
        $crate::adapt::adapter!([$($generics)*] $type, alloc::alloc);
    };
}

macro_rules! adapter {
    ([$($generics:tt)*] $type:ty, $($path:ident)::+) => {
        const _: () = {
            use $crate::adapt::Blocks;

            // SAFETY: whoever uses `allocator_impls` says so.
            unsafe impl<$($generics)*> $($path)::+::Allocator for $type {
                #[inline(always)]
                fn allocate(&self, layout: ::core::alloc::Layout) -> Result<::core::ptr::NonNull<[u8]>, $($path)::+::AllocError> {
                    match self.block(layout) {
                        Ok(block) => Ok(::core::ptr::NonNull::slice_from_raw_parts(block, layout.size())),
                        Err(_) => Err($($path)::+::AllocError),
                    }
                }

                #[inline]
                fn allocate_zeroed(&self, layout: ::core::alloc::Layout) -> Result<::core::ptr::NonNull<[u8]>, $($path)::+::AllocError> {
                    match self.block_zeroed(layout) {
                        Ok(block) => Ok(::core::ptr::NonNull::slice_from_raw_parts(block, layout.size())),
                        Err(_) => Err($($path)::+::AllocError),
                    }
                }

                #[inline(always)]
                unsafe fn deallocate(&self, block: ::core::ptr::NonNull<u8>, layout: ::core::alloc::Layout) {
                    // SAFETY: this method's contract is that of the called one.
                    unsafe { self.free(block, layout) };
                }

                #[inline]
                unsafe fn grow(
                    &self,
                    block: ::core::ptr::NonNull<u8>,
                    old: ::core::alloc::Layout,
                    new: ::core::alloc::Layout,
                ) -> Result<::core::ptr::NonNull<[u8]>, $($path)::+::AllocError> {
                    // SAFETY: this method's contract is that of the called one.
                    match unsafe { self.grow_block(block, old, new) } {
                        Ok(block) => Ok(::core::ptr::NonNull::slice_from_raw_parts(block, new.size())),
                        Err(_) => Err($($path)::+::AllocError),
                    }
                }

                #[inline]
                unsafe fn grow_zeroed(
                    &self,
                    block: ::core::ptr::NonNull<u8>,
                    old: ::core::alloc::Layout,
                    new: ::core::alloc::Layout,
                ) -> Result<::core::ptr::NonNull<[u8]>, $($path)::+::AllocError> {
                    // SAFETY: this method's contract is that of the called one.
                    match unsafe { self.grow_block_zeroed(block, old, new) } {
                        Ok(block) => Ok(::core::ptr::NonNull::slice_from_raw_parts(block, new.size())),
                        Err(_) => Err($($path)::+::AllocError),
                    }
                }

                #[inline]
                unsafe fn shrink(
                    &self,
                    block: ::core::ptr::NonNull<u8>,
                    old: ::core::alloc::Layout,
                    new: ::core::alloc::Layout,
                ) -> Result<::core::ptr::NonNull<[u8]>, $($path)::+::AllocError> {
                    // SAFETY: this method's contract is that of the called one.
                    match unsafe { self.shrink_block(block, old, new) } {
                        Ok(block) => Ok(::core::ptr::NonNull::slice_from_raw_parts(block, new.size())),
                        Err(_) => Err($($path)::+::AllocError),
                    }
                }
            }
        };
    };
}

pub(crate) use {adapter, allocator_impls};
