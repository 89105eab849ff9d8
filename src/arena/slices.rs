//! Slices.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use allocator_api2::alloc::AllocError;

use super::failure::Failure;
use super::fill::Filling;
use super::twins::twins;
use super::{AllocOrInitError, Arena};
use crate::backing::Backing;

impl<B: Backing, const M: usize> Arena<B, M> {
    twins! {
        /// Copies a slice into the arena.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_slice_copy(&[1, 2, 3]), [1, 2, 3]);
        /// ```
        fn alloc_slice_copy, try_alloc_slice_copy = slice_copy [T: Copy] (source: &[T]) -> &mut [T];

        /// Clones a slice into the arena. If a clone panics, those made so far are dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let words = arena.alloc_slice_clone(&[String::from("grain")]);
        /// assert_eq!(words, ["grain"]);
        /// # unsafe { std::ptr::drop_in_place(words) };
        /// ```
        fn alloc_slice_clone, try_alloc_slice_clone = slice_clone [T: Clone] (source: &[T]) -> &mut [T];

        /// A slice of `len` copies of `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_slice_fill_copy(3, 7), [7, 7, 7]);
        /// ```
        fn alloc_slice_fill_copy, try_alloc_slice_fill_copy = slice_fill_copy [T: Copy] (len: usize, value: T) -> &mut [T];

        /// A slice of `len` clones of `value`. If a clone panics, those made so far are dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_slice_fill_clone(2, &Some(1)), [Some(1), Some(1)]);
        /// ```
        fn alloc_slice_fill_clone, try_alloc_slice_fill_clone = slice_fill_clone [T: Clone] (len: usize, value: &T) -> &mut [T];

        /// A slice of `len` elements, the i-th being `f(i)`. If `f` panics, those made so far are dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_slice_fill_with(4, |i| i * i), [0, 1, 4, 9]);
        /// ```
        fn alloc_slice_fill_with, try_alloc_slice_fill_with = slice_fill_with [T, F: FnMut(usize) -> T] (len: usize, f: F) -> &mut [T];

        /// A slice of `len` default values.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_slice_fill_default::<u8>(2), [0, 0]);
        /// ```
        fn alloc_slice_fill_default, try_alloc_slice_fill_default = slice_fill_default [T: Default] (len: usize) -> &mut [T];

        /// The elements of an iterator that knows how many there are. Surplus elements are left alone; an iterator that
        /// supplies fewer than it said panics. For other iterators there is [`alloc_from_iter`](Self::alloc_from_iter).
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// assert_eq!(arena.alloc_slice_fill_iter([1, 2, 3].map(|n| n * n)), [1, 4, 9]);
        /// ```
        fn alloc_slice_fill_iter, try_alloc_slice_fill_iter = slice_fill_iter
            [T, I: IntoIterator<Item = T, IntoIter: ExactSizeIterator>] (iter: I) -> &mut [T];

        /// The elements of any iterator. What it says about their number is a hint, no more. The slice grows in place
        /// as long as nothing else is allocated in the arena.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let even = arena.alloc_from_iter((0..10).filter(|n| n % 2 == 0));
        /// assert_eq!(even, [0, 2, 4, 6, 8]);
        /// ```
        fn alloc_from_iter, try_alloc_from_iter = collect_slice [T, I: IntoIterator<Item = T>] (iter: I) -> &mut [T];

        /// Room for `len` elements, to be written by the caller.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::Arena::new();
        /// let room = arena.alloc_uninit_slice::<u16>(3);
        /// room[0].write(1);
        /// assert_eq!(room.len(), 3);
        /// ```
        fn alloc_uninit_slice, try_alloc_uninit_slice = uninit_slice [T] (len: usize) -> &mut [MaybeUninit<T>];
    }

    /// A slice of `len` elements, the i-th being what `f(i)` makes; the first error ends it, and the elements made so
    /// far are dropped.
    ///
    /// # Errors
    ///
    /// The error of `f`.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for it;
    /// [`try_alloc_slice_try_fill_with`](Self::try_alloc_slice_try_fill_with) returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// let digits = ["1", "2"];
    /// let numbers = arena.alloc_slice_try_fill_with(2, |i| digits[i].parse::<u8>())?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    #[inline]
    pub fn alloc_slice_try_fill_with<T, X, F>(&self, len: usize, f: F) -> Result<&mut [T], X>
    where
        F: FnMut(usize) -> Result<T, X>,
    {
        let Ok(result) = self.slice_try_fill_with::<core::convert::Infallible, _, _, _>(len, f);
        result
    }

    /// As [`alloc_slice_try_fill_with`](Self::alloc_slice_try_fill_with), but returns an error where there is no memory.
    ///
    /// # Errors
    ///
    /// [`AllocOrInitError::Init`] with the error of `f`, or [`AllocOrInitError::Alloc`] if there is no memory.
    #[inline]
    pub fn try_alloc_slice_try_fill_with<T, X, F>(
        &self,
        len: usize,
        f: F,
    ) -> Result<&mut [T], AllocOrInitError<X>>
    where
        F: FnMut(usize) -> Result<T, X>,
    {
        self.slice_try_fill_with::<AllocError, _, _, _>(len, f)?.map_err(AllocOrInitError::Init)
    }

    /// The values of an iterator of results that knows how many there are; the first error ends it.
    ///
    /// # Errors
    ///
    /// The iterator's first error.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for it; [`try_alloc_slice_try_fill_iter`](Self::try_alloc_slice_try_fill_iter) returns an
    /// error instead. Panics if the iterator supplies fewer elements than it said.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// let numbers = arena.alloc_slice_try_fill_iter(["1", "2"].map(str::parse::<u8>))?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    #[inline]
    pub fn alloc_slice_try_fill_iter<T, X, I>(&self, iter: I) -> Result<&mut [T], X>
    where
        I: IntoIterator<Item = Result<T, X>, IntoIter: ExactSizeIterator>,
    {
        let mut iter = iter.into_iter();
        self.alloc_slice_try_fill_with(iter.len(), |_| supplied(iter.next()))
    }

    /// As [`alloc_slice_try_fill_iter`](Self::alloc_slice_try_fill_iter), but returns an error where there is no memory.
    ///
    /// # Errors
    ///
    /// [`AllocOrInitError::Init`] with the iterator's first error, or [`AllocOrInitError::Alloc`] if there is no memory.
    ///
    /// # Panics
    ///
    /// Panics if the iterator supplies fewer elements than it said.
    #[inline]
    pub fn try_alloc_slice_try_fill_iter<T, X, I>(&self, iter: I) -> Result<&mut [T], AllocOrInitError<X>>
    where
        I: IntoIterator<Item = Result<T, X>, IntoIter: ExactSizeIterator>,
    {
        let mut iter = iter.into_iter();
        self.try_alloc_slice_try_fill_with(iter.len(), |_| supplied(iter.next()))
    }
}

/// Copies `len` elements; short text without a call, which takes longer than the copying.
///
/// # Safety
///
/// As for [`ptr::copy_nonoverlapping`].
#[inline(always)]
unsafe fn copy<T: Copy>(from: *const T, to: *mut T, len: usize) {
    /// Two runs of `N` bytes, which may overlap each other: `N <= len <= 2 * N`.
    ///
    /// # Safety
    ///
    /// As for [`ptr::copy_nonoverlapping`], and `N <= len`.
    #[inline(always)]
    unsafe fn ends<T, const N: usize>(from: *const T, to: *mut T, len: usize) {
        // SAFETY: the first `N` of `len` bytes (this function's contract).
        unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast::<u8>(), N) };
        // SAFETY: no farther than the last of `len` elements of one byte each.
        let from = unsafe { from.add(len - N) };
        // SAFETY: as above.
        let to = unsafe { to.add(len - N) };
        // SAFETY: the last `N` of `len` bytes.
        unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast::<u8>(), N) };
    }

    match len {
        // SAFETY: the caller's promise is the callee's; elements are one byte long, and there are at least as many.
        8..=15 if const { size_of::<T>() == 1 } => unsafe { ends::<T, 8>(from, to, len) },
        // SAFETY: as above.
        16..=32 if const { size_of::<T>() == 1 } => unsafe { ends::<T, 16>(from, to, len) },
        // SAFETY: the caller's promise is the callee's.
        _ => unsafe { ptr::copy_nonoverlapping(from, to, len) },
    }
}

/// An element that an iterator promised.
#[inline]
fn supplied<T>(element: Option<T>) -> T {
    element.expect("the iterator supplied fewer elements than its `len` said")
}

impl<B: Backing, const M: usize> Arena<B, M> {
    #[inline(always)]
    pub(super) fn slice_copy<E: Failure, T: Copy>(&self, source: &[T]) -> Result<&mut [T], E> {
        let room = self.room_for::<E, T>(source.len())?;
        // SAFETY: the source is valid for `len` elements, the room for as many, both are aligned, and the room was
        // handed out while the source was borrowed, so they do not overlap.
        unsafe { copy(source.as_ptr(), room.as_ptr(), source.len()) };
        // SAFETY: `len` elements were written just now; the room is nobody else's while the arena is borrowed.
        Ok(unsafe { slice::from_raw_parts_mut(room.as_ptr(), source.len()) })
    }

    #[inline]
    fn slice_clone<E: Failure, T: Clone>(&self, source: &[T]) -> Result<&mut [T], E> {
        self.slice_fill_with(source.len(), |i| source[i].clone())
    }

    #[inline]
    fn slice_fill_copy<E: Failure, T: Copy>(&self, len: usize, value: T) -> Result<&mut [T], E> {
        let room = self.uninit_slice::<E, T>(len)?;
        room.fill(MaybeUninit::new(value));
        // SAFETY: every element was written just now.
        Ok(unsafe { slice::from_raw_parts_mut(room.as_mut_ptr().cast::<T>(), len) })
    }

    #[inline]
    fn slice_fill_clone<E: Failure, T: Clone>(&self, len: usize, value: &T) -> Result<&mut [T], E> {
        self.slice_fill_with(len, |_| value.clone())
    }

    #[inline]
    fn slice_fill_default<E: Failure, T: Default>(&self, len: usize) -> Result<&mut [T], E> {
        self.slice_fill_with(len, |_| T::default())
    }

    #[inline]
    fn slice_fill_with<E: Failure, T, F>(&self, len: usize, mut f: F) -> Result<&mut [T], E>
    where
        F: FnMut(usize) -> T,
    {
        let mut filling = Filling::with_capacity::<E>(self, len)?;
        for i in 0..len {
            // SAFETY: the capacity is `len`, and `i` elements are in.
            unsafe { filling.push_within_capacity(f(i)) };
        }
        Ok(filling.finish())
    }

    #[inline]
    fn slice_try_fill_with<E: Failure, T, X, F>(&self, len: usize, mut f: F) -> Result<Result<&mut [T], X>, E>
    where
        F: FnMut(usize) -> Result<T, X>,
    {
        let mut filling = Filling::with_capacity::<E>(self, len)?;
        for i in 0..len {
            match f(i) {
                // SAFETY: the capacity is `len`, and `i` elements are in.
                Ok(value) => unsafe { filling.push_within_capacity(value) },
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(filling.finish()))
    }

    #[inline]
    fn slice_fill_iter<E: Failure, T, I>(&self, iter: I) -> Result<&mut [T], E>
    where
        I: IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    {
        let mut iter = iter.into_iter();
        self.slice_fill_with(iter.len(), |_| supplied(iter.next()))
    }

    #[inline]
    fn collect_slice<E: Failure, T, I: IntoIterator<Item = T>>(&self, iter: I) -> Result<&mut [T], E> {
        let iter = iter.into_iter();
        // If there is no room for what the iterator promises, that may be because it lies.
        let hint = iter.size_hint().0;
        let mut filling = match Filling::with_capacity::<AllocError>(self, hint) {
            Ok(filling) => filling,
            Err(AllocError) => Filling::with_capacity::<E>(self, 0)?,
        };
        for value in iter {
            filling.push::<E>(value)?;
        }
        Ok(filling.finish())
    }

    #[inline(always)]
    pub(super) fn uninit_slice<E: Failure, T>(&self, len: usize) -> Result<&mut [MaybeUninit<T>], E> {
        let room = self.room_for::<E, T>(len)?;
        // SAFETY: the room is valid for `len` elements that need not be initialised, aligned, and nobody else's while the
        // arena is borrowed.
        Ok(unsafe { slice::from_raw_parts_mut(room.as_ptr().cast(), len) })
    }

    /// Room for `len` elements: aligned, valid for reads and writes, nobody else's, until the arena is reset or dropped.
    #[inline(always)]
    pub(super) fn room_for<E: Failure, T>(&self, len: usize) -> Result<NonNull<T>, E> {
        let Ok(layout) = Layout::array::<T>(len) else { return Err(E::too_long()) };
        if layout.size() == 0 {
            return Ok(NonNull::dangling());
        }
        match self.cursor.take_slice::<T>(layout.size()) {
            Some(room) => Ok(room.cast()),
            None => Ok(self.slot_slow::<E>(layout)?.cast()),
        }
    }
}
