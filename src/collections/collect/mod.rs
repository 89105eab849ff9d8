//! Collecting an iterator into an allocator.

#[cfg(feature = "hashbrown")]
mod hash;
mod short_circuit;
mod text;
mod vec;

use allocator_api2::alloc::Allocator;

/// The most memory, in bytes, that is asked for because of a size hint alone. An honest iterator that
/// yields more gets there by doubling.
const MOST_FOR_A_HINT: usize = 64 << 20;

/// As many of the `hinted` elements as a size hint is trusted with.
pub(super) fn trusted<T>(hinted: usize) -> usize {
    hinted.min(MOST_FOR_A_HINT / size_of::<T>().max(1))
}

/// [`Iterator::collect`] with an allocator, for every iterator.
pub trait CollectIn: Iterator {
    /// Collects into a `C` whose memory comes from `alloc`.
    ///
    /// The size hint is only a hint: one that is wrong in either direction costs time, never memory safety, and one
    /// that asks for more than there is does no harm if the elements do fit.
    ///
    /// # Panics
    ///
    /// If the iterator does. A refusal by the allocator goes to the error handler of the program.
    ///
    /// ```
    /// use allocator_api2::{alloc::Global, vec::Vec}; // `Global` stands for any allocator, such as `&arena`
    /// use arenite::collections::{CollectIn, String};
    ///
    /// let squares = (1..4).map(|n| n * n).collect_in::<Vec<_, _>>(Global);
    /// assert_eq!(squares, [1, 4, 9]);
    /// let numbers: Result<Vec<i32, _>, _> = "1 2 x".split(' ').map(str::parse).collect_in(Global);
    /// assert!(numbers.is_err());
    /// let shouted: String<_> = "abc".chars().flat_map(char::to_uppercase).collect_in(Global);
    /// assert_eq!(shouted, "ABC");
    /// ```
    #[inline]
    fn collect_in<C: FromIteratorIn<Self::Item>>(self, alloc: C::Allocator) -> C
    where
        Self: Sized,
    {
        C::from_iter_in(self, alloc)
    }
}

impl<I: Iterator + ?Sized> CollectIn for I {}

/// [`FromIterator`] with an allocator: what [`CollectIn::collect_in`] can collect `T`s into.
///
/// ```
/// use allocator_api2::{alloc::{Allocator, Global}, vec::Vec};
/// use arenite::collections::{CollectIn, FromIteratorIn};
///
/// struct Sorted<T, A: Allocator>(Vec<T, A>);
///
/// impl<T: Ord, A: Allocator> FromIteratorIn<T> for Sorted<T, A> {
///     type Allocator = A;
///     fn from_iter_in<I: IntoIterator<Item = T>>(iter: I, alloc: A) -> Self {
///         let mut items: Vec<T, A> = iter.into_iter().collect_in(alloc);
///         items.sort();
///         Self(items)
///     }
/// }
///
/// assert_eq!([3, 1, 2].into_iter().collect_in::<Sorted<_, _>>(Global).0, [1, 2, 3]);
/// ```
pub trait FromIteratorIn<T>: Sized {
    /// Where the collection's memory comes from.
    type Allocator: Allocator;

    /// The collection of all that `iter` yields, in `alloc`.
    fn from_iter_in<I: IntoIterator<Item = T>>(iter: I, alloc: Self::Allocator) -> Self;
}
