//! Chunks that nobody holds: kept for whoever needs one next, or given back to the backing.

use core::ptr;

use super::root::Root;
use crate::abort;
use crate::backing::Backing;
use crate::raw::{Chunk, ChunkId};
use crate::track;

impl<B: Backing, const M: usize> Root<B, M> {
    /// Gives `chunk`, which is on no list any more, back to the backing.
    ///
    /// # Safety
    ///
    /// Nobody uses the chunk's memory. The backing is not running.
    unsafe fn release(&self, chunk: ChunkId) {
        let record = self.record(chunk);
        let (base, limit) = (record.base, record.limit.get());
        self.granted.set(self.granted.get() - record.usable());
        track::unpoison(base, limit.addr() - base.addr());
        let block = self.block(chunk, record);
        let released = self.ask(|backing| {
            // SAFETY: this is the block as it was obtained and extended, and nobody uses it (this function's contract).
            unsafe { backing.release(block) };
            Ok(())
        });
        debug_assert!(released.is_ok(), "the caller made sure that the backing is not running");
    }

    /// Gives the spare chunks back to the backing: of one range, those that lie above all others. Returns whether there
    /// were any.
    pub(super) fn release_spares(&self) -> bool {
        if self.spare.head().is_none() {
            return false;
        }
        let mut chunk = self.spare.head();
        while !chunk.is_none() {
            let record = self.record(chunk);
            record.filled.set(ptr::null_mut());
            chunk = record.link.get();
        }
        self.spare.clear();
        if B::CONTIGUOUS {
            // Of one range only the top can be given back: what lies below a chunk that stays, stays.
            let mut covered = false;
            self.for_each_chunk(|chunk, record| {
                let spare = record.filled.get().is_null();
                if spare && covered {
                    self.add_spare(chunk);
                }
                covered |= !spare;
            });
        }
        let granted = self.granted.get();
        // SAFETY: the marked chunks are those that were spare, which nobody holds, and they are on that list no more.
        unsafe { self.release_if(|_, record| record.filled.get().is_null()) };
        let largest = self.largest_block();
        _ = self.ask(|backing| {
            // SAFETY: the largest block that is left has as many bytes: none, if it is 0.
            unsafe { backing.shrunk(largest) };
            Ok(())
        });
        self.granted.get() < granted
    }

    /// Keeps `chunk`, which nobody holds any more, for whoever needs one next.
    pub(super) fn add_spare(&self, chunk: ChunkId) {
        let record = self.record(chunk);
        let (base, top) = (record.base, record.top.get());
        record.filled.set(base);
        // SAFETY: nobody holds the chunk, so its bytes are free, and they are writable.
        unsafe { track::vacate(base, top) };
        self.spare.push(chunk, record);
    }

    /// Takes the first spare chunk for which `fits` holds off the list.
    pub(super) fn take_spare(&self, fits: impl Fn(ChunkId) -> bool) -> Option<ChunkId> {
        let mut before = ChunkId::NONE;
        let mut chunk = self.spare.head();
        while !chunk.is_none() {
            let record = self.record(chunk);
            if fits(chunk) {
                if before.is_none() {
                    self.spare.pop(record);
                } else {
                    self.record(before).link.set(record.link.get());
                }
                return Some(chunk);
            }
            before = chunk;
            chunk = record.link.get();
        }
        None
    }

    /// Gives the chunks for which `gone` holds back to the backing, newest first.
    ///
    /// # Safety
    ///
    /// Nobody uses such a chunk, and it is on no list but that of all chunks. The backing is not running.
    pub(super) unsafe fn release_if(&self, gone: impl Fn(ChunkId, &Chunk) -> bool) {
        let mut before = ChunkId::NONE;
        let mut chunk = self.chunks.get();
        while !chunk.is_none() {
            let record = self.record(chunk);
            let next = record.next.get();
            if gone(chunk, record) {
                if before.is_none() {
                    self.chunks.set(next);
                } else {
                    self.record(before).next.set(next);
                }
                // SAFETY: nobody uses it (this function's contract), and it was just taken off the list of all chunks.
                unsafe { self.release(chunk) };
            } else {
                before = chunk;
            }
            chunk = next;
        }
    }

    /// Gives every chunk back to the backing.
    ///
    /// # Safety
    ///
    /// Nobody uses any of the arena's memory.
    pub(super) unsafe fn release_all(&mut self) {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.release_each::<false>() };
        self.chunks.set(ChunkId::NONE);
        self.spare.clear();
        self.granted.set(0);
    }

    /// As [`release_all`](Self::release_all), of an arena that ends and, if `PLAIN`, of a backing that
    /// [remembers](Backing::remembers) nothing. Leaves the lists as they are.
    ///
    /// # Safety
    ///
    /// Nobody uses any of the arena's memory, and nobody looks at the lists any more. If `PLAIN`, the backing remembers
    /// nothing.
    #[inline(always)]
    pub(super) unsafe fn release_each<const PLAIN: bool>(&mut self) {
        let mut chunk = self.chunks.get();
        while !chunk.is_none() {
            let record = self.record(chunk);
            let next = record.next.get();
            track::unpoison(record.base, record.limit.get().addr() - record.base.addr());
            let block = self.block(chunk, record);
            let backing = self.backing_mut();
            // Not `on_unwind`: what its closure borrowed would count as escaped.
            let armed = abort::Armed;
            if PLAIN {
                // SAFETY: the block is as it was obtained and extended, nobody uses it, and the backing remembers nothing
                // (this function's contract).
                unsafe { backing.release_plain(block) };
            } else {
                // SAFETY: the block is as it was obtained and extended, and nobody uses it (this function's contract).
                unsafe { backing.release(block) };
            }
            armed.disarm();
            chunk = next;
        }
    }
}
