//! Collecting into a [`String`] whatever can extend one.

use super::FromIteratorIn;
use crate::collections::String;
use allocator_api2::alloc::Allocator;

impl<T, A: Allocator> FromIteratorIn<T> for String<A>
where
    Self: Extend<T>,
{
    type Allocator = A;

    fn from_iter_in<I: IntoIterator<Item = T>>(iter: I, alloc: A) -> Self {
        let mut string = Self::new_in(alloc);
        string.extend(iter);
        string
    }
}
