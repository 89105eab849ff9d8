//! Single values.

use core::alloc::Layout;
use core::error::Error;
use core::fmt;
use core::mem::{self, MaybeUninit};
use core::ptr::{self, NonNull};

use allocator_api2::alloc::AllocError;

use super::failure::Failure;
use super::twins::twins;
use super::{Arena, ArenaBox};
use crate::adapt::Blocks;
use crate::backing::Backing;

impl<B: Backing, const M: usize> Arena<B, M> {
    twins! {
        /// Moves `value` into the arena. It is not dropped; [`alloc_box`](Self::alloc_box) drops.
        ///
        /// For a type of at most the minimum alignment: five instructions and the value's own stores.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let number = arena.alloc(41);
        /// *number += 1;
        /// assert_eq!(*number, 42);
        /// ```
        fn alloc, try_alloc = alloc_any [T] (value: T) -> &mut T;

        /// Puts the result of `f` into the arena, without a detour over the stack where the optimiser can avoid it. `f`
        /// may allocate in the arena itself.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let zeroes = arena.alloc_with(|| [0_u8; 4096]);
        /// assert_eq!(zeroes.len(), 4096);
        /// ```
        fn alloc_with, try_alloc_with = alloc_with_any [T, F: FnOnce() -> T] (f: F) -> &mut T;

        /// Moves `value` into the arena, to be dropped with the box. The box is one word.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::rc::Rc;
        ///
        /// let arena = arenite::Arena::new();
        /// let shared = Rc::new(1);
        /// let boxed = arena.alloc_box(Rc::clone(&shared));
        /// assert_eq!(Rc::strong_count(&shared), 2);
        /// drop(boxed);
        /// assert_eq!(Rc::strong_count(&shared), 1);
        /// ```
        fn alloc_box, try_alloc_box = alloc_box_any [T] (value: T) -> ArenaBox<'_, T>;

        /// Room for a `T`, to be written by the caller.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
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
        /// let arena = arenite::Arena::new();
        /// let page = arena.alloc_layout(Layout::from_size_align(4096, 4096)?);
        /// assert_eq!(page.addr().get() % 4096, 0);
        /// # Ok::<(), std::alloc::LayoutError>(())
        /// ```
        fn alloc_layout, try_alloc_layout = alloc_layout_any [] (layout: Layout) -> NonNull<u8>;
    }

    /// Puts the value that `f` makes into the arena; if `f` fails, the memory is given back.
    ///
    /// # Errors
    ///
    /// The error of `f`.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for it; [`try_alloc_try_with`](Self::try_alloc_try_with) returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// let number = arena.alloc_try_with(|| "17".parse::<u32>())?;
    /// assert_eq!(*number, 17);
    /// assert!(arena.alloc_try_with(|| "x".parse::<u32>()).is_err());
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    #[inline(always)]
    pub fn alloc_try_with<T, X, F: FnOnce() -> Result<T, X>>(&self, f: F) -> Result<&mut T, X> {
        let Ok(result) = self.alloc_try_with_any::<core::convert::Infallible, _, _, _>(f);
        result
    }

    /// As [`alloc_try_with`](Self::alloc_try_with), but returns an error where there is no memory.
    ///
    /// # Errors
    ///
    /// [`AllocOrInitError::Init`] with the error of `f`, or [`AllocOrInitError::Alloc`] if there is no memory.
    #[inline(always)]
    pub fn try_alloc_try_with<T, X, F: FnOnce() -> Result<T, X>>(
        &self,
        f: F,
    ) -> Result<&mut T, AllocOrInitError<X>> {
        match self.alloc_try_with_any::<AllocError, _, _, _>(f) {
            Ok(result) => result.map_err(AllocOrInitError::Init),
            Err(AllocError) => Err(AllocOrInitError::Alloc(AllocError)),
        }
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    #[inline(always)]
    pub(super) fn alloc_any<E: Failure, T>(&self, value: T) -> Result<&mut T, E> {
        let slot = self.slot::<E, T>()?;
        // SAFETY: a slot is valid for writes of a `T` and aligned.
        unsafe { slot.write(value) };
        // SAFETY: the slot was written just now, is nobody else's, and lives as long as the arena is borrowed.
        Ok(unsafe { &mut *slot.as_ptr() })
    }

    #[inline(always)]
    fn alloc_with_any<E: Failure, T, F: FnOnce() -> T>(&self, f: F) -> Result<&mut T, E> {
        let slot = self.slot::<E, T>()?;
        let undo = Undo { arena: self, slot };
        // SAFETY: a slot is valid for writes of a `T` and aligned.
        unsafe { slot.write(f()) };
        mem::forget(undo);
        // SAFETY: the slot was written just now, is nobody else's, and lives as long as the arena is borrowed.
        Ok(unsafe { &mut *slot.as_ptr() })
    }

    #[inline(always)]
    fn alloc_try_with_any<E: Failure, T, X, F: FnOnce() -> Result<T, X>>(
        &self,
        f: F,
    ) -> Result<Result<&mut T, X>, E> {
        // The slot is for what `f` returns, all of it.
        let slot = self.slot::<E, Result<T, X>>()?;
        let undo = Undo { arena: self, slot };
        // SAFETY: a slot is valid for writes of its type and aligned.
        unsafe { slot.write(f()) };
        // SAFETY: the slot was written just now, is nobody else's, and lives as long as the arena is borrowed.
        match unsafe { &mut *slot.as_ptr() } {
            Ok(value) => {
                mem::forget(undo);
                Ok(Ok(value))
            }
            // SAFETY: the error is initialised, and nobody looks at the slot again: `undo` gives it back.
            Err(error) => Ok(Err(unsafe { ptr::read(error) })),
        }
    }

    #[inline(always)]
    pub(super) fn alloc_box_any<E: Failure, T>(&self, value: T) -> Result<ArenaBox<'_, T>, E> {
        let value = self.alloc_any::<E, T>(value)?;
        // SAFETY: the value is in memory that stays for as long as the arena is borrowed, and this is the only
        // reference to it.
        Ok(unsafe { ArenaBox::from_raw(value) })
    }

    #[inline(always)]
    fn alloc_uninit_any<E: Failure, T>(&self) -> Result<&mut MaybeUninit<T>, E> {
        let slot = self.slot::<E, MaybeUninit<T>>()?;
        // SAFETY: a slot is aligned and nobody else's, lives as long as the arena is borrowed, and need not be
        // initialised.
        Ok(unsafe { &mut *slot.as_ptr() })
    }

    #[inline(always)]
    fn alloc_layout_any<E: Failure>(&self, layout: Layout) -> Result<NonNull<u8>, E> {
        match self.cursor.take_layout(layout) {
            Some(block) => Ok(block),
            None => self.slot_slow(layout),
        }
    }

    /// Room for a `T`: aligned, valid for reads and writes, nobody else's, until the arena is reset or dropped.
    #[inline(always)]
    pub(super) fn slot<E: Failure, T>(&self) -> Result<NonNull<T>, E> {
        if const { size_of::<T>() == 0 } {
            return Ok(NonNull::dangling());
        }
        match self.cursor.take_type::<T>() {
            Some(slot) => Ok(slot.cast()),
            None => Ok(self.slot_slow::<E>(Layout::new::<T>())?.cast()),
        }
    }

    #[inline(always)]
    pub(super) fn slot_slow<E: Failure>(&self, layout: Layout) -> Result<NonNull<u8>, E> {
        let slot = self.slot_cold(layout);
        self.cursor.look_again();
        slot
    }

    #[cold]
    #[inline(never)]
    fn slot_cold<E: Failure>(&self, layout: Layout) -> Result<NonNull<u8>, E> {
        if let Some(block) = self.first_block(layout) {
            return Ok(block);
        }
        self.refill(layout).map_err(|AllocError| E::out_of_memory(self, layout))
    }
}

/// Gives a slot back when it is dropped, unless something was allocated after it.
struct Undo<'a, B: Backing, const M: usize, T> {
    arena: &'a Arena<B, M>,
    slot: NonNull<T>,
}

impl<B: Backing, const M: usize, T> Drop for Undo<'_, B, M, T> {
    fn drop(&mut self) {
        if size_of::<T>() != 0 {
            // SAFETY: the slot is this arena's, for this layout, and nobody uses it: whoever made this guard either
            // forgets it or lets go of the slot.
            unsafe { self.arena.free(self.slot.cast(), Layout::new::<T>()) };
        }
    }
}

/// Why a value could not be made in an arena: [`Arena::try_alloc_try_with`] and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllocOrInitError<E> {
    /// There was no memory.
    Alloc(AllocError),
    /// The value's own error.
    Init(E),
}

impl<E: fmt::Display> fmt::Display for AllocOrInitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AllocOrInitError::Alloc(_) => f.write_str("no memory in the arena for the value"),
            AllocOrInitError::Init(_) => f.write_str("the value could not be made"),
        }
    }
}

impl<E: Error + 'static> Error for AllocOrInitError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            AllocOrInitError::Alloc(_) => None,
            AllocOrInitError::Init(error) => Some(error),
        }
    }
}

impl<E> From<AllocError> for AllocOrInitError<E> {
    fn from(error: AllocError) -> Self {
        AllocOrInitError::Alloc(error)
    }
}
