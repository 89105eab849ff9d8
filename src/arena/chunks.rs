//! Looking at what the chunks of an arena hold.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use super::Arena;
use super::root::Home;
use crate::backing::Backing;
use crate::raw::ChunkId;

impl<B: Backing, const M: usize> Arena<B, M> {
    /// The used part of every chunk, newest chunk first.
    ///
    /// The bytes are what was allocated, in order, with padding between blocks where alignment asked for it; bytes of
    /// padding are not initialised.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut arena = arenite::Arena::new();
    /// arena.alloc([1_u8; 24]);
    /// let used: usize = arena.iter_allocated_chunks().map(|chunk| chunk.len()).sum();
    /// assert_eq!(used, 24);
    /// ```
    pub fn iter_allocated_chunks(&mut self) -> ChunkIter<'_, B, M> {
        // SAFETY: `&mut self` is kept for as long as the iterator, so nothing is allocated meanwhile.
        let raw = unsafe { self.iter_allocated_chunks_raw() };
        ChunkIter { raw }
    }

    /// As [`iter_allocated_chunks`](Self::iter_allocated_chunks), through a shared reference: the address and the length
    /// in bytes of the used part of every chunk.
    ///
    /// # Safety
    ///
    /// Nothing is allocated from the arena or its children, and no scope is left, as long as the iterator is in use.
    /// Blocks may be borrowed: reading through the pointers is subject to the usual rules.
    pub unsafe fn iter_allocated_chunks_raw(&self) -> ChunkRawIter<'_, B, M> {
        ChunkRawIter { arena: self, next: self.root().chunks.get() }
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// The end of the highest block that is handed out, or a later address. For backings of one range.
    fn last_used(&self) -> Option<NonNull<u8>> {
        let mut last: *mut u8 = core::ptr::null_mut();
        if !self.held.children.any() {
            // SAFETY: nothing is allocated meanwhile.
            for (start, len) in unsafe { self.iter_allocated_chunks_raw() } {
                if len > 0 {
                    last = last.max(start.wrapping_add(len));
                }
            }
        } else {
            // A child that was forgotten: nobody knows how far it got.
            self.root().for_each_chunk(|_, record| last = last.max(record.top.get()));
        }
        NonNull::new(last)
    }

    /// Tells the backing where what was handed out ends.
    pub(super) fn conclude(&mut self) {
        let end = self.last_used();
        if let Home::Root(root) = &mut self.home {
            // SAFETY: nothing that was handed out ends behind the last used byte, which is one of a chunk's.
            unsafe { root.backing_mut().conclude(end) };
        }
    }

    /// The backing.
    #[cfg(feature = "mapped")]
    pub(super) fn backing_mut(&mut self) -> &mut B {
        match &mut self.home {
            Home::Root(root) => root.backing_mut(),
            Home::Child { .. } => unreachable!("a child is never borrowed exclusively"),
        }
    }
}

/// Iterator over the used parts of an arena's chunks. Made by [`Arena::iter_allocated_chunks`].
pub struct ChunkIter<'a, B: Backing, const MIN_ALIGN: usize> {
    raw: ChunkRawIter<'a, B, MIN_ALIGN>,
}

impl<'a, B: Backing, const M: usize> Iterator for ChunkIter<'a, B, M> {
    type Item = &'a [MaybeUninit<u8>];

    fn next(&mut self) -> Option<Self::Item> {
        let (start, len) = self.raw.next()?;
        // SAFETY: `[start, start + len)` lies in a chunk, which stays as long as the arena, borrowed exclusively for
        // `'a`, is not touched; nobody else has a block, so nobody writes. `MaybeUninit` asks for no initialised bytes.
        Some(unsafe { slice::from_raw_parts(start.cast::<MaybeUninit<u8>>(), len) })
    }
}

/// Iterator over addresses and lengths of the used parts of an arena's chunks. Made by
/// [`Arena::iter_allocated_chunks_raw`].
pub struct ChunkRawIter<'a, B: Backing, const MIN_ALIGN: usize> {
    arena: &'a Arena<B, MIN_ALIGN>,
    next: ChunkId,
}

impl<B: Backing, const M: usize> Iterator for ChunkRawIter<'_, B, M> {
    type Item = (*mut u8, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.next;
        if chunk.is_none() {
            return None;
        }
        let record = self.arena.root().record(chunk);
        self.next = record.next.get();
        let mut filled = record.filled.get();
        if self.arena.held.chunk.get() == chunk {
            filled = filled.max(self.arena.cursor.pos());
        }
        Some((record.base, filled.addr() - record.base.addr()))
    }
}

impl<B: Backing, const M: usize> fmt::Debug for ChunkIter<'_, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkIter").finish_non_exhaustive()
    }
}

impl<B: Backing, const M: usize> fmt::Debug for ChunkRawIter<'_, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkRawIter").finish_non_exhaustive()
    }
}
