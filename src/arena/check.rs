//! What zeal builds check after every step.

use super::Arena;
use crate::backing::Backing;
use crate::raw::{ChunkId, check};

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Walks everything that this handle and its arena hold, and panics at the first thing that is not as it must be.
    pub(super) fn check(&self) {
        check::stretches(&self.cursor, &self.held.spares);
        let root = self.root();
        let within = |chunk: ChunkId, start: *mut u8, end: *mut u8| {
            let record = root.record(chunk);
            record.base <= start && end <= record.top.get()
        };
        let chunk = self.held.chunk.get();
        if !chunk.is_none() {
            assert!(within(chunk, self.cursor.start(), self.cursor.end()), "the window is not in its chunk");
        }
        let (mut granted, mut all) = (0, 0);
        root.for_each_chunk(|chunk, record| {
            let (base, top, limit) = (record.base, record.top.get(), record.limit.get());
            assert!(base <= top && top <= limit, "a chunk out of order: {base:p} {top:p} {limit:p}");
            assert!(within(chunk, base, record.filled.get()), "a chunk was left at a place outside of it");
            granted += record.usable();
            all += 1;
        });
        assert_eq!(granted, root.granted.get(), "what was granted is not what the chunks have");
        let count = |mut chunk: ChunkId| {
            let mut count = 0;
            while !chunk.is_none() {
                count += 1;
                chunk = root.record(chunk).link.get();
            }
            count
        };
        assert!(count(self.held.own.head()) + count(root.spare.head()) <= all, "a chunk is on two lists");
    }
}
