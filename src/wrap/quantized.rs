//! [`Quantized`].

use super::calls::{Calls, Granted, noted, recalled};
use super::forward::clear;
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::ptr::NonNull;

/// Rounds every size up to a multiple of `STEP` bytes before it asks the inner allocator.
///
/// So the inner allocator sees few different sizes, and a resize within the same multiple stays in place and never reaches
/// it. Costs up to `STEP - 1` bytes a block. Blocks are handed out exactly as long as asked; those of no bytes stay so. A
/// size that cannot be rounded up is refused. What a block has beyond its size is reached by its address (exposed provenance),
/// which a check for strict provenance refuses.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, vec::Vec};
/// use arenite::wrap::{Counting, Quantized};
///
/// let allocator = Quantized::<64, _>::new(Counting::new(Global));
/// let mut numbers = Vec::<u8, _>::with_capacity_in(10, &allocator);
/// assert_eq!(allocator.inner().counts().bytes_live, 64);
/// numbers.reserve_exact(64);
/// assert_eq!(allocator.inner().counts().grow, 0);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantized<const STEP: usize, A> {
    inner: A,
}

impl<const STEP: usize, A> Quantized<STEP, A> {
    /// Rounds up to a multiple of `STEP`. With a `STEP` of zero this does not compile.
    pub const fn new(inner: A) -> Self {
        const { assert!(STEP > 0, "sizes are rounded to a multiple of something") }
        Self { inner }
    }

    /// The allocator underneath. What is allocated through it is not rounded.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

fn round<const STEP: usize>(layout: Layout) -> Result<Layout, AllocError> {
    let size = layout.size().checked_next_multiple_of(STEP).ok_or(AllocError)?;
    Layout::from_size_align(size, layout.align()).map_err(|_| AllocError)
}

impl<const STEP: usize, A> Calls for Quantized<STEP, A> {
    #[inline]
    fn obtain(&self, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
        let rounded = round::<STEP>(layout)?;
        let granted = if zeroed { inner.allocate_zeroed(rounded) } else { inner.allocate(rounded) };
        granted.map(|block| noted(block.cast()))
    }

    #[inline]
    unsafe fn give_back(&self, inner: &impl Allocator, block: NonNull<u8>, layout: Layout) {
        // A block whose size cannot be rounded up was never handed out.
        let Ok(rounded) = round::<STEP>(layout) else { return };
        // SAFETY: the block was made with this layout, rounded, and is allocated (the caller vouches).
        unsafe { inner.deallocate(recalled(block), rounded) }
    }

    #[inline]
    unsafe fn enlarge(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Granted {
        let (before, after) = (round::<STEP>(old)?, round::<STEP>(new)?);
        let mut block = recalled(block);
        if before != after {
            // SAFETY: the block was made with `before`, and is allocated (the caller vouches); `after` is no smaller.
            block = noted(unsafe { inner.grow(block, before, after) }?.cast());
        }
        if zeroed {
            // SAFETY: the block has at least `new.size()` bytes, and `old` is no larger (the caller vouches).
            unsafe { clear(block, old.size(), new.size()) }
        }
        Ok(block)
    }

    #[inline]
    unsafe fn reduce(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        let (before, after) = (round::<STEP>(old)?, round::<STEP>(new)?);
        let mut block = recalled(block);
        if before != after {
            // SAFETY: the block was made with `before`, and is allocated (the caller vouches); `after` is no larger.
            block = noted(unsafe { inner.shrink(block, before, after) }?.cast());
        }
        Ok(block)
    }
}

allocator_by_calls!([const STEP: usize] Quantized<STEP, A>);
