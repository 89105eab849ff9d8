//! An object that is lent.

use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

use super::objects::Kept;
use super::slots::{Free, GiveBack};

/// An object of an [`ObjectPool`](super::ObjectPool): lent, and given back as it is when this is dropped. Made by
/// [`ObjectPool::get_or_init`](super::ObjectPool::get_or_init).
///
/// It borrows its pool, and stays on the pool's thread.
pub struct Reusable<'pool, T> {
    object: NonNull<T>,
    owns: PhantomData<T>,
    origin: Origin<'pool, T>,
}

/// Where an object is given back.
pub(super) struct Origin<'pool, T> {
    pub(super) free: &'pool Free,
    pub(super) kept: &'pool Kept<T>,
}

// Not `Send`: its end writes to its pool, which does not reckon with other threads.

// SAFETY: a shared `Reusable` gives no more than a shared object.
unsafe impl<T: Sync> Sync for Reusable<'_, T> {}

impl<'pool, T> Reusable<'pool, T> {
    /// # Safety
    ///
    /// `place` has an object, initialised, in a slot taken from `origin`, and it is the caller's.
    #[inline(always)]
    pub(super) unsafe fn lend(place: NonNull<u8>, origin: Origin<'pool, T>) -> Self {
        Reusable { object: place.cast(), owns: PhantomData, origin }
    }

    /// Takes the object out of the pool for good. Its slot is free.
    #[inline]
    pub fn into_inner(object: Self) -> T {
        let object = ManuallyDrop::new(object);
        // SAFETY: the object is not used or dropped in its place any more once it is read.
        let _guard = unsafe { object.end() };
        // SAFETY: this owns an initialised object, aligned, and does not drop it any more.
        unsafe { object.object.read() }
    }

    /// A guard that gives the slot back without the object.
    ///
    /// # Safety
    ///
    /// When the guard is dropped, the object has been moved out or dropped, and this is not used again.
    #[inline(always)]
    unsafe fn end(&self) -> GiveBack<'pool> {
        // SAFETY: the slot was taken from there, and nobody has it then (this function's contract).
        unsafe { GiveBack::new(self.origin.free, self.object.cast(), size_of::<T>()) }
    }

    /// Drops the object and gives its slot back.
    ///
    /// # Safety
    ///
    /// This is not used again.
    unsafe fn discard(&mut self) {
        // Also if the object's own drop panics.
        // SAFETY: the object is dropped before the guard is, and this not used again (this function's contract).
        let _guard = unsafe { self.end() };
        // SAFETY: this owns an initialised object, aligned, which nobody looks at again.
        unsafe { ptr::drop_in_place(self.object.as_ptr()) };
    }
}

impl<T> Drop for Reusable<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(reset) = self.origin.kept.reset() {
            // Nobody knows in what state it is when that panics.
            let panicked = Discard(self);
            reset(panicked.0);
            mem::forget(panicked);
        }
        if self.origin.kept.has_room() {
            // SAFETY: the object is initialised, in a slot of this pool, and this is not used again.
            unsafe { self.origin.kept.put(self.object.cast()) };
        } else {
            // SAFETY: this ends.
            unsafe { self.discard() };
        }
    }
}

/// Drops an object whose reset panics.
struct Discard<'a, 'pool, T>(&'a mut Reusable<'pool, T>);

impl<T> Drop for Discard<'_, '_, T> {
    fn drop(&mut self) {
        // SAFETY: this happens while a `Reusable` is being dropped by a panic, which leaves it alone afterwards.
        unsafe { self.0.discard() };
    }
}

impl<T> Deref for Reusable<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the object is initialised, aligned, and lent to this alone, which is borrowed.
        unsafe { self.object.as_ref() }
    }
}

impl<T> DerefMut for Reusable<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the object is initialised, aligned, and lent to this alone, which is borrowed exclusively.
        unsafe { self.object.as_mut() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reusable<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: fmt::Display> fmt::Display for Reusable<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
