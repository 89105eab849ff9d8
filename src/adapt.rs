//! Adapters for each version of the `Allocator` trait there is. The one file that knows them.

/// Implements the traits by the methods `block`, `block_zeroed`, `free`, `grow_block`, `grow_block_zeroed` and `shrink_block`
/// of the type, which have their contracts.
///
/// Blocks are as the traits want them: exactly as long as asked. A longer one would be legal, but then a caller might free
/// it with any size up to that.
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
}

pub(crate) use {adapter, allocator_impls};
