//! A pointer for each thread, found by its number.
//!
//! `tests/loom` checks this file by itself.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use std::alloc::System;

use super::numbers::MOST;
use crate::sync::atomic::{AtomicPtr, Ordering};

/// How many numbers have their place in the table itself.
const FIRST: usize = if cfg!(loom) {
    1
} else if cfg!(arenite_zeal) {
    2
} else {
    64
};

/// How many rows there are for higher numbers; each is twice as long as the one before, the first as long as the table.
const ROWS: usize = (MOST.next_power_of_two() / FIRST).ilog2() as usize;

/// A pointer for each thread number, null at first.
///
/// # Invariants
///
/// * A pointer is read and written by nobody but the thread that has its number, or through `&mut self`. One thread after
///   the other has a number, and what the one did has happened for the next, so it need not be ordered.
/// * The row `k` is null, or leads to `FIRST << k` places for the numbers from `FIRST << k` on, which are there until the
///   table is dropped. It is a block of the system's allocator, with the layout that [`row_layout`] says: the program's
///   allocator may be what this table is a part of.
pub(super) struct Slots<T> {
    first: [AtomicPtr<T>; FIRST],
    rows: [AtomicPtr<AtomicPtr<T>>; ROWS],
}

impl<T> Slots<T> {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Slots {
            first: [const { AtomicPtr::new(ptr::null_mut()) }; FIRST],
            rows: [const { AtomicPtr::new(ptr::null_mut()) }; ROWS],
        }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Slots {
            first: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            rows: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
        }
    }

    /// The pointer of the thread with that number; null if there is none, or if it is no number at all.
    ///
    /// The caller is that thread.
    #[inline(always)]
    pub(super) fn get(&self, number: usize) -> *mut T {
        match self.first.get(number) {
            Some(slot) => slot.load(Ordering::Relaxed),
            None => self.get_far(number),
        }
    }

    #[inline(never)]
    fn get_far(&self, number: usize) -> *mut T {
        match self.far(number) {
            Some(slot) => slot.load(Ordering::Relaxed),
            None => ptr::null_mut(),
        }
    }

    /// Sets the pointer of the thread with that number. Returns whether that could be done: not if it is no number, or
    /// if there is no memory for its row.
    ///
    /// The caller is that thread.
    pub(super) fn set(&self, number: usize, value: *mut T) -> bool {
        let slot = match self.first.get(number) {
            Some(slot) => slot,
            None => match self.far(number).or_else(|| self.add_row(number)) {
                Some(slot) => slot,
                None => return false,
            },
        };
        slot.store(value, Ordering::Relaxed);
        true
    }

    /// Which row a number is in, and at which place.
    fn place(number: usize) -> Option<(usize, usize)> {
        if !(FIRST..MOST).contains(&number) {
            return None;
        }
        let row = (number / FIRST).ilog2() as usize;
        Some((row, number - (FIRST << row)))
    }

    /// The place of a number in its row, if that is there.
    fn far(&self, number: usize) -> Option<&AtomicPtr<T>> {
        let (row, place) = Self::place(number)?;
        let start = self.rows[row].load(Ordering::Acquire);
        if start.is_null() {
            return None;
        }
        // SAFETY: `start` leads to the first of `FIRST << row` places, one allocation, which is there as long as the table
        // (invariant). `place` is less than that: a number in the row is less than twice its first one. So the sum is within
        // the allocation, and does not overflow.
        let slot = unsafe { start.add(place) };
        // SAFETY: the place is aligned, as its row was allocated as places. It was initialised before the row was shown, by a
        // release that this thread's acquire has seen. It is there as long as the table, which is borrowed for as long as the
        // reference; and as it is atomic, others may write it meanwhile.
        Some(unsafe { &*slot })
    }

    /// Makes the row of a number, unless another thread does so first, and returns the number's place.
    #[cold]
    fn add_row(&self, number: usize) -> Option<&AtomicPtr<T>> {
        let (row, _) = Self::place(number)?;
        // SAFETY: a row has at least one place, and a place is a pointer: the layout is not of size zero.
        let start = unsafe { System.alloc(row_layout::<T>(row)?) }.cast::<AtomicPtr<T>>();
        if start.is_null() {
            return None;
        }
        for place in 0..FIRST << row {
            // SAFETY: the block has `FIRST << row` places, and `place` is less than that.
            let slot = unsafe { start.add(place) };
            // SAFETY: within the block just allocated, which is aligned for places and nobody else's.
            unsafe { slot.write(AtomicPtr::new(ptr::null_mut())) };
        }
        let shown =
            self.rows[row].compare_exchange(ptr::null_mut(), start, Ordering::Release, Ordering::Relaxed);
        if shown.is_err() {
            // Another thread was faster, and nobody has seen this one.
            // SAFETY: made above as a row is made, and nobody uses it.
            unsafe { drop_row(start, row) };
        }
        self.far(number)
    }

    /// Calls `visit` with every pointer that is not null.
    pub(super) fn for_each(&mut self, mut visit: impl FnMut(*mut T)) {
        let mut visit = |slot: &AtomicPtr<T>| match slot.load(Ordering::Relaxed) {
            value if value.is_null() => {}
            value => visit(value),
        };
        self.first.iter().for_each(&mut visit);
        for number in FIRST..MOST {
            if let Some(slot) = self.far(number) {
                visit(slot);
            }
        }
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        for (row, start) in self.rows.iter().enumerate() {
            let start = start.load(Ordering::Acquire);
            if start.is_null() {
                continue;
            }
            // SAFETY: a row that is not null was made by `add_row` (invariant); the table ends, so nobody uses it any more.
            unsafe { drop_row(start, row) };
        }
    }
}

/// How the places of a row lie in memory.
fn row_layout<T>(row: usize) -> Option<Layout> {
    Layout::array::<AtomicPtr<T>>(FIRST << row).ok()
}

/// Ends a row.
///
/// # Safety
///
/// `start` leads to the places of this row, all of them initialised, in a block of the system's allocator with the layout that
/// [`row_layout`] says. Nobody uses them any more.
unsafe fn drop_row<T>(start: *mut AtomicPtr<T>, row: usize) {
    let places = ptr::slice_from_raw_parts_mut(start, FIRST << row);
    // SAFETY: initialised places, aligned, which nobody uses any more (this function's contract).
    unsafe { ptr::drop_in_place(places) };
    // A row whose layout is too large was never made.
    let Some(layout) = row_layout::<T>(row) else { return };
    // SAFETY: a block of this allocator with this layout, which nobody uses any more (this function's contract).
    unsafe { System.dealloc(start.cast(), layout) };
}
