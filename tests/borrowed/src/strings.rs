//! arenite's `String`, with what the tests of std's expect of a type that knows its allocator.

use std::char::DecodeUtf16Error;
use std::fmt::Display;

use arenite::collections::CollectIn;

use crate::Global;

pub type String = arenite::collections::String<Global>;

/// The functions of std's `String` that name no allocator.
pub trait WithoutAllocator: Sized {
    fn new() -> Self;
    fn from_utf8_lossy(bytes: &[u8]) -> Self;
    fn from_utf16(units: &[u16]) -> Result<Self, DecodeUtf16Error>;
    fn from_utf16_lossy(units: &[u16]) -> Self;
}

impl WithoutAllocator for String {
    fn new() -> Self {
        String::new_in(Global)
    }

    fn from_utf8_lossy(bytes: &[u8]) -> Self {
        String::from_utf8_lossy_in(bytes, Global)
    }

    fn from_utf16(units: &[u16]) -> Result<Self, DecodeUtf16Error> {
        String::from_utf16_in(units, Global)
    }

    fn from_utf16_lossy(units: &[u16]) -> Self {
        String::from_utf16_lossy_in(units, Global)
    }
}

/// `to_string`.
pub trait Printed: Display {
    fn printed(&self) -> String {
        arenite::format!(in Global, "{self}")
    }
}

impl<T: Display + ?Sized> Printed for T {}

/// `to_vec`.
pub trait Copied {
    fn copied(&self) -> allocator_api2::vec::Vec<u8, Global>;
}

impl Copied for [u8] {
    fn copied(&self) -> allocator_api2::vec::Vec<u8, Global> {
        self.iter().copied().collect_in(Global)
    }
}

/// `collect`.
pub trait Collected: Iterator + Sized {
    fn collected(self) -> String
    where
        String: Extend<Self::Item>,
    {
        self.collect_in(Global)
    }
}

impl<I: Iterator> Collected for I {}
