//! Iterators, slab by slab.

use core::cell::Cell;
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use allocator_api2::alloc::Allocator;

use super::SlotMap;
use super::key::{Index, Key};
use super::slot::Slot;
use crate::pool::slabs::MOST_SLABS;

/// How many slots are looked at together.
const BLOCK: u32 = u64::BITS;

/// Every slot of a map that has a value, once.
///
/// Goes by blocks of slots, of which it first notes in bits which have a value. So what it costs does not depend on whether
/// the processor can guess that.
struct Walk<'a, T> {
    bases: &'a [Cell<*mut u8>; MOST_SLABS],
    begun: &'a [u32; MOST_SLABS],
    /// The first slot of the present block, and its index.
    block: *const Slot<T>,
    index: Index,
    /// A bit for each slot of the block that has a value and was not returned.
    values: u64,
    /// Where the next block is: the number of a slab, and an offset in it.
    slab: usize,
    offset: u32,
    /// Values not yet returned.
    left: usize,
    /// Whether every slot that was used has a value, so that there is nothing to look at.
    full: bool,
}

impl<'a, T> Walk<'a, T> {
    fn new<A: Allocator>(map: &'a SlotMap<T, A>) -> Self {
        Walk {
            bases: map.slabs.bases(),
            begun: &map.begun,
            block: core::ptr::null(),
            index: Index::NONE,
            values: 0,
            slab: 0,
            offset: 0,
            left: map.len,
            full: map.len == map.used(),
        }
    }

    /// A slot with a value: valid, for as long as the map is borrowed.
    #[inline]
    fn next(&mut self) -> Option<(Index, *const Slot<T>)> {
        while self.values == 0 {
            if self.left == 0 {
                return None;
            }
            self.look();
        }
        let at = self.values.trailing_zeros();
        self.values &= self.values - 1;
        self.left -= 1;
        // SAFETY: the block has more than so many slots.
        Some((Index(self.index.0 + at), unsafe { self.block.add(at as usize) }))
    }

    /// Goes on to the next block. There is one, as a value is left.
    #[inline]
    fn look(&mut self) {
        while self.offset == self.begun[self.slab] {
            self.slab += 1;
            self.offset = 0;
        }
        // So there is at least one slot more here.
        let base = self.bases[self.slab].get().cast_const().cast::<Slot<T>>();
        // SAFETY: the slab has more than so many slots.
        self.block = unsafe { base.add(self.offset as usize) };
        self.index = Index::new(self.slab, self.offset);
        let slots = (self.begun[self.slab] - self.offset).min(BLOCK);
        self.offset += slots;
        if self.full {
            self.values = u64::MAX >> (BLOCK - slots);
            return;
        }
        for at in 0..slots {
            // SAFETY: the block has more than so many slots.
            let slot = unsafe { self.block.add(at as usize) };
            // SAFETY: the slot was used, so is initialised, and none of those already returned.
            let generation = unsafe { (*slot).generation };
            self.values |= u64::from(generation % 2) << at;
        }
    }
}

impl<T> Clone for Walk<'_, T> {
    fn clone(&self) -> Self {
        Walk { ..*self }
    }
}

/// The values of a [`SlotMap`] with their keys. Made by [`SlotMap::iter`].
pub struct Iter<'a, T> {
    walk: Walk<'a, T>,
    values: PhantomData<&'a T>,
}

/// The values of a [`SlotMap`] with their keys, to change them. Made by [`SlotMap::iter_mut`].
pub struct IterMut<'a, T> {
    walk: Walk<'a, T>,
    values: PhantomData<&'a mut T>,
}

/// The keys of a [`SlotMap`]. Made by [`SlotMap::keys`].
pub struct Keys<'a, T>(Iter<'a, T>);

/// The values of a [`SlotMap`]. Made by [`SlotMap::values`].
pub struct Values<'a, T>(Iter<'a, T>);

/// The values of a [`SlotMap`], to change them. Made by [`SlotMap::values_mut`].
pub struct ValuesMut<'a, T>(IterMut<'a, T>);

// SAFETY: a shared borrow of values; the table is only read, as the map is borrowed.
unsafe impl<T: Sync> Send for Iter<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Iter<'_, T> {}
// SAFETY: an exclusive borrow of values; the table is only read, as the map is borrowed.
unsafe impl<T: Send> Send for IterMut<'_, T> {}
// SAFETY: a shared one gives nothing.
unsafe impl<T: Sync> Sync for IterMut<'_, T> {}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { walk: self.walk.clone(), values: PhantomData }
    }
}

impl<T> Clone for Keys<'_, T> {
    fn clone(&self) -> Self {
        Keys(self.0.clone())
    }
}

impl<T> Clone for Values<'_, T> {
    fn clone(&self) -> Self {
        Values(self.0.clone())
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (Key, &'a T);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (index, slot) = self.walk.next()?;
        // SAFETY: the slot is valid, and the map borrowed for `'a`.
        let slot = unsafe { &*slot };
        Some((Key::new(index, slot.generation), slot.get(slot.generation)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.walk.left, Some(self.walk.left))
    }
}

impl<'a, T> Iterator for IterMut<'a, T> {
    type Item = (Key, &'a mut T);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (index, slot) = self.walk.next()?;
        // SAFETY: the slot is valid, the map borrowed exclusively for `'a`, and no slot is returned twice.
        let slot = unsafe { &mut *slot.cast_mut() };
        let generation = slot.generation;
        Some((Key::new(index, generation), slot.get_mut(generation)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.walk.left, Some(self.walk.left))
    }
}

macro_rules! part {
    ($type:ident, $item:ty, $part:tt) => {
        impl<'a, T> Iterator for $type<'a, T> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                self.0.next().map(|pair| pair.$part)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }
    };
}
part!(Keys, Key, 0);
part!(Values, &'a T, 1);
part!(ValuesMut, &'a mut T, 1);

macro_rules! exact {
    ($($type:ident)*) => {$(
        impl<T> ExactSizeIterator for $type<'_, T> {}
        impl<T> FusedIterator for $type<'_, T> {}
        impl<T> fmt::Debug for $type<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).field("left", &self.len()).finish_non_exhaustive()
            }
        }
    )*};
}
exact!(Iter IterMut Keys Values ValuesMut);

impl<T, A: Allocator> SlotMap<T, A> {
    /// All values with their keys, in the order of their places. O(slots used) for all.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { walk: Walk::new(self), values: PhantomData }
    }

    /// All values with their keys, to change them.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        IterMut { walk: Walk::new(self), values: PhantomData }
    }

    /// The keys of all values.
    pub fn keys(&self) -> Keys<'_, T> {
        Keys(self.iter())
    }

    /// All values.
    pub fn values(&self) -> Values<'_, T> {
        Values(self.iter())
    }

    /// All values, to change them.
    pub fn values_mut(&mut self) -> ValuesMut<'_, T> {
        ValuesMut(self.iter_mut())
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a SlotMap<T, A> {
    type Item = (Key, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a mut SlotMap<T, A> {
    type Item = (Key, &'a mut T);
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> IterMut<'a, T> {
        self.iter_mut()
    }
}
