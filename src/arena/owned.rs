//! Values that the arena owns, and what it does at its end.

use core::mem;
use core::ops::DerefMut;
use core::ptr::NonNull;

use super::Arena;
use super::ends::Entry;
use super::failure::Failure;
use super::twins::twins;
use crate::backing::Backing;

/// # Ends of life
///
/// What is said below of an arena's end is said of a child's, too. An arena ends when it is dropped or reset (or a file
/// is closed), a child when its scope or guard ends, and by [`rewind`](Self::rewind) ends what was made since the
/// checkpoint. Entries are ended last in, first out, before any memory is taken back.
///
/// If one of them panics, the others are still ended and the memory is taken back; then the panic goes on. If a second one
/// panics meanwhile, the process aborts, as it does when two elements of a `Vec` panic.
///
/// A child that is forgotten never ends: like everything that is forgotten, what it owns is not dropped.
impl<B: Backing, const M: usize> Arena<B, M> {
    twins! {
        /// Moves `value` into the arena, which drops it at its [end](#ends-of-life).
        ///
        /// `Send`, as the arena may end on another thread, and `'static`, as a value that borrows could refer to what is
        /// gone by then: [`alloc_box`](Self::alloc_box) takes any value. A type that needs no drop is allocated as by
        /// [`alloc`](Self::alloc); others take two words more, and a call each at the end.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::sync::Arc;
        ///
        /// let shared = Arc::new(1);
        /// let mut arena = arenite::Arena::new();
        /// let clone: &mut Arc<i32> = arena.alloc_owned(Arc::clone(&shared));
        /// assert_eq!(Arc::strong_count(clone), 2);
        /// arena.reset();
        /// assert_eq!(Arc::strong_count(&shared), 1);
        /// ```
        ///
        /// What borrows is refused:
        ///
        /// ```compile_fail
        /// struct Shown<'a>(&'a str);
        /// impl Drop for Shown<'_> {
        ///     fn drop(&mut self) { println!("{}", self.0) }
        /// }
        /// let arena = arenite::Arena::new();
        /// let text = String::from("gone before the arena");
        /// arena.alloc_owned(Shown(&text));
        /// ```
        fn alloc_owned, try_alloc_owned = owned_any [T: Send + 'static] (value: T) -> &mut T;

        /// Calls `f` at the arena's [end](#ends-of-life).
        ///
        /// `f` lies in the arena until then; there is no heap allocation. It is dropped without being called if there is
        /// no memory for it.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::sync::mpsc::channel;
        ///
        /// let (log, said) = channel();
        /// let arena = arenite::Arena::new();
        /// arena.scope(|inner| {
        ///     for word in ["first", "second"] {
        ///         let log = log.clone();
        ///         inner.defer(move || log.send(word).unwrap());
        ///     }
        ///     log.send("the scope ends").unwrap();
        /// });
        /// assert_eq!(said.try_iter().collect::<Vec<_>>(), ["the scope ends", "second", "first"]);
        /// ```
        fn defer, try_defer = defer_any [F: FnOnce() + Send + 'static] (f: F) -> ();

        /// Takes over what `owner` owns, without a copy: the elements of a `Vec`, the value of a `Box`, the text of a
        /// `String`. The owner lies in the arena and is dropped at its [end](#ends-of-life), which frees the memory.
        ///
        /// Any owner will do that dereferences mutably. It is dropped at once if there is no memory for the few words
        /// that it is itself.
        ///
        /// # Examples
        ///
        /// ```
        /// let words = vec![String::from("no"), String::from("copies")];
        /// let address = words.as_ptr();
        /// let arena = arenite::Arena::new();
        /// let adopted: &mut [String] = arena.adopt(words);
        /// assert_eq!(adopted.as_ptr(), address);
        /// adopted[0].make_ascii_uppercase();
        /// assert_eq!(adopted, ["NO", "copies"]);
        /// ```
        fn adopt, try_adopt = adopt_any [P: DerefMut + Send + 'static] (owner: P) -> &mut P::Target;
    }

    #[inline]
    fn owned_any<E: Failure, T: Send + 'static>(&self, value: T) -> Result<&mut T, E> {
        if const { !mem::needs_drop::<T>() } {
            return self.alloc_any(value);
        }
        let slot = self.slot::<E, Entry<T>>()?;
        // SAFETY: a slot is aligned, valid for writes and nobody else's, until this handle ends, which runs the list first.
        unsafe { self.held.ends.push_value::<B, T>(slot, value) };
        // SAFETY: the slot is aligned and within an allocation of an entry's size, as it was for the write above.
        let value: NonNull<T> = unsafe { Entry::value(slot) };
        // SAFETY: the value was written just now, so it is initialised and aligned, and nobody else has it. It lives as long as the
        // arena is borrowed: the list is not run before, nor is the memory taken back.
        Ok(unsafe { &mut *value.as_ptr() })
    }

    #[inline]
    fn defer_any<E: Failure, F: FnOnce() + Send + 'static>(&self, f: F) -> Result<(), E> {
        let slot = self.slot::<E, Entry<F>>()?;
        // SAFETY: a slot is aligned, valid for writes and nobody else's, until this handle ends, which runs the list first.
        unsafe { self.held.ends.push_call::<B, F>(slot, f) };
        Ok(())
    }

    #[inline]
    fn adopt_any<E: Failure, P: DerefMut + Send + 'static>(&self, owner: P) -> Result<&mut P::Target, E> {
        // Where it lies now, the owner stays, so that what it dereferences to can be borrowed for as long.
        Ok(&mut **self.owned_any::<E, P>(owner)?)
    }
}
