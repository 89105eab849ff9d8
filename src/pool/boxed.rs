//! A box that gives its slot back.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::{self, NonNull};

use super::slots::{self, Free, GiveBack};
use crate::boxes::unsize::TakeApart;

/// Owns a value in a [`Pool`](super::Pool): drops it, and gives its slot back. Made by [`Pool::insert`](super::Pool::insert).
///
/// One word for a sized `T`: the slot knows its pool. A box borrows its pool, so it cannot outlive it:
///
/// ```compile_fail
/// let pool = arenite::pool::Pool::new();
/// let boxed = pool.insert(1);
/// drop(pool);
/// println!("{boxed}");
/// ```
///
/// [`unsize_box!`](crate::unsize_box) makes a box of a trait object, or of a slice:
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use arenite::pool::{Pool, PoolBox};
/// use arenite::unsize_box;
/// use std::fmt::Display;
///
/// let pool = Pool::new();
/// let boxed: PoolBox<'_, dyn Display> = unsize_box!(pool.insert(7));
/// assert_eq!(boxed.to_string(), "7");
/// # }
/// ```
pub struct PoolBox<'pool, T: ?Sized> {
    value: NonNull<T>,
    owns: PhantomData<T>,
    pool: PhantomData<&'pool ()>,
}

// Not `Send`: its end writes to its pool, which does not reckon with other threads.

// SAFETY: a shared box gives no more than a shared value.
unsafe impl<T: ?Sized + Sync> Sync for PoolBox<'_, T> {}

impl<'pool, T> PoolBox<'pool, T> {
    /// Moves the value out, and gives the slot back.
    #[inline]
    pub fn into_inner(boxed: Self) -> T {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: the value is not used or dropped any more once it is read.
        let _guard = unsafe { boxed.give_back() };
        // SAFETY: the box owns an initialised value, aligned, and does not drop it any more.
        unsafe { boxed.value.read() }
    }
}

impl<'pool, T: ?Sized> PoolBox<'pool, T> {
    /// A guard that gives the slot back.
    ///
    /// # Safety
    ///
    /// When the guard is dropped, the value has been moved out or dropped, and the box is not used again.
    #[inline(always)]
    unsafe fn give_back(&self) -> GiveBack<'pool> {
        let place = self.value.cast::<u8>();
        // SAFETY: the box has a value, initialised and aligned.
        let bytes = size_of_val(unsafe { self.value.as_ref() });
        // SAFETY: the owner was noted when the box was made.
        let free: *const Free = unsafe { slots::owner(place) };
        // SAFETY: the owner is a part of the pool, which is borrowed for `'pool`.
        let free = unsafe { &*free };
        // SAFETY: the slot was taken from there, and nobody has it then (this function's contract).
        unsafe { GiveBack::new(free, place, bytes) }
    }

    /// Takes the box apart. The value is not dropped, and the slot stays taken.
    #[inline]
    pub fn into_raw(boxed: Self) -> *mut T {
        ManuallyDrop::new(boxed).value.as_ptr()
    }

    /// Makes a box of a pointer.
    ///
    /// # Safety
    ///
    /// * `value` came from [`into_raw`](Self::into_raw), of a box of this value; it may have been unsized since. It is that
    ///   pointer, not one made of a reference: the box uses memory in front of the value.
    /// * The pool has been borrowed ever since, and is for `'pool`.
    /// * Nobody else uses the value, or makes a box of the pointer.
    #[inline]
    pub const unsafe fn from_raw(value: *mut T) -> Self {
        // SAFETY: a pointer to a value is not null.
        let value = unsafe { NonNull::new_unchecked(value) };
        PoolBox { value, owns: PhantomData, pool: PhantomData }
    }

    /// Gives up ownership: the value is not dropped, and its slot stays taken until the pool is reset or dropped.
    #[inline]
    pub fn leak(boxed: Self) -> &'pool mut T {
        // SAFETY: the value is initialised and aligned, its slot stays taken for as long as the pool is borrowed, and the
        // box that owned it is gone.
        unsafe { &mut *Self::into_raw(boxed) }
    }
}

impl<T: ?Sized> PoolBox<'static, T> {
    /// Pins the value.
    ///
    /// Only in a pool that is never reset or dropped: a pinned value must be dropped before its memory is used again, and
    /// a box can be forgotten.
    #[inline]
    pub fn into_pin(boxed: Self) -> Pin<Self> {
        // SAFETY: nothing moves out of a pinned box, and its slot, borrowed for `'static`, is never used again unless the
        // box drops the value first.
        unsafe { Pin::new_unchecked(boxed) }
    }
}

impl<T: ?Sized> Drop for PoolBox<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Also if the value's own drop panics. Meanwhile the slot is taken, whatever that does with the pool.
        // SAFETY: the value is dropped before the guard is, and the box ends.
        let _guard = unsafe { self.give_back() };
        // SAFETY: the box owns an initialised value, aligned, which nobody looks at again.
        unsafe { ptr::drop_in_place(self.value.as_ptr()) };
    }
}

/// The boxes of pools that are borrowed for `'pool`.
#[doc(hidden)]
#[derive(Debug)]
pub struct InPool<'pool>(PhantomData<&'pool ()>);

// SAFETY: the value was the box's alone, and its slot stays taken for `'pool`, which is the lifetime of the box that
// `put_together` makes. Its contract is met by what one call returns; an unsized pointer leads to the same value.
unsafe impl<'pool, T: ?Sized> TakeApart for PoolBox<'pool, T> {
    type Value = T;
    type Kind = InPool<'pool>;

    #[inline]
    fn take_apart(self) -> (*mut T, InPool<'pool>) {
        (Self::into_raw(self), InPool(PhantomData))
    }
}

impl<'pool> InPool<'pool> {
    /// The reverse.
    ///
    /// # Safety
    ///
    /// `value` and `self` are what one call of `take_apart` returned, but that the pointer may have been unsized.
    #[inline]
    pub unsafe fn put_together<T: ?Sized>(self, value: *mut T) -> PoolBox<'pool, T> {
        // SAFETY: the pointer came from `into_raw`, of a box for this lifetime, and nobody has used it since (this function's contract).
        unsafe { PoolBox::from_raw(value) }
    }
}

box_traits!(PoolBox);
