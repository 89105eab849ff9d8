//! `&Arena` as an allocator, for each version of the trait there is.
//!
//! The one file that knows these traits. All of them are adapters of the methods in `resize.rs`.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::Arena;
use crate::backing::Backing;

/// The block as the traits want it: exactly as long as asked. A longer one would be legal, but then a caller might free
/// it with any size up to that.
#[inline(always)]
fn slice(block: NonNull<u8>, layout: Layout) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(block, layout.size())
}

macro_rules! allocator {
    ($($path:ident)::+) => {
        // SAFETY: blocks stay valid for as long as the arena is borrowed, which a copy of the reference does not change:
        // nothing is reset or dropped before. They are handed out once, are as long and as aligned as asked, and may be
        // freed through every copy of the reference. No method unwinds: what the user supplies runs under
        // `abort::on_unwind`.
        unsafe impl<B: Backing, const M: usize> $($path)::+::Allocator for &Arena<B, M> {
            #[inline(always)]
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                match self.block(layout) {
                    Ok(block) => Ok(slice(block, layout)),
                    Err(_) => Err($($path)::+::AllocError),
                }
            }

            #[inline]
            fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                match self.block_zeroed(layout) {
                    Ok(block) => Ok(slice(block, layout)),
                    Err(_) => Err($($path)::+::AllocError),
                }
            }

            #[inline(always)]
            unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
                // SAFETY: this method's contract is that of the called one.
                unsafe { self.free(block, layout) };
            }

            #[inline]
            unsafe fn grow(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                // SAFETY: this method's contract is that of the called one.
                match unsafe { self.grow_block(block, old, new) } {
                    Ok(block) => Ok(slice(block, new)),
                    Err(_) => Err($($path)::+::AllocError),
                }
            }

            #[inline]
            unsafe fn grow_zeroed(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                // SAFETY: this method's contract is that of the called one.
                match unsafe { self.grow_block_zeroed(block, old, new) } {
                    Ok(block) => Ok(slice(block, new)),
                    Err(_) => Err($($path)::+::AllocError),
                }
            }

            #[inline]
            unsafe fn shrink(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, $($path)::+::AllocError> {
                // SAFETY: this method's contract is that of the called one.
                match unsafe { self.shrink_block(block, old, new) } {
                    Ok(block) => Ok(slice(block, new)),
                    Err(_) => Err($($path)::+::AllocError),
                }
            }
        }
    };
}

allocator!(allocator_api2::alloc);
#[cfg(feature = "allocator-api2-03")]
allocator!(allocator_api2_03::alloc);
#[cfg(feature = "allocator-api2-04")]
allocator!(allocator_api2_04::alloc);
#[cfg(feature = "nightly")]
allocator!(alloc::alloc);
