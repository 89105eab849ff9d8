//! Two allocators as one: what [`Fallback`](super::Fallback) and [`Segregate`](super::Segregate) share.
//!
//! Blocks are handed out exactly as long as asked, and those of no bytes are neither's.

use super::calls::Granted;
use super::forward::clear;
use allocator_api2::alloc::Allocator;
use core::alloc::Layout;
use core::ptr::{self, NonNull};

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

/// A block exactly as long as asked.
#[inline]
pub(super) fn fresh(from: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
    let granted = if zeroed { from.allocate_zeroed(layout) } else { from.allocate(layout) };
    granted.map(|block| exactly(block, layout))
}

/// The inner allocator accepts every size from the one asked for to the one granted, and this is the only one with which
/// the block can come back.
#[inline]
fn exactly(block: NonNull<[u8]>, layout: Layout) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(block.cast(), layout.size())
}

#[inline]
pub(super) fn obtain(pair: &impl Pair, layout: Layout, zeroed: bool) -> Granted {
    if layout.size() > 0 {
        return pair.obtain(layout, zeroed);
    }
    let empty = NonNull::new(ptr::without_provenance_mut(layout.align())).unwrap_or(NonNull::dangling());
    Ok(NonNull::slice_from_raw_parts(empty, 0))
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
                    unsafe { clear(block.cast(), old.size(), new.size()) }
                }
                return resized;
            }
        }
    }
    let fresh = obtain(pair, new, zeroed)?;
    let common = old.size().min(new.size());
    // SAFETY: both blocks are allocated, hence apart, and hold at least the smaller of the two sizes.
    unsafe { fresh.cast::<u8>().copy_from_nonoverlapping(block, common) }
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
    resized.map(|block| exactly(block, new))
}

/// `Allocator` for a [`Pair`].
macro_rules! allocator_by_pair {
    ([$($generics:tt)*] $type:ty) => {
        // SAFETY: every block is one of the two allocators', which move with the pair and live as long, and goes back to
        // the one that it came from, as `Pair::side` says; `pair` keeps the contract of each method.
        unsafe impl<$($generics)*> ::allocator_api2::alloc::Allocator for $type {
            #[inline]
            fn allocate(&self, layout: ::core::alloc::Layout) -> $crate::wrap::calls::Granted {
                $crate::wrap::pair::obtain(self, layout, false)
            }

            #[inline]
            fn allocate_zeroed(&self, layout: ::core::alloc::Layout) -> $crate::wrap::calls::Granted {
                $crate::wrap::pair::obtain(self, layout, true)
            }

            #[inline]
            unsafe fn deallocate(&self, block: ::core::ptr::NonNull<u8>, layout: ::core::alloc::Layout) {
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::give_back(self, block, layout) }
            }

            #[inline]
            unsafe fn grow(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::resize(self, block, old, new, false) }
            }

            #[inline]
            unsafe fn grow_zeroed(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::resize(self, block, old, new, true) }
            }

            #[inline]
            unsafe fn shrink(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> $crate::wrap::calls::Granted {
                // SAFETY: the caller vouches for the block and its layout.
                unsafe { $crate::wrap::pair::resize(self, block, old, new, false) }
            }
        }
    };
}
