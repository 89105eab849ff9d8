//! Appending what an iterator yields.

use super::String;
use crate::collections::collect::trusted;
use alloc::borrow::Cow;
use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;

impl<A: Allocator> Extend<char> for String<A> {
    fn extend<I: IntoIterator<Item = char>>(&mut self, characters: I) {
        let characters = characters.into_iter();
        // A character has one byte at least. The hint is a hint: what it asks for may be refused.
        let (lower, _) = characters.size_hint();
        let _ = self.try_reserve(trusted::<u8>(lower));
        characters.for_each(|character| self.push(character));
    }
}

impl<'c, A: Allocator> Extend<&'c char> for String<A> {
    fn extend<I: IntoIterator<Item = &'c char>>(&mut self, characters: I) {
        self.extend(characters.into_iter().copied());
    }
}

/// Items that are text. The hint says nothing of their lengths.
macro_rules! extend_by_text {
    ($([$($generics:tt)*] $text:ty),+ $(,)?) => {$(
        impl<$($generics)* A: Allocator> Extend<$text> for String<A> {
            fn extend<I: IntoIterator<Item = $text>>(&mut self, texts: I) {
                texts.into_iter().for_each(|text| self.push_str(&text));
            }
        }
    )+};
}

extend_by_text!(
    ['t,] &'t str,
    ['t,] Cow<'t, str>,
    [] alloc::string::String,
    [] alloc::boxed::Box<str>,
    [B: Allocator,] Box<str, B>,
    [B: Allocator,] String<B>,
);
