//! Equality, order and hash: those of the text, whatever the allocator.

use super::String;
use alloc::borrow::Cow;
use allocator_api2::alloc::Allocator;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

impl<A: Allocator, B: Allocator> PartialEq<String<B>> for String<A> {
    #[inline]
    fn eq(&self, other: &String<B>) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<A: Allocator> Eq for String<A> {}

impl<A: Allocator, B: Allocator> PartialOrd<String<B>> for String<A> {
    #[inline]
    fn partial_cmp(&self, other: &String<B>) -> Option<Ordering> {
        Some(self.as_str().cmp(other.as_str()))
    }
}

impl<A: Allocator> Ord for String<A> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<A: Allocator> Hash for String<A> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Equality with another kind of text, in both directions.
macro_rules! equal_to {
    ($($other:ty),+ $(,)?) => {$(
        impl<A: Allocator> PartialEq<$other> for String<A> {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                self.as_bytes() == other.as_bytes()
            }
        }

        impl<A: Allocator> PartialEq<String<A>> for $other {
            #[inline]
            fn eq(&self, other: &String<A>) -> bool {
                self.as_bytes() == other.as_bytes()
            }
        }
    )+};
}

equal_to!(str, &str, alloc::string::String, Cow<'_, str>);
