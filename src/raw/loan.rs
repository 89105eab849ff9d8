//! Tails of windows: lent to a child, or kept for later.

use core::cell::Cell;
use core::ptr;

use super::ChunkId;
use crate::addr;
use crate::track;

/// The tail of a parent's window while a child has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loan {
    /// The chunk in which the tail lies; [`ChunkId::NONE`] if nothing was lent.
    pub(crate) chunk: ChunkId,
    pub(crate) start: *mut u8,
    pub(crate) end: *mut u8,
    /// Whether the tail reached to the top of its chunk, so that the child may have made the chunk longer.
    pub(crate) was_top: bool,
}

impl Loan {
    pub(crate) const NOTHING: Loan =
        Loan { chunk: ChunkId::NONE, start: ptr::null_mut(), end: ptr::null_mut(), was_top: false };
}

/// A free stretch of memory that a handle holds outside of its window, as it is written into that memory itself.
#[derive(Debug, Clone, Copy)]
struct Spare {
    next: *mut u8,
    end: *mut u8,
    chunk: ChunkId,
}

const SPARE_SIZE: usize = size_of::<Spare>();

/// Free stretches of memory that a handle holds outside of its window, newest first.
///
/// Each lies within what that handle alone holds, its loan or a chunk of its own, and none overlaps another, a window or
/// a block: when the handle ends, forgetting the list is all there is to do.
#[derive(Debug)]
pub(crate) struct SpareList {
    head: Cell<*mut u8>,
}

impl SpareList {
    /// Shorter stretches are not worth keeping.
    pub(crate) const SHORTEST: usize = if cfg!(arenite_zeal) { SPARE_SIZE } else { 64 };

    /// How many stretches a search looks at.
    const REACH: usize = 8;

    #[inline(always)]
    pub(crate) const fn new() -> Self {
        SpareList { head: Cell::new(ptr::null_mut()) }
    }

    #[inline]
    pub(crate) fn clear(&self) {
        self.head.set(ptr::null_mut());
    }

    /// How far keeping `[start, end)` writes into it.
    #[inline]
    pub(crate) fn soiled(start: *mut u8, end: *mut u8) -> *mut u8 {
        if end.addr() - start.addr() < Self::SHORTEST { start } else { start.wrapping_add(SPARE_SIZE) }
    }

    /// Keeps `[start, end)` of `chunk`. Returns the bytes that are lost: all of them if it is too short.
    ///
    /// # Safety
    ///
    /// The bytes are writable, free, and the caller's to give, as the type demands.
    #[inline]
    pub(crate) unsafe fn push(&self, start: *mut u8, end: *mut u8, chunk: ChunkId) -> usize {
        let bytes = end.addr() - start.addr();
        if bytes < Self::SHORTEST {
            return bytes;
        }
        track::unpoison(start, SPARE_SIZE);
        let spare = Spare { next: self.head.get(), end, chunk };
        // SAFETY: the stretch is writable and long enough; `write_unaligned` asks for no alignment.
        unsafe { start.cast::<Spare>().write_unaligned(spare) };
        self.head.set(start);
        0
    }

    /// Takes the first stretch, among the newest few, in which a block of `footprint` bytes aligned to `align` fits:
    /// its start, its end and its chunk.
    #[inline]
    pub(crate) fn take(&self, footprint: usize, align: usize) -> Option<(*mut u8, *mut u8, ChunkId)> {
        let mut before: *mut u8 = ptr::null_mut();
        let mut start = self.head.get();
        for _ in 0..Self::REACH {
            if start.is_null() {
                return None;
            }
            // SAFETY: every stretch on the list begins with a `Spare` that `push` wrote, and is nobody else's.
            let spare = unsafe { start.cast::<Spare>().read_unaligned() };
            if addr::place(start.addr(), spare.end.addr(), footprint, align).is_some() {
                if before.is_null() {
                    self.head.set(spare.next);
                } else {
                    // SAFETY: the stretch before this one is on the list as well: it begins with a `Spare`, and is nobody
                    // else's.
                    let mut previous = unsafe { before.cast::<Spare>().read_unaligned() };
                    previous.next = spare.next;
                    // SAFETY: it is still on the list, so it is writable, ours, and long enough, as it was when `push` wrote
                    // there; `write_unaligned` asks for no alignment.
                    unsafe { before.cast::<Spare>().write_unaligned(previous) };
                }
                track::poison(start, SPARE_SIZE);
                return Some((start, spare.end, spare.chunk));
            }
            before = start;
            start = spare.next;
        }
        None
    }

    /// Whether [`take`](Self::take) would find one.
    pub(crate) fn has(&self, footprint: usize, align: usize) -> bool {
        let mut start = self.head.get();
        for _ in 0..Self::REACH {
            if start.is_null() {
                return false;
            }
            // SAFETY: every stretch on the list begins with a `Spare` that `push` wrote, and is nobody else's.
            let spare = unsafe { start.cast::<Spare>().read_unaligned() };
            if addr::place(start.addr(), spare.end.addr(), footprint, align).is_some() {
                return true;
            }
            start = spare.next;
        }
        false
    }

    /// Calls `visit` with the start and the end of each stretch.
    #[cfg(any(arenite_zeal, feature = "alloc"))]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(*mut u8, *mut u8)) {
        let mut start = self.head.get();
        while !start.is_null() {
            // SAFETY: every stretch on the list begins with a `Spare` that `push` wrote, and is nobody else's.
            let spare = unsafe { start.cast::<Spare>().read_unaligned() };
            visit(start, spare.end);
            start = spare.next;
        }
    }
}
