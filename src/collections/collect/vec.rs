//! Collecting into vectors and boxed slices.

use super::{FromIteratorIn, trusted};
use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;

impl<T, A: Allocator> FromIteratorIn<T> for Vec<T, A> {
    type Allocator = A;

    fn from_iter_in<I: IntoIterator<Item = T>>(iter: I, alloc: A) -> Self {
        let mut iter = iter.into_iter();
        let mut items = Self::new_in(alloc);
        let (promised, _) = iter.size_hint();
        // Refused or not: the elements may never come. If they do, `push` asks again.
        let _ = items.try_reserve_exact(trusted::<T>(promised));
        loop {
            fill(&mut items, &mut iter);
            if items.len() < items.capacity() {
                // It ended. It is not asked again: only some iterators keep saying so.
                break;
            }
            let Some(item) = iter.next() else { break };
            push_beyond_capacity(&mut items, item, iter.size_hint().0);
        }
        if items.len() < promised {
            // The hint was a lie, so that a good deal may be left over, and no honest iterator pays for this.
            items.shrink_to_fit();
        }
        items
    }
}

impl<T, A: Allocator> FromIteratorIn<T> for Box<[T], A> {
    type Allocator = A;

    fn from_iter_in<I: IntoIterator<Item = T>>(iter: I, alloc: A) -> Self {
        Vec::from_iter_in(iter, alloc).into_boxed_slice()
    }
}

/// Moves items into the capacity there is, until it or the iterator ends. Two to three times as fast as `push`, since the
/// iterator drives the loop and the length stays in a register.
fn fill<T, A: Allocator>(items: &mut Vec<T, A>, iter: &mut impl Iterator<Item = T>) {
    let (length, capacity) = (items.len(), items.capacity());
    let start = items.as_mut_ptr();
    let mut filled = Filled { items, length };
    iter.take(capacity - length).for_each(|item| {
        // `take` counts too, but an iterator may drive loops by code of its own, which need not heed it.
        assert!(filled.length < capacity, "an iterator went on after it was told to stop");
        // SAFETY: below the capacity, so within the vector's block, which nothing can move meanwhile: `filled` alone
        // has the vector.
        let slot = unsafe { start.add(filled.length) };
        // SAFETY: valid for writes and aligned, as a slot of the vector's block.
        unsafe { slot.write(item) };
        filled.length += 1;
    });
}

/// A vector with more items than it knows of, until this is dropped.
struct Filled<'v, T, A: Allocator> {
    items: &'v mut Vec<T, A>,
    /// Invariant: at most the capacity, and as many items have been written.
    length: usize,
}

impl<T, A: Allocator> Drop for Filled<'_, T, A> {
    fn drop(&mut self) {
        // SAFETY: both conditions are the field's invariant.
        unsafe { self.items.set_len(self.length) };
    }
}

/// Makes room for the item and for the `hinted` ones after it, as far as they are trusted. More than that is asked for if
/// need be, so that a hint that stays small does not lead to growth in small steps.
#[cold]
#[inline(never)]
fn push_beyond_capacity<T, A: Allocator>(items: &mut Vec<T, A>, item: T, hinted: usize) {
    let _ = items.try_reserve(trusted::<T>(hinted).saturating_add(1));
    items.push(item);
}
