//! What zeal builds check after every step.

use core::iter;

use super::Arena;
use super::root::Home;
use crate::backing::Backing;
use crate::raw::{ChunkId, check};

fn some(chunk: ChunkId) -> Option<ChunkId> {
    (!chunk.is_none()).then_some(chunk)
}

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
        self.held.ends.for_each(|entry| {
            let mut found = false;
            root.for_each_chunk(|_, record| found |= record.base <= entry && entry < record.top.get());
            assert!(found, "an entry to be ended lies in no chunk");
        });
        let count = |mut chunk: ChunkId| {
            let mut count = 0;
            while !chunk.is_none() {
                count += 1;
                chunk = root.record(chunk).link.get();
            }
            count
        };
        assert!(count(self.held.own.head()) + count(root.spare.head()) <= all, "a chunk is on two lists");
        if all <= 32 {
            self.check_apart();
        }
    }

    /// What this handle holds, what its parents hold, and what nobody holds lie apart. Takes the square of their number.
    fn check_apart(&self) {
        let root = self.root();
        let spares =
            || iter::successors(some(root.spare.head()), |&chunk| some(root.record(chunk).link.get()));
        let own =
            || iter::successors(some(self.held.own.head()), |&chunk| some(root.record(chunk).link.get()));
        assert!(own().all(|chunk| spares().all(|spare| spare != chunk)), "a chunk is held and spare");
        let whole = |chunk: ChunkId| {
            let record = root.record(chunk);
            (record.base, record.limit.get())
        };
        root.for_each_chunk(|chunk, _| {
            root.for_each_chunk(|other, _| {
                assert!(chunk == other || check::apart(whole(chunk), whole(other)), "chunks overlap");
            });
        });
        let window = (self.cursor.start(), self.cursor.end());
        let mut handle = self;
        loop {
            let other = (handle.cursor.start(), handle.cursor.end());
            assert!(
                spares().all(|spare| check::apart(other, whole(spare))),
                "a window lies in a spare chunk"
            );
            handle.held.spares.for_each(|start, end| {
                assert!(
                    spares().all(|spare| check::apart((start, end), whole(spare))),
                    "a stretch in a spare chunk"
                );
                assert!(check::apart((start, end), window), "a parent's stretch in a child's window");
            });
            let Home::Child { parent, .. } = handle.home else { return };
            // SAFETY: a child borrows its parent for as long as it lives.
            handle = unsafe { &*parent };
            let parents = (handle.cursor.start(), handle.cursor.end());
            assert!(check::apart(window, parents), "a child's window overlaps that of a parent");
            self.held.spares.for_each(|start, end| {
                assert!(check::apart((start, end), parents), "a child's stretch in a parent's window");
            });
        }
    }
}
