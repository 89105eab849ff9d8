//! The iterator that [`String::drain`] returns.

use super::String;
use allocator_api2::alloc::Allocator;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

/// The characters of a part of a string, which is removed when this is dropped. Made by [`String::drain`].
///
/// It changes nothing before that, so that a leaked one does no harm.
pub struct Drain<'a, A: Allocator> {
    string: &'a mut String<A>,
    /// What will be removed: whole characters.
    removed: Range<usize>,
    /// What is left to yield: whole characters, within `removed`.
    unread: Range<usize>,
}

impl<'a, A: Allocator> Drain<'a, A> {
    /// `range` has been resolved against `string`.
    pub(super) fn new(string: &'a mut String<A>, range: Range<usize>) -> Self {
        Self { string, unread: range.clone(), removed: range }
    }

    /// The characters not yet yielded.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("abc", Global);
    /// let mut drain = s.drain(..);
    /// drain.next();
    /// assert_eq!(drain.as_str(), "bc");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.string[self.unread.clone()]
    }
}

impl<A: Allocator> Iterator for Drain<'_, A> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        let character = self.as_str().chars().next()?;
        self.unread.start += character.len_utf8();
        Some(character)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.as_str().chars().size_hint()
    }

    fn count(self) -> usize {
        self.as_str().chars().count()
    }

    #[inline]
    fn last(mut self) -> Option<char> {
        self.next_back()
    }
}

impl<A: Allocator> DoubleEndedIterator for Drain<'_, A> {
    #[inline]
    fn next_back(&mut self) -> Option<char> {
        let character = self.as_str().chars().next_back()?;
        self.unread.end -= character.len_utf8();
        Some(character)
    }
}

impl<A: Allocator> FusedIterator for Drain<'_, A> {}

impl<A: Allocator> Drop for Drain<'_, A> {
    fn drop(&mut self) {
        self.string.replace_range(self.removed.clone(), "");
    }
}

impl<A: Allocator> AsRef<str> for Drain<'_, A> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<A: Allocator> AsRef<[u8]> for Drain<'_, A> {
    fn as_ref(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

impl<A: Allocator> fmt::Debug for Drain<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drain").field(&self.as_str()).finish()
    }
}
