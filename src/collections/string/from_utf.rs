//! Strings out of text, of bytes and of UTF-16.

use super::String;
use allocator_api2::alloc::Allocator;
use allocator_api2::collections::TryReserveError;
use allocator_api2::vec::Vec;
use core::char::{DecodeUtf16Error, REPLACEMENT_CHARACTER, decode_utf16};
use core::error::Error;
use core::fmt;
use core::str::{self, Utf8Error};

impl<A: Allocator> String<A> {
    /// A copy of `text`, in one allocation of its length.
    ///
    /// # Panics
    ///
    /// A refusal by the allocator goes to the error handler of the program.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let s = String::from_str_in("text", Global);
    /// assert_eq!((&*s, s.capacity()), ("text", 4));
    /// ```
    #[inline]
    #[must_use]
    pub fn from_str_in(text: &str, alloc: A) -> Self {
        let mut string = Self::with_capacity_in(text.len(), alloc);
        string.push_str(text);
        string
    }

    /// [`from_str_in`](Self::from_str_in) that reports failure.
    ///
    /// # Errors
    ///
    /// If the allocator refuses.
    #[inline]
    pub fn try_from_str_in(text: &str, alloc: A) -> Result<Self, TryReserveError> {
        let mut string = Self::try_with_capacity_in(text.len(), alloc)?;
        string.try_push_str(text)?;
        Ok(string)
    }

    /// The string that `bytes` hold, without a copy.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8. The error gives them back.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let s = String::from_utf8(arenite::vec![in Global; b'h', b'i']).unwrap();
    /// assert_eq!(s, "hi");
    /// let error = String::from_utf8(arenite::vec![in Global; b'h', 0xff]).unwrap_err();
    /// assert_eq!(error.utf8_error().valid_up_to(), 1);
    /// assert_eq!(error.into_bytes(), [b'h', 0xff]);
    /// ```
    #[inline]
    pub fn from_utf8(bytes: Vec<u8, A>) -> Result<Self, FromUtf8Error<A>> {
        match str::from_utf8(&bytes) {
            // SAFETY: just checked.
            Ok(_) => Ok(unsafe { Self::from_utf8_unchecked(bytes) }),
            Err(error) => Err(FromUtf8Error { bytes, error }),
        }
    }

    /// A copy of `bytes`, with U+FFFD in place of each longest run of bytes that is not UTF-8.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// assert_eq!(String::from_utf8_lossy_in(b"a\xffb", Global), "a\u{fffd}b");
    /// ```
    #[must_use]
    pub fn from_utf8_lossy_in(bytes: &[u8], alloc: A) -> Self {
        // Exact for text; each replacement lengthens it by at most two bytes.
        let mut string = Self::with_capacity_in(bytes.len(), alloc);
        for chunk in bytes.utf8_chunks() {
            string.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                string.push(REPLACEMENT_CHARACTER);
            }
        }
        string
    }

    /// The string that the UTF-16 code `units` stand for.
    ///
    /// # Errors
    ///
    /// If a surrogate has no partner. The error says which.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// assert_eq!(String::from_utf16_in(&[0xd834, 0xdd1e], Global).unwrap(), "𝄞");
    /// let error = String::from_utf16_in(&[0x61, 0xd834], Global).unwrap_err();
    /// assert_eq!(error.unpaired_surrogate(), 0xd834);
    /// ```
    pub fn from_utf16_in(units: &[u16], alloc: A) -> Result<Self, DecodeUtf16Error> {
        let mut string = Self::with_capacity_in(units.len(), alloc);
        for character in decode_utf16(units.iter().copied()) {
            string.push(character?);
        }
        Ok(string)
    }

    /// The string that the UTF-16 code `units` stand for, with U+FFFD in place of each surrogate without a partner.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// assert_eq!(String::from_utf16_lossy_in(&[0x61, 0xd834, 0x62], Global), "a\u{fffd}b");
    /// ```
    #[must_use]
    pub fn from_utf16_lossy_in(units: &[u16], alloc: A) -> Self {
        let mut string = Self::with_capacity_in(units.len(), alloc);
        for character in decode_utf16(units.iter().copied()) {
            string.push(character.unwrap_or(REPLACEMENT_CHARACTER));
        }
        string
    }
}

/// What [`String::from_utf8`] returns for bytes that are not UTF-8: the bytes, and where they fail.
pub struct FromUtf8Error<A: Allocator> {
    bytes: Vec<u8, A>,
    error: Utf8Error,
}

impl<A: Allocator> FromUtf8Error<A> {
    /// The bytes that were to become a string.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that were to become a string, given back without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8, A> {
        self.bytes
    }

    /// Where and how the bytes fail.
    #[must_use]
    pub fn utf8_error(&self) -> Utf8Error {
        self.error
    }
}

// These are by hand: deriving would ask the allocator for the same.
impl<A: Allocator + Clone> Clone for FromUtf8Error<A> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), error: self.error }
    }
}

impl<A: Allocator, B: Allocator> PartialEq<FromUtf8Error<B>> for FromUtf8Error<A> {
    fn eq(&self, other: &FromUtf8Error<B>) -> bool {
        self.bytes[..] == other.bytes[..] && self.error == other.error
    }
}

impl<A: Allocator> Eq for FromUtf8Error<A> {}

impl<A: Allocator> fmt::Debug for FromUtf8Error<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromUtf8Error").field("bytes", &self.bytes).field("error", &self.error).finish()
    }
}

impl<A: Allocator> fmt::Display for FromUtf8Error<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<A: Allocator> Error for FromUtf8Error<A> {}
