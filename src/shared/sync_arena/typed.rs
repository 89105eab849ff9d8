//! Single values.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;
use allocator_api2::boxed::Box;

use super::SyncArena;
use super::failure::Failure;
use crate::adapt::Blocks;
use crate::arena::{ArenaBox, twins};
use crate::backing::Backing;

impl<B: Backing, const M: usize> SyncArena<B, M> {
    twins! {
        /// Moves `value` into the arena. It is not dropped; [`alloc_box`](Self::alloc_box) drops.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let number = arena.alloc(41);
        /// std::thread::scope(|scope| {
        ///     scope.spawn(|| *number += 1);
        /// });
        /// assert_eq!(*number, 42);
        /// ```
        fn alloc, try_alloc = alloc_any [T] (value: T) -> &mut T;

        /// Puts the result of `f` into the arena, without a detour over the stack where the optimiser can avoid it. `f`
        /// may allocate in the arena itself.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let zeroes = arena.alloc_with(|| [0_u8; 4096]);
        /// assert_eq!(zeroes.len(), 4096);
        /// ```
        fn alloc_with, try_alloc_with = alloc_with_any [T, F: FnOnce() -> T] (f: F) -> &mut T;

        /// Moves `value` into the arena, to be dropped with the box, on whichever thread that is.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let boxed = arena.alloc_box(String::from("sand"));
        /// std::thread::scope(|scope| {
        ///     scope.spawn(move || drop(boxed));
        /// });
        /// ```
        fn alloc_box, try_alloc_box = alloc_box_any [T] (value: T) -> ArenaBox<'_, T>;

        /// Room for a `T`, to be written by the caller.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let number: &mut u32 = arena.alloc_uninit().write(7);
        /// assert_eq!(*number, 7);
        /// ```
        fn alloc_uninit, try_alloc_uninit = alloc_uninit_any [T] () -> &mut MaybeUninit<T>;

        /// A block of the given layout, not initialised, valid until the arena is reset or dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::alloc::Layout;
        ///
        /// let arena = arenite::shared::SyncArena::new();
        /// let page = arena.alloc_layout(Layout::from_size_align(4096, 4096)?);
        /// assert_eq!(page.addr().get() % 4096, 0);
        /// # Ok::<(), std::alloc::LayoutError>(())
        /// ```
        fn alloc_layout, try_alloc_layout = alloc_layout_any [] (layout: Layout) -> NonNull<u8>;
    }

    #[inline(always)]
    fn alloc_any<E: Failure, T>(&self, value: T) -> Result<&mut T, E> {
        let Ok(slot) = self.slot::<T>() else { return Err(E::out_of_memory(self, Layout::new::<T>())) };
        // SAFETY: a slot is valid for writes of a `T` and aligned.
        unsafe { slot.write(value) };
        // SAFETY: the slot was written just now, is nobody else's, and lives as long as the arena is borrowed.
        Ok(unsafe { &mut *slot.as_ptr() })
    }

    #[inline]
    fn alloc_with_any<E: Failure, T, F: FnOnce() -> T>(&self, f: F) -> Result<&mut T, E> {
        // As a box, so that the room goes back if `f` panics.
        let Ok(room) = Box::<T, _>::try_new_uninit_in(self) else {
            return Err(E::out_of_memory(self, Layout::new::<T>()));
        };
        Ok(Box::leak(Box::write(room, f())))
    }

    #[inline]
    fn alloc_box_any<E: Failure, T>(&self, value: T) -> Result<ArenaBox<'_, T>, E> {
        let value = self.alloc_any::<E, T>(value)?;
        // SAFETY: the value is in memory that stays for as long as the arena is borrowed, and this is the only
        // reference to it.
        Ok(unsafe { ArenaBox::from_raw(value) })
    }

    #[inline]
    fn alloc_uninit_any<E: Failure, T>(&self) -> Result<&mut MaybeUninit<T>, E> {
        let Ok(slot) = self.slot::<MaybeUninit<T>>() else {
            return Err(E::out_of_memory(self, Layout::new::<T>()));
        };
        // SAFETY: a slot is aligned and nobody else's, lives as long as the arena is borrowed, and need not be
        // initialised.
        Ok(unsafe { &mut *slot.as_ptr() })
    }

    #[inline]
    fn alloc_layout_any<E: Failure>(&self, layout: Layout) -> Result<NonNull<u8>, E> {
        self.block(layout).map_err(|AllocError| E::out_of_memory(self, layout))
    }
}
