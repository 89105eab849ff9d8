//! What a thread has of a shared arena.

use core::cell::Cell;
use core::ptr::NonNull;
use std::alloc::System;

use allocator_api2::boxed::Box;

use crate::raw::Cursor;
use crate::shared::slots::Slots;
use crate::shared::thread::{self, Here};

/// How large a thread's first window is, in bytes.
const FIRST: usize = if cfg!(arenite_zeal) { 64 } else { 512 };
/// How large windows become.
const LONGEST: usize = if cfg!(arenite_zeal) { 512 } else { 32 << 10 };

/// A cursor and the stretch of a shared arena in which it moves. Aligned so that threads which are at different ones do not
/// wait for one another, also where the processor fetches two lines at once.
///
/// # Invariants
///
/// Used by one thread at a time: the one that has the number under which it is kept, or whoever has the arena exclusively.
#[repr(align(128))]
pub(super) struct Window<const M: usize> {
    pub(super) cursor: Cursor<M>,
    /// How many bytes to ask for next.
    next: Cell<usize>,
}

impl<const M: usize> Window<M> {
    const FIRST: usize = if FIRST > M { FIRST } else { M };

    /// How many bytes to ask for next, a multiple of `M`.
    pub(super) fn next(&self) -> usize {
        self.next.get()
    }

    /// Counts bytes that were got.
    pub(super) fn count(&self, bytes: usize) {
        // A stretch that was smaller than wanted, or larger for one block's sake, says nothing about the next one.
        if bytes >= self.next.get() && self.next.get() < LONGEST {
            self.next.set(self.next.get() * 2);
        }
    }

    /// Forgets the memory, which is taken back.
    pub(super) fn leave(&self) {
        self.cursor.leave();
    }
}

/// The windows of all threads.
///
/// # Invariants
///
/// The slots hold windows that were boxed, by the system's allocator, and are there until this is dropped. The program's
/// allocator may be the arena that this is a part of: it cannot make the window from which it would take a window.
pub(super) struct Windows<const M: usize>(Slots<Window<M>>);

impl<const M: usize> Windows<M> {
    pub(super) const fn new() -> Self {
        Windows(Slots::new())
    }

    /// The calling thread's window, if it has one.
    #[inline(always)]
    pub(super) fn mine(&self) -> Option<&Window<M>> {
        let window = NonNull::new(self.0.get(thread::here().number))?;
        // SAFETY: a window in a slot was boxed, and is there until this is dropped (invariant), which is borrowed. It is never
        // borrowed exclusively. Its cells are this thread's, which has the number: the reference goes to no other thread, and
        // does not outlive the call for which it is made, during which no other thread gets the number: the short ways run no
        // code but their own, and the others have a `Stay`.
        Some(unsafe { window.as_ref() })
    }

    /// The calling thread's window, made if need be. `None` if the thread has no number, or if there is no memory.
    pub(super) fn mine_or_new(&self, here: Here) -> Option<&Window<M>> {
        if let Some(window) = self.mine() {
            return Some(window);
        }
        if here.number == thread::NO_NUMBER {
            return None;
        }
        let window = Window { cursor: Cursor::empty(), next: Cell::new(Window::<M>::FIRST) };
        let window = Box::into_raw(Box::try_new_in(window, System).ok()?);
        if !self.0.set(here.number, window) {
            // SAFETY: it was boxed just now, by this allocator, and is nowhere else.
            drop(unsafe { Box::from_raw_in(window, System) });
            return None;
        }
        self.mine()
    }

    /// Calls `visit` with every window.
    pub(super) fn for_each(&mut self, mut visit: impl FnMut(&Window<M>)) {
        self.0.for_each(|window| {
            // SAFETY: a window in a slot was boxed, and is there until this is dropped (invariant), which is borrowed
            // exclusively, so no thread has the window.
            visit(unsafe { &*window });
        });
    }
}

impl<const M: usize> Drop for Windows<M> {
    fn drop(&mut self) {
        self.0.for_each(|window| {
            // SAFETY: it was boxed by this allocator (invariant), each is visited once, and nobody uses it any more.
            drop(unsafe { Box::from_raw_in(window, System) });
        });
    }
}
