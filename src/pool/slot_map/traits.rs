//! What a map is expected to be.

use core::fmt;
use core::ops::{Index, IndexMut};

use allocator_api2::alloc::Allocator;

use super::{Key, SlotMap};

#[cfg(feature = "alloc")]
impl<T> Default for SlotMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// # Panics
///
/// Panics if the key is stale; [`SlotMap::get`] returns `None` then.
impl<T, A: Allocator> Index<Key> for SlotMap<T, A> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, key: Key) -> &T {
        match self.get(key) {
            Some(value) => value,
            None => stale(key),
        }
    }
}

/// # Panics
///
/// As for `Index`.
impl<T, A: Allocator> IndexMut<Key> for SlotMap<T, A> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, key: Key) -> &mut T {
        match self.get_mut(key) {
            Some(value) => value,
            None => stale(key),
        }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn stale(key: Key) -> ! {
    panic!("slot map: there is no value of {key:?}")
}

impl<T, A: Allocator> Extend<T> for SlotMap<T, A> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T: fmt::Debug, A: Allocator> fmt::Debug for SlotMap<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
