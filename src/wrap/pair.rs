//! Two allocators as one: what [`Fallback`](super::Fallback) and [`Segregate`](super::Segregate) share.
//!
//! Blocks are handed out exactly as long as asked, and those of no bytes are neither's.

use super::calls::{Granted, empty};
use super::forward::clear;
use allocator_api2::alloc::Allocator;
use core::alloc::Layout;
use core::ptr::NonNull;

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    First,
    Second,
}

pub(super) trait Pair {
    type First: Allocator;
    type Second: Allocator;

    /// Whether the size alone says where a block is, so that one which may not stay must not either if moving fails.
    const BY_SIZE: bool = false;

    fn both(&self) -> (&Self::First, &Self::Second);

    /// A new block, by [`fresh`], from either. The size is not zero.
    fn obtain(&self, layout: Layout, zeroed: bool) -> Granted;

    /// Whose the block is. It is allocated, has this layout, and is not empty.
    fn side(&self, block: NonNull<u8>, layout: Layout) -> Side;

    /// Whether a block there may be resized where it is.
    fn stays(&self, from: Side, new: Layout) -> bool;
}

#[inline]
pub(super) fn fresh(from: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
    let granted = if zeroed { from.allocate_zeroed(layout) } else { from.allocate(layout) };
    granted.map(NonNull::cast)
}

#[inline]
pub(super) fn obtain(pair: &impl Pair, layout: Layout, zeroed: bool) -> Granted {
    if layout.size() > 0 {
        return pair.obtain(layout, zeroed);
    }
    Ok(empty(layout))
}

/// # Safety
///
/// The block is one of the pair's, is allocated, and `layout` fits it.
#[inline]
pub(super) unsafe fn give_back<P: Pair>(pair: &P, block: NonNull<u8>, layout: Layout) {
    if layout.size() == 0 {
        return;
    }
    let (first, second) = pair.both();
    match pair.side(block, layout) {
        // SAFETY: the block is the first's, allocated, with this layout (the caller vouches).
        Side::First => unsafe { first.deallocate(block, layout) },
        // SAFETY: the block is the second's, allocated, with this layout (the caller vouches).
        Side::Second => unsafe { second.deallocate(block, layout) },
    }
}

/// Resizes in place or not, within one of the two or from one to the other.
///
/// # Safety
///
/// The block is one of the pair's, is allocated, and `old` fits it.
pub(super) unsafe fn resize<P: Pair>(
    pair: &P,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
    zeroed: bool,
) -> Granted {
    let (first, second) = pair.both();
    if old.size() > 0 && new.size() > 0 {
        let side = pair.side(block, old);
        if pair.stays(side, new) {
            let resized = match side {
                // SAFETY: the block is the first's, allocated, with this layout (the caller vouches).
                Side::First => unsafe { within(first, block, old, new) },
                // SAFETY: the block is the second's, allocated, with this layout (the caller vouches).
                Side::Second => unsafe { within(second, block, old, new) },
            };
            if resized.is_ok() || P::BY_SIZE || side == Side::Second {
                if let (Ok(block), true) = (resized, zeroed && new.size() > old.size()) {
                    // SAFETY: the block has `new.size()` bytes, which are more than `old.size()`.
                    unsafe { clear(block, old.size(), new.size()) }
                }
                return resized;
            }
        }
    }
    let fresh = obtain(pair, new, zeroed)?;
    let common = old.size().min(new.size());
    // SAFETY: both blocks are allocated, hence apart, and hold at least the smaller of the two sizes.
    unsafe { fresh.copy_from_nonoverlapping(block, common) }
    // SAFETY: the caller vouches for the block and its layout.
    unsafe { give_back(pair, block, old) }
    Ok(fresh)
}

/// # Safety
///
/// The block is `inner`'s, is allocated, and `old` fits it.
#[inline]
unsafe fn within(inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
    let resized = if new.size() >= old.size() {
        // SAFETY: the caller vouches for the block; the new size is no smaller.
        unsafe { inner.grow(block, old, new) }
    } else {
        // SAFETY: the caller vouches for the block; the new size is smaller.
        unsafe { inner.shrink(block, old, new) }
    };
    resized.map(NonNull::cast)
}

/// `Allocator`, in all its versions, for a [`Pair`].
macro_rules! allocator_by_pair {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> $crate::adapt::Blocks for $type {
            #[inline]
            fn block(&self, layout: ::core::alloc::Layout) -> $crate::wrap::calls::Granted {
                $crate::wrap::pair::obtain(self, layout, false)
            }

            #[inline]
            fn block_zeroed(&self, layout: ::core::alloc::Layout) -> $crate::wrap::calls::Granted {
                $crate::wrap::pair::obtain(self, layout, true)
            }

            /// # Safety
            ///
            /// As for `Allocator::deallocate`.
            #[inline]
            unsafe fn free(&self, block: ::core::ptr::NonNull<u8>, layout: ::core::alloc::Layout) {
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::give_back(self, block, layout) }
            }

            /// # Safety
            ///
            /// As for `Allocator::grow` or `Allocator::shrink`.
            #[inline]
            unsafe fn resize_block(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::resize(self, block, old, new, false) }
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
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::resize(self, block, old, new, true) }
            }
        }

        // SAFETY: every block is one of the two allocators', which move with the pair and live as long, and goes back to
        // the one that it came from, as `Pair::side` says; `pair` keeps the contract of each method, and does not unwind.
        $crate::adapt::allocator_impls!([$($generics)*] $type);
    };
}

/// `GlobalAlloc` for a pair whose method `over` makes a [`Pair`] of it: one that has no state but the two allocators, so
/// that each call may make its own.
macro_rules! global_alloc_by_pair {
    ([$($generics:tt)*] $type:ty) => {
        // SAFETY: `over` has no state but the two allocators, so each call may make its own; it keeps the contract of
        // `Allocator`, which is that of the methods here for blocks that are not empty. Nothing unwinds.
        unsafe impl<$($generics)*> ::core::alloc::GlobalAlloc for $type {
            #[inline]
            unsafe fn alloc(&self, layout: ::core::alloc::Layout) -> *mut u8 {
                $crate::wrap::calls::pointer($crate::wrap::pair::obtain(&self.over(), layout, false))
            }

            #[inline]
            unsafe fn alloc_zeroed(&self, layout: ::core::alloc::Layout) -> *mut u8 {
                $crate::wrap::calls::pointer($crate::wrap::pair::obtain(&self.over(), layout, true))
            }

            #[inline]
            unsafe fn dealloc(&self, block: *mut u8, layout: ::core::alloc::Layout) {
                // SAFETY: the caller vouches that the block is allocated, hence not null.
                let block = unsafe { ::core::ptr::NonNull::new_unchecked(block) };
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::give_back(&self.over(), block, layout) }
            }

            #[inline]
            unsafe fn realloc(&self, block: *mut u8, old: ::core::alloc::Layout, size: usize) -> *mut u8 {
                // SAFETY: the caller vouches that the size does not overflow when it is rounded up to the alignment.
                let new = unsafe { ::core::alloc::Layout::from_size_align_unchecked(size, old.align()) };
                // SAFETY: the caller vouches that the block is allocated, hence not null.
                let block = unsafe { ::core::ptr::NonNull::new_unchecked(block) };
                let pair = self.over();
                // SAFETY: the caller vouches for the block and its layout.
                let resized = unsafe { $crate::wrap::pair::resize(&pair, block, old, new, false) };
                $crate::wrap::calls::pointer(resized)
            }
        }
    };
}
