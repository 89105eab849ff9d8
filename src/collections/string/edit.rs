//! Changes of the text in place. All of them come down to appending, cutting off, and [`String::replace_range`].

use super::{Drain, String, resolve};
use allocator_api2::alloc::Allocator;
use allocator_api2::collections::TryReserveError;
use allocator_api2::vec::Vec;
use core::ops::{Range, RangeBounds};
use core::str;

impl<A: Allocator> String<A> {
    /// Appends `character`.
    ///
    /// # Panics
    ///
    /// As [`reserve`](Self::reserve).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("caf", Global);
    /// s.push('é');
    /// assert_eq!(s, "café");
    /// ```
    #[inline]
    pub fn push(&mut self, character: char) {
        // With its length known, the copy of the bytes is a store and not a call.
        match character.len_utf8() {
            1 => self.push_str(character.encode_utf8(&mut [0; 1])),
            2 => self.push_str(character.encode_utf8(&mut [0; 2])),
            3 => self.push_str(character.encode_utf8(&mut [0; 3])),
            _ => self.push_str(character.encode_utf8(&mut [0; 4])),
        }
    }

    /// [`push`](Self::push) that reports failure and then leaves the string as it was.
    ///
    /// # Errors
    ///
    /// As [`try_reserve`](Self::try_reserve).
    #[inline]
    pub fn try_push(&mut self, character: char) -> Result<(), TryReserveError> {
        self.try_push_str(character.encode_utf8(&mut [0; 4]))
    }

    /// Removes the last character and returns it; `None` if the string is empty.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("né", Global);
    /// assert_eq!((s.pop(), s.pop(), s.pop()), (Some('é'), Some('n'), None));
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<char> {
        let last = self.chars().next_back()?;
        self.truncate(self.len() - last.len_utf8());
        Some(last)
    }

    /// Cuts the text off after `length` bytes. Does nothing if it is no longer than that. The capacity stays.
    ///
    /// # Panics
    ///
    /// If `length` lies within a character.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("hello", Global);
    /// s.truncate(4);
    /// assert_eq!(s, "hell");
    /// ```
    #[inline]
    #[track_caller]
    pub fn truncate(&mut self, length: usize) {
        if length < self.len() {
            assert!(self.is_char_boundary(length), "byte {length} lies within a character");
            // SAFETY: text that ends between two characters is text.
            unsafe { self.as_mut_vec() }.truncate(length);
        }
    }

    /// Empties the string. The capacity stays.
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Inserts `character` at byte `at`, moving what follows; O(n).
    ///
    /// # Panics
    ///
    /// If `at` lies within a character or beyond the end, or as [`reserve`](Self::reserve).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("ct", Global);
    /// s.insert(1, 'a');
    /// assert_eq!(s, "cat");
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, at: usize, character: char) {
        self.insert_str(at, character.encode_utf8(&mut [0; 4]));
    }

    /// Inserts `text` at byte `at`, moving what follows; O(n).
    ///
    /// # Panics
    ///
    /// As [`insert`](Self::insert).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("bar", Global);
    /// s.insert_str(0, "foo");
    /// assert_eq!(s, "foobar");
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert_str(&mut self, at: usize, text: &str) {
        self.replace_range(at..at, text);
    }

    /// Removes the character that starts at byte `at` and returns it, moving what follows; O(n).
    ///
    /// # Panics
    ///
    /// If no character starts there.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("zoé!", Global);
    /// assert_eq!(s.remove(2), 'é');
    /// assert_eq!(s, "zo!");
    /// ```
    #[inline]
    #[track_caller]
    pub fn remove(&mut self, at: usize) -> char {
        let Some(character) = self[at..].chars().next() else {
            panic!("no character starts at the end, {at}")
        };
        self.replace_range(at..at + character.len_utf8(), "");
        character
    }

    /// Replaces the bytes in `range` by `text`, of any length; O(n).
    ///
    /// # Panics
    ///
    /// If the range is decreasing, ends beyond the text, or starts or ends within a character; or as
    /// [`reserve`](Self::reserve).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("one, two", Global);
    /// s.replace_range(..3, "twenty-one");
    /// assert_eq!(s, "twenty-one, two");
    /// ```
    #[track_caller]
    pub fn replace_range(&mut self, range: impl RangeBounds<usize>, text: &str) {
        let range = resolve(self, range);
        // SAFETY: the range consists of whole characters, and whole characters take their place. Nothing in between
        // can panic but the reservation, before which nothing was changed.
        splice(unsafe { self.as_mut_vec() }, range, text.as_bytes());
    }

    /// Appends a copy of the text in `range`.
    ///
    /// # Panics
    ///
    /// As [`replace_range`](Self::replace_range).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("tom", Global);
    /// s.extend_from_within(..2);
    /// assert_eq!(s, "tomto");
    /// ```
    #[track_caller]
    pub fn extend_from_within(&mut self, range: impl RangeBounds<usize>) {
        let range = resolve(self, range);
        let length = self.len();
        // SAFETY: zero bytes are text, and so are the whole characters that then take their place. The reservation is
        // the only step that can panic, and the first.
        let bytes = unsafe { self.as_mut_vec() };
        bytes.resize(length + range.len(), 0);
        bytes.copy_within(range, length);
    }

    /// Keeps the characters for which `keep` returns true, in order; it is asked once for each. O(n).
    ///
    /// If `keep` panics, the character it was asked about and those after it stay.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("f_o_ob_ar", Global);
    /// s.retain(|c| c != '_');
    /// assert_eq!(s, "foobar");
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(char) -> bool) {
        // SAFETY: `Retain` makes the bytes text again when it is dropped, also while unwinding. It lives on this frame
        // alone, so that it is dropped, and until then `keep` cannot reach the string, which is borrowed mutably.
        let mut state = Retain { bytes: unsafe { self.as_mut_vec() }, write: 0, run: 0, read: 0 };
        while let Some(character) = state.next_unread() {
            let kept = keep(character);
            let next = state.read + character.len_utf8();
            if !kept {
                state.close_run(next);
            }
            state.read = next;
        }
    }

    /// Removes the text in `range` and returns an iterator over its characters.
    ///
    /// The text is removed when the iterator is dropped, read to the end or not. If the iterator is leaked, the string
    /// stays as it was.
    ///
    /// # Panics
    ///
    /// If the range is decreasing, ends beyond the text, or starts or ends within a character.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("key=value", Global);
    /// assert!(s.drain(..4).eq("key=".chars()));
    /// assert_eq!(s, "value");
    /// ```
    #[track_caller]
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> Drain<'_, A> {
        let range = resolve(self, range);
        Drain::new(self, range)
    }

    /// Cuts the text off at byte `at` and returns what followed, in a string of its own from the same allocator.
    ///
    /// # Panics
    ///
    /// If `at` lies within a character or beyond the end, or as [`reserve`](Self::reserve).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut head = String::from_str_in("hello world", Global);
    /// let tail = head.split_off(5);
    /// assert_eq!((&*head, &*tail), ("hello", " world"));
    /// ```
    #[track_caller]
    #[must_use = "use `truncate` if the rest is not needed"]
    pub fn split_off(&mut self, at: usize) -> Self
    where
        A: Clone,
    {
        let rest = Self::from_str_in(&self[at..], self.allocator().clone());
        self.truncate(at);
        rest
    }
}

/// Puts `new` in the place of the bytes in `range`. The reservation can panic, and is the first step.
fn splice<A: Allocator>(bytes: &mut Vec<u8, A>, range: Range<usize>, new: &[u8]) {
    let length = bytes.len();
    let new_end = range.start + new.len();
    if new.len() > range.len() {
        bytes.resize(length + (new.len() - range.len()), 0);
    }
    bytes.copy_within(range.end..length, new_end);
    bytes[range.start..new_end].copy_from_slice(new);
    bytes.truncate(new_end + (length - range.end));
}

/// A string while [`String::retain`] runs: the text kept so far up to `write`; rubbish; from `run` on text that has kept
/// its place, of which that from `read` on was not looked at yet. Runs are moved whole.
struct Retain<'a, A: Allocator> {
    bytes: &'a mut Vec<u8, A>,
    /// Invariant: at most `run`.
    write: usize,
    /// Invariant: at most `read`.
    run: usize,
    /// Invariant: at most the length; a character starts here, or the text ends.
    read: usize,
}

impl<A: Allocator> Retain<'_, A> {
    #[inline]
    fn next_unread(&self) -> Option<char> {
        // SAFETY: nothing from `read` on was changed, and a character starts there.
        let unread = unsafe { str::from_utf8_unchecked(&self.bytes[self.read..]) };
        unread.chars().next()
    }

    /// Moves the run, up to `read`, to the end of what is kept. The next one starts at `next`.
    fn close_run(&mut self, next: usize) {
        self.bytes.copy_within(self.run..self.read, self.write);
        self.write += self.read - self.run;
        self.run = next;
    }
}

impl<A: Allocator> Drop for Retain<'_, A> {
    fn drop(&mut self) {
        let rest = self.bytes.len() - self.run;
        self.bytes.copy_within(self.run.., self.write);
        self.bytes.truncate(self.write + rest);
    }
}
