//! Values that are zero.

use core::alloc::Layout;
use core::slice;

use zerocopy::FromZeros;

use super::Arena;
use super::failure::Failure;
use super::twins::twins;
use crate::adapt::Blocks;
use crate::backing::Backing;

impl<B: Backing, const M: usize> Arena<B, M> {
    twins! {
        /// A `T` whose bytes are all zero. With the feature `zerocopy`.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_zeroed::<[u32; 4]>(), &[0; 4]);
        /// ```
        fn alloc_zeroed, try_alloc_zeroed = zeroed_any [T: FromZeros] () -> &mut T;

        /// A slice of `len` elements whose bytes are all zero. With the feature `zerocopy`.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_zeroed_slice::<u16>(3), [0, 0, 0]);
        /// ```
        fn alloc_zeroed_slice, try_alloc_zeroed_slice = zeroed_slice [T: FromZeros] (len: usize) -> &mut [T];
    }

    fn zeroed_any<E: Failure, T: FromZeros>(&self) -> Result<&mut T, E> {
        let layout = Layout::new::<T>();
        let slot = self.block_zeroed(layout).map_err(|_| E::out_of_memory(self, layout))?.cast::<T>();
        // SAFETY: the block has the layout of a `T`, is zeroed, which `FromZeros` says is a value, and is nobody else's
        // while the arena is borrowed.
        Ok(unsafe { &mut *slot.as_ptr() })
    }

    fn zeroed_slice<E: Failure, T: FromZeros>(&self, len: usize) -> Result<&mut [T], E> {
        let Ok(layout) = Layout::array::<T>(len) else { return Err(E::too_long()) };
        let room = self.block_zeroed(layout).map_err(|_| E::out_of_memory(self, layout))?.cast::<T>();
        // SAFETY: the block has the layout of `len` elements, is zeroed, which `FromZeros` says are values, and is nobody
        // else's while the arena is borrowed.
        Ok(unsafe { slice::from_raw_parts_mut(room.as_ptr(), len) })
    }
}
