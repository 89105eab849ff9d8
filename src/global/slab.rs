//! A growing store of items that never move and are never given back.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use super::once;
use super::stack::Stack;
use crate::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Items in the first chunk; each further chunk has twice as many as the one before.
const FIRST: usize = 32;
const CHUNKS: usize = 24;

/// What a [`Slab`] holds.
///
/// # Safety
///
/// `link` returns a part of the item that it does not use otherwise while the item is free.
pub(super) unsafe trait Item: 'static {
    fn new(index: u32) -> Self;
    fn index(&self) -> u32;
    fn link(&self) -> &AtomicU32;
}

/// # Invariants
///
/// Items below `made` are initialised, or being so by the thread that counted them, which alone knows their index.
pub(super) struct Slab<I> {
    chunks: [AtomicPtr<I>; CHUNKS],
    made: AtomicU32,
    free: Stack,
}

impl<I: Item> Slab<I> {
    pub(super) const fn new() -> Self {
        Slab {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            made: AtomicU32::new(0),
            free: Stack::new(),
        }
    }

    fn place(index: u32) -> (usize, usize) {
        let unit = index as usize / FIRST + 1;
        let chunk = unit.ilog2() as usize;
        (chunk, index as usize - FIRST * ((1 << chunk) - 1))
    }

    /// # Safety
    ///
    /// The item was returned by [`take`](Slab::take) before.
    pub(super) unsafe fn get(&self, index: u32) -> &I {
        let (chunk, offset) = Self::place(index);
        let start = self.chunks[chunk].load(Ordering::Acquire);
        // SAFETY: the item was made (this function's contract), so its chunk was obtained before, and the owner of the index has seen
        // that, and `start` leads to all of the chunk, which stays for ever; `offset` is less than its length (`place`).
        let item = unsafe { start.add(offset) };
        // SAFETY: aligned, as the chunk is; initialised since it was first taken; items stay where they are for ever, and are
        // never borrowed exclusively.
        unsafe { &*item }
    }

    /// An item that is free, or a new one. `None` if there is no memory.
    pub(super) fn take(&self, inner: &dyn GlobalAlloc) -> Option<&I> {
        // SAFETY: what is on the stack was taken once, and put back.
        let link = |index| unsafe { self.get(index) }.link();
        if let Some(index) = self.free.pop(link) {
            // SAFETY: it was taken once, and put back.
            return Some(unsafe { self.get(index) });
        }
        self.make(inner)
    }

    #[cold]
    fn make(&self, inner: &dyn GlobalAlloc) -> Option<&I> {
        let mut index = self.made.load(Ordering::Relaxed);
        loop {
            let (chunk, offset) = Self::place(index);
            let start = self.chunk(chunk, inner)?;
            match self.made.compare_exchange_weak(index, index + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    // SAFETY: within the chunk.
                    let item = unsafe { start.add(offset) };
                    // SAFETY: valid for writes, aligned as the chunk is, and this thread's alone, since it counted it.
                    unsafe { item.write(I::new(index)) };
                    // SAFETY: just initialised; items stay for ever.
                    return Some(unsafe { &*item });
                }
                Err(now) => index = now,
            }
        }
    }

    /// The start of a chunk, which is obtained if it is not there yet.
    fn chunk(&self, chunk: usize, inner: &dyn GlobalAlloc) -> Option<*mut I> {
        const { assert!(size_of::<I>() > 0) };
        // No chunk is empty.
        once::get_or_obtain(self.chunks.get(chunk)?, Layout::array::<I>(FIRST << chunk).ok()?, inner)
    }

    /// Puts an item back.
    ///
    /// # Safety
    ///
    /// It was taken from this slab, and the caller has no further use for it.
    pub(super) unsafe fn put(&self, item: &I) {
        self.free.push(item.index(), item.link());
    }

    /// Items that were ever made.
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed) as usize
    }
}
