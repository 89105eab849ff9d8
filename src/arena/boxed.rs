//! A box whose memory is the arena's.

use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::error::Error;
use core::fmt;
use core::future::Future;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::{self, NonNull};
use core::task::{Context, Poll};

use super::Arena;
use crate::backing::Backing;

/// Owns a value in an arena: drops it, and frees nothing.
///
/// One word for a sized `T`: it carries no allocator. Where memory must come back before the arena is reset, use
/// allocator-api2's `Box<T, &Arena>`, which is two words.
///
/// The memory is borrowed for `'a`; a box cannot outlive its arena:
///
/// ```compile_fail
/// let arena = arenite::Arena::new();
/// let boxed = arena.alloc_box(1);
/// drop(arena);
/// println!("{boxed}");
/// ```
///
/// # Examples
///
/// ```
/// use arenite::{Arena, ArenaBox, unsize_box};
///
/// let arena = Arena::new();
/// let names: ArenaBox<'_, [String; 2]> = arena.alloc_box(["a".into(), "b".into()]);
/// let names: ArenaBox<'_, [String]> = names.unsize();
/// assert_eq!(names.concat(), "ab");
///
/// let shown: ArenaBox<'_, dyn std::fmt::Display> = unsize_box!(arena.alloc_box(7));
/// assert_eq!(shown.to_string(), "7");
/// ```
pub struct ArenaBox<'a, T: ?Sized> {
    value: NonNull<T>,
    owns: PhantomData<T>,
    arena: PhantomData<&'a ()>,
}

// SAFETY: as for any owner of a `T`: the memory is nobody else's, and dropping the box does not touch the arena.
unsafe impl<T: ?Sized + Send> Send for ArenaBox<'_, T> {}
// SAFETY: as for any owner of a `T`.
unsafe impl<T: ?Sized + Sync> Sync for ArenaBox<'_, T> {}

impl<'a, T> ArenaBox<'a, T> {
    /// Moves `value` into `arena`. The same as [`Arena::alloc_box`].
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for it.
    #[inline]
    pub fn new_in<B: Backing, const M: usize>(value: T, arena: &'a Arena<B, M>) -> Self {
        arena.alloc_box(value)
    }

    /// Moves the value out. Its memory stays the arena's.
    #[inline]
    pub fn into_inner(boxed: Self) -> T {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: the box owns an initialised value, aligned, and does not drop it any more.
        unsafe { boxed.value.read() }
    }
}

impl<'a, T, const N: usize> ArenaBox<'a, [T; N]> {
    /// The same box, as one of a slice.
    #[inline]
    pub fn unsize(self) -> ArenaBox<'a, [T]> {
        let value: *mut [T] = Self::into_raw(self);
        // SAFETY: the pointer is that of a box, just now taken apart, to the same value.
        unsafe { ArenaBox::from_raw(value) }
    }
}

impl<'a, T: ?Sized> ArenaBox<'a, T> {
    /// Takes the box apart. The value is not dropped.
    #[inline]
    pub fn into_raw(boxed: Self) -> *mut T {
        ManuallyDrop::new(boxed).value.as_ptr()
    }

    /// Makes a box of a pointer.
    ///
    /// # Safety
    ///
    /// `value` points to an initialised value, aligned, in memory that stays for `'a`, and nobody else uses or drops it:
    /// it came from [`into_raw`](Self::into_raw), or from an arena that is borrowed for `'a`.
    #[inline]
    pub const unsafe fn from_raw(value: *mut T) -> Self {
        // SAFETY: a pointer to a value is not null.
        let value = unsafe { NonNull::new_unchecked(value) };
        ArenaBox { value, owns: PhantomData, arena: PhantomData }
    }

    /// Gives up ownership: the value is not dropped.
    #[inline]
    pub fn leak(boxed: Self) -> &'a mut T {
        // SAFETY: the value is initialised, aligned, in memory that stays for `'a`, and the box that owned it is gone.
        unsafe { &mut *Self::into_raw(boxed) }
    }
}

impl<T: ?Sized> ArenaBox<'static, T> {
    /// Pins the value.
    ///
    /// Only in an arena that is never reset or dropped: a pinned value must be dropped before its memory is used again,
    /// and a box can be forgotten.
    #[inline]
    pub fn into_pin(boxed: Self) -> Pin<Self> {
        // SAFETY: nothing moves out of a pinned box, and its memory, borrowed for `'static`, is never used again, so that
        // it does not matter if the box is forgotten.
        unsafe { Pin::new_unchecked(boxed) }
    }
}

impl<T: ?Sized> Drop for ArenaBox<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the box owns an initialised value, aligned, which nobody looks at again.
        unsafe { ptr::drop_in_place(self.value.as_ptr()) };
    }
}

/// Unsizes an [`ArenaBox`]: to one of a trait object, or of a slice.
///
/// A macro, because stable Rust has no other way to let a type of ours be coerced.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, ArenaBox, unsize_box};
///
/// let arena = Arena::new();
/// let mut count = 0;
/// let call: ArenaBox<'_, dyn FnMut() + '_> = unsize_box!(arena.alloc_box(|| count += 1));
/// # let mut call = call;
/// (*call)();
/// drop(call);
/// assert_eq!(count, 1);
/// ```
///
/// Nothing but what the language itself would coerce:
///
/// ```compile_fail
/// # use arenite::{Arena, ArenaBox, unsize_box};
/// let arena = Arena::new();
/// let wrong: ArenaBox<'_, u64> = unsize_box!(arena.alloc_box(1_u32));
/// ```
#[macro_export]
macro_rules! unsize_box {
    ($boxed:expr $(,)?) => {{
        let boxed = $boxed;
        let (value, lifetime) = $crate::__unsize::take_apart(boxed);
        // A coercion site: an unsizing coercion can happen here, or none.
        let value: *mut _ = value;
        // SAFETY: the pointer is that of the box just taken apart, to the same value, and the lifetime is the box's.
        unsafe { $crate::__unsize::put_together(value, lifetime) }
    }};
}

/// What [`unsize_box!`] expands to.
#[doc(hidden)]
pub mod unsize {
    use super::{ArenaBox, PhantomData};

    /// Takes a box apart into its pointer and its lifetime.
    #[inline]
    pub fn take_apart<'a, T: ?Sized>(boxed: ArenaBox<'a, T>) -> (*mut T, PhantomData<&'a ()>) {
        (ArenaBox::into_raw(boxed), PhantomData)
    }

    /// The reverse.
    ///
    /// # Safety
    ///
    /// As for [`ArenaBox::from_raw`], with the lifetime that `take_apart` returned.
    #[inline]
    pub unsafe fn put_together<'a, T: ?Sized>(value: *mut T, _: PhantomData<&'a ()>) -> ArenaBox<'a, T> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { ArenaBox::from_raw(value) }
    }
}

impl<T: ?Sized> Deref for ArenaBox<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the box owns an initialised value, aligned, and is borrowed.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for ArenaBox<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the box owns an initialised value, aligned, and is borrowed exclusively.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized> AsRef<T> for ArenaBox<'_, T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> AsMut<T> for ArenaBox<'_, T> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized> Borrow<T> for ArenaBox<'_, T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowMut<T> for ArenaBox<'_, T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

// The value does not move with the box.
impl<T: ?Sized> Unpin for ArenaBox<'_, T> {}

impl<T: ?Sized> From<ArenaBox<'static, T>> for Pin<ArenaBox<'static, T>> {
    fn from(boxed: ArenaBox<'static, T>) -> Self {
        ArenaBox::into_pin(boxed)
    }
}

macro_rules! forward_fmt {
    ($($trait:ident)*) => {$(
        impl<T: ?Sized + fmt::$trait> fmt::$trait for ArenaBox<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::$trait::fmt(&**self, f)
            }
        }
    )*};
}
forward_fmt!(Debug Display);

impl<T: ?Sized> fmt::Pointer for ArenaBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.value, f)
    }
}

impl<'b, T: ?Sized + PartialEq<U>, U: ?Sized> PartialEq<ArenaBox<'b, U>> for ArenaBox<'_, T> {
    fn eq(&self, other: &ArenaBox<'b, U>) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for ArenaBox<'_, T> {}

impl<'b, T: ?Sized + PartialOrd<U>, U: ?Sized> PartialOrd<ArenaBox<'b, U>> for ArenaBox<'_, T> {
    fn partial_cmp(&self, other: &ArenaBox<'b, U>) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Ord> Ord for ArenaBox<'_, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Hash> Hash for ArenaBox<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: ?Sized + Iterator> Iterator for ArenaBox<'_, T> {
    type Item = T::Item;

    fn next(&mut self) -> Option<T::Item> {
        (**self).next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<T::Item> {
        (**self).nth(n)
    }
}

impl<T: ?Sized + DoubleEndedIterator> DoubleEndedIterator for ArenaBox<'_, T> {
    fn next_back(&mut self) -> Option<T::Item> {
        (**self).next_back()
    }
}

impl<T: ?Sized + ExactSizeIterator> ExactSizeIterator for ArenaBox<'_, T> {
    fn len(&self) -> usize {
        (**self).len()
    }
}

impl<T: ?Sized + Future + Unpin> Future for ArenaBox<'_, T> {
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T::Output> {
        Pin::new(&mut **self).poll(context)
    }
}

impl<T: ?Sized + Error> Error for ArenaBox<'_, T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (**self).source()
    }
}
