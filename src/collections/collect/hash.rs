//! Collecting into the tables of hashbrown.

use super::{FromIteratorIn, trusted};
use allocator_api2::alloc::Allocator;
use core::hash::{BuildHasher, Hash};
use hashbrown::{HashMap, HashSet};

/// The last of several values for one key stays.
impl<K, V, S, A> FromIteratorIn<(K, V)> for HashMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
    A: Allocator,
{
    type Allocator = A;

    fn from_iter_in<I: IntoIterator<Item = (K, V)>>(iter: I, alloc: A) -> Self {
        let iter = iter.into_iter();
        let mut map = Self::with_hasher_in(S::default(), alloc);
        // Not `extend`, which reserves without asking.
        let _ = map.try_reserve(trusted::<(K, V)>(iter.size_hint().0));
        iter.for_each(|(key, value)| {
            map.insert(key, value);
        });
        map
    }
}

/// The first of several equal elements stays.
impl<T, S, A> FromIteratorIn<T> for HashSet<T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher + Default,
    A: Allocator,
{
    type Allocator = A;

    fn from_iter_in<I: IntoIterator<Item = T>>(iter: I, alloc: A) -> Self {
        let iter = iter.into_iter();
        let mut set = Self::with_hasher_in(S::default(), alloc);
        let _ = set.try_reserve(trusted::<T>(iter.size_hint().0));
        iter.for_each(|element| {
            set.insert(element);
        });
        set
    }
}
