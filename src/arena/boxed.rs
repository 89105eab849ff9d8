//! A box whose memory is the arena's.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::{self, NonNull};

use super::Arena;
use crate::backing::Backing;
use crate::boxes::unsize::TakeApart;

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

/// The boxes of arenas that are borrowed for `'a`.
#[doc(hidden)]
#[derive(Debug)]
pub struct InArena<'a>(PhantomData<&'a ()>);

// SAFETY: the value was the box's alone, and stays for `'a`, which is the lifetime of the box that `put_together` makes. Its
// contract is met by what one call returns; an unsized pointer leads to the same value.
unsafe impl<'a, T: ?Sized> TakeApart for ArenaBox<'a, T> {
    type Value = T;
    type Kind = InArena<'a>;

    #[inline]
    fn take_apart(self) -> (*mut T, InArena<'a>) {
        (Self::into_raw(self), InArena(PhantomData))
    }
}

impl<'a> InArena<'a> {
    /// The reverse.
    ///
    /// # Safety
    ///
    /// `value` and `self` are what one call of `take_apart` returned, but that the pointer may have been unsized.
    #[inline]
    pub unsafe fn put_together<T: ?Sized>(self, value: *mut T) -> ArenaBox<'a, T> {
        // SAFETY: the pointer came from `into_raw`, of a box for this lifetime (this function's contract).
        unsafe { ArenaBox::from_raw(value) }
    }
}

box_traits!(ArenaBox);
