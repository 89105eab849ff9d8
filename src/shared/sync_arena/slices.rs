//! Slices and text.

use core::alloc::Layout;
use core::fmt::{self, Write};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::{slice, str};

use allocator_api2::vec::Vec;

use super::SyncArena;
use super::failure::Failure;
use crate::adapt::Blocks;
use crate::arena::twins;
use crate::backing::Backing;

impl<B: Backing, const M: usize> SyncArena<B, M> {
    twins! {
        /// Copies a slice into the arena.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// assert_eq!(arena.alloc_slice_copy(&[1, 2, 3]), [1, 2, 3]);
        /// ```
        fn alloc_slice_copy, try_alloc_slice_copy = slice_copy [T: Copy] (source: &[T]) -> &mut [T];

        /// Clones a slice into the arena. If a clone panics, those made so far are dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
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
        /// let arena = arenite::shared::SyncArena::new();
        /// assert_eq!(arena.alloc_slice_fill_copy(3, 7), [7, 7, 7]);
        /// ```
        fn alloc_slice_fill_copy, try_alloc_slice_fill_copy = slice_fill_copy [T: Copy] (len: usize, value: T) -> &mut [T];

        /// A slice of `len` elements, the i-th being `f(i)`. If `f` panics, those made so far are dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// assert_eq!(arena.alloc_slice_fill_with(4, |i| i * i), [0, 1, 4, 9]);
        /// ```
        fn alloc_slice_fill_with, try_alloc_slice_fill_with = slice_fill_with [T, F: FnMut(usize) -> T] (len: usize, f: F) -> &mut [T];

        /// The elements of any iterator. What it says about their number is a hint, no more. The slice grows in place
        /// as long as nothing else is allocated in the thread's window.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let even = arena.alloc_from_iter((0..10).filter(|n| n % 2 == 0));
        /// assert_eq!(even, [0, 2, 4, 6, 8]);
        /// ```
        fn alloc_from_iter, try_alloc_from_iter = collect_slice [T, I: IntoIterator<Item = T>] (iter: I) -> &mut [T];

        /// Room for `len` elements, to be written by the caller.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let room = arena.alloc_uninit_slice::<u16>(3);
        /// room[0].write(1);
        /// assert_eq!(room.len(), 3);
        /// ```
        fn alloc_uninit_slice, try_alloc_uninit_slice = uninit_slice [T] (len: usize) -> &mut [MaybeUninit<T>];

        /// Copies a string into the arena.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let word = arena.alloc_str("sand");
        /// word.make_ascii_uppercase();
        /// assert_eq!(word, "SAND");
        /// ```
        fn alloc_str, try_alloc_str = str_any [] (source: &str) -> &mut str;

        /// Formats into the arena: `arena.alloc_fmt(format_args!("{x}"))`. Panics if a `Display` or the like returns an
        /// error, as `format!` does.
        ///
        /// # Examples
        ///
        /// ```
        /// let arena = arenite::shared::SyncArena::new();
        /// let grains = 3;
        /// assert_eq!(arena.alloc_fmt(format_args!("{grains} grains")), "3 grains");
        /// ```
        fn alloc_fmt, try_alloc_fmt = fmt_any [] (args: fmt::Arguments<'_>) -> &mut str;
    }

    /// Room for `len` elements: aligned, valid for reads and writes, nobody else's, until the arena is reset or dropped.
    #[inline(always)]
    fn room_for<E: Failure, T>(&self, len: usize) -> Result<NonNull<T>, E> {
        let Ok(layout) = Layout::array::<T>(len) else { return Err(E::too_long()) };
        if layout.size() == 0 {
            return Ok(NonNull::dangling());
        }
        self.block(layout).map(NonNull::cast).map_err(|_| E::out_of_memory(self, layout))
    }

    #[inline(always)]
    fn slice_copy<E: Failure, T: Copy>(&self, source: &[T]) -> Result<&mut [T], E> {
        let room = self.room_for::<E, T>(source.len())?;
        // SAFETY: the source is valid for `len` elements, the room for as many, both are aligned, and the room was
        // handed out while the source was borrowed, so they do not overlap.
        unsafe { room.copy_from_nonoverlapping(NonNull::from(source).cast(), source.len()) };
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
    fn slice_fill_with<E: Failure, T, F: FnMut(usize) -> T>(
        &self,
        len: usize,
        mut f: F,
    ) -> Result<&mut [T], E> {
        // As a vector, which drops its elements and gives its room back if `f` panics.
        let mut list = Vec::new_in(self);
        self.make_room::<E, T>(&mut list, len)?;
        for i in 0..len {
            list.push(f(i));
        }
        Ok(Vec::leak(list))
    }

    #[inline]
    fn collect_slice<E: Failure, T, I: IntoIterator<Item = T>>(&self, iter: I) -> Result<&mut [T], E> {
        let iter = iter.into_iter();
        let mut list = Vec::new_in(self);
        // If there is no room for what the iterator promises, that may be because it lies.
        _ = list.try_reserve_exact(iter.size_hint().0);
        for value in iter {
            if list.len() == list.capacity() {
                // What is left may be enough, if not for twice as much.
                if list.try_reserve(1).is_err() {
                    self.make_room::<E, T>(&mut list, 1)?;
                }
            }
            list.push(value);
        }
        // In place, always: the alignment stays.
        list.shrink_to_fit();
        Ok(Vec::leak(list))
    }

    /// Makes room for `more` further elements, and no more than that.
    fn make_room<'a, E: Failure, T>(&'a self, list: &mut Vec<T, &'a Self>, more: usize) -> Result<(), E> {
        if list.try_reserve_exact(more).is_ok() {
            return Ok(());
        }
        match list.len().checked_add(more).map(Layout::array::<T>) {
            Some(Ok(layout)) => Err(E::out_of_memory(self, layout)),
            _ => Err(E::too_long()),
        }
    }

    #[inline(always)]
    fn uninit_slice<E: Failure, T>(&self, len: usize) -> Result<&mut [MaybeUninit<T>], E> {
        let room = self.room_for::<E, T>(len)?;
        // SAFETY: the room is valid for `len` elements that need not be initialised, aligned, and nobody else's while the
        // arena is borrowed.
        Ok(unsafe { slice::from_raw_parts_mut(room.as_ptr().cast(), len) })
    }

    #[inline(always)]
    fn str_any<E: Failure>(&self, source: &str) -> Result<&mut str, E> {
        let bytes = self.slice_copy::<E, u8>(source.as_bytes())?;
        // SAFETY: the bytes are those of a string.
        Ok(unsafe { str::from_utf8_unchecked_mut(bytes) })
    }

    fn fmt_any<E: Failure>(&self, args: fmt::Arguments<'_>) -> Result<&mut str, E> {
        if let Some(text) = args.as_str() {
            return self.str_any(text);
        }
        let mut text = Text { arena: self, bytes: Vec::new_in(self), failure: None };
        let result = text.write_fmt(args);
        if let Some(failure) = text.failure {
            return Err(failure);
        }
        result.expect("a formatting trait implementation returned an error");
        text.bytes.shrink_to_fit();
        // SAFETY: only strings were written into it.
        Ok(unsafe { str::from_utf8_unchecked_mut(Vec::leak(text.bytes)) })
    }
}

/// Text in the making. `fmt::Error` carries no cause, so that of a failed write is kept here.
struct Text<'a, B: Backing, const M: usize, E> {
    arena: &'a SyncArena<B, M>,
    bytes: Vec<u8, &'a SyncArena<B, M>>,
    failure: Option<E>,
}

impl<B: Backing, const M: usize, E: Failure> Write for Text<'_, B, M, E> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.bytes.try_reserve(text.len()).is_err() {
            self.arena.make_room::<E, u8>(&mut self.bytes, text.len()).map_err(|failure| {
                self.failure = Some(failure);
                fmt::Error
            })?;
        }
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
