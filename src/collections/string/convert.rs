//! Strings into other types, and out of them.

use super::String;
use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use core::convert::Infallible;
use core::str::{self, FromStr};

impl<A: Allocator> String<A> {
    /// The text in a box, without spare capacity.
    ///
    /// # Panics
    ///
    /// If the allocator refuses to shrink, the error handler of the program is called.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let boxed = String::from_str_in("text", Global).into_boxed_str();
    /// assert_eq!(&*boxed, "text");
    /// ```
    #[inline]
    #[must_use]
    pub fn into_boxed_str(self) -> Box<str, A> {
        let (bytes, alloc) = Box::into_raw_with_allocator(self.into_bytes().into_boxed_slice());
        // SAFETY: pointer and allocator come from one box, used once; `str` has the layout of `[u8]`, and these bytes
        // were those of a string.
        unsafe { Box::from_raw_in(bytes as *mut str, alloc) }
    }

    /// The text, for as long as the allocator can live. Nothing is freed, spare capacity included.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let text: &'static mut str = String::from_str_in("text", Global).leak();
    /// text.make_ascii_uppercase();
    /// assert_eq!(text, "TEXT");
    /// # // SAFETY: the heap gave this, with this layout; so that leak checkers find nothing here.
    /// # drop(unsafe { allocator_api2::boxed::Box::from_raw_in(text, Global) });
    /// ```
    #[inline]
    pub fn leak<'a>(self) -> &'a mut str
    where
        A: 'a,
    {
        // SAFETY: the bytes were those of a string.
        unsafe { str::from_utf8_unchecked_mut(self.into_bytes().leak()) }
    }
}

impl<A: Allocator> From<String<A>> for Vec<u8, A> {
    #[inline]
    fn from(string: String<A>) -> Self {
        string.into_bytes()
    }
}

impl<A: Allocator> From<String<A>> for Box<str, A> {
    #[inline]
    fn from(string: String<A>) -> Self {
        string.into_boxed_str()
    }
}

/// Without a copy.
impl<A: Allocator> From<Box<str, A>> for String<A> {
    #[inline]
    fn from(text: Box<str, A>) -> Self {
        let bytes = Box::<[u8], A>::from(text).into_vec();
        // SAFETY: these bytes were those of a `str`.
        unsafe { Self::from_utf8_unchecked(bytes) }
    }
}

/// A copy on the heap.
impl<A: Allocator> From<String<A>> for alloc::string::String {
    #[inline]
    fn from(string: String<A>) -> Self {
        string.as_str().into()
    }
}

impl<A: Allocator + Default> From<&str> for String<A> {
    #[inline]
    fn from(text: &str) -> Self {
        Self::from_str_in(text, A::default())
    }
}

impl<A: Allocator + Default> FromStr for String<A> {
    type Err = Infallible;

    #[inline]
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl<A: Allocator> TryFrom<Vec<u8, A>> for String<A> {
    type Error = super::FromUtf8Error<A>;

    #[inline]
    fn try_from(bytes: Vec<u8, A>) -> Result<Self, Self::Error> {
        Self::from_utf8(bytes)
    }
}
