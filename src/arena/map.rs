//! What lies where in an arena.
//!
//! Nobody writes down which windows a handle has left, nor what its children have. But what a handle knows leaves little
//! else: outside of its window and of the stretches that it keeps, everything in its chunks is either what it handed out
//! from windows that it left, of which it knows how many bytes that are; or out of its reach.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::Arena;
use super::root::Home;
use crate::backing::Backing;
use crate::map::{Map, Use};
use crate::raw::{ChunkId, SpareList};

/// A chunk, as far as a picture needs it; addresses.
struct Picture {
    /// How many chunks are newer.
    age: usize,
    block_start: usize,
    base: usize,
    filled: usize,
    top: usize,
    limit: usize,
    holder: Holder,
}

#[derive(Clone, Copy, PartialEq)]
enum Holder {
    /// This handle, or one of its parents.
    Us,
    Nobody,
    Others,
}

#[derive(Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    kind: Use,
}

/// A stretch of a chunk of ours of which only that is known: up to `used` it was handed out, by whomever.
struct Run {
    /// How many chunks are newer.
    age: usize,
    start: usize,
    used: usize,
    end: usize,
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// What lies where: of each chunk, what was handed out, is free, is lent to children, kept for later or wasted.
    ///
    /// Sums agree with [`stats`](Self::stats), places with what the cursors hold. From inside of a scope more is seen, as a
    /// parent does not know what its children do. Only while several chunks have their tails with children that have outgrown
    /// them, which of these chunks has how much of this arena's own is a guess (their sum is not).
    ///
    /// O(n log n) for n chunks and stretches that are kept. It allocates from the global allocator, and costs the
    /// allocation paths nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::map::Use;
    /// use arenite::{Arena, Buffer, Fixed};
    ///
    /// let mut buffer = Buffer::<4096>::new();
    /// let arena = Arena::new_in(Fixed::from(&mut buffer));
    /// arena.alloc([0_u8; 1000]);
    /// let map = arena.map();
    /// assert_eq!(map.bytes(Use::Used), arena.stats().used);
    /// assert_eq!(map.bytes(Use::Used) + map.bytes(Use::Free) + map.reserved_beyond(), 4096);
    /// println!("{map}");
    /// ```
    pub fn map(&self) -> Map {
        let root = self.root();
        let mut map = Map::new("arena", root.query(B::name).unwrap_or(B::NAME), "chunk");
        let (mut chunks, mut pieces, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        // Nothing is allocated while lists are walked: the global allocator may be a program's own, which uses this arena.
        loop {
            let (all, known) = self.counts();
            let most = 3 * known + 5 * all;
            let mut enough = map.reserve(all, most);
            enough &=
                has_room(&mut chunks, all) & has_room(&mut pieces, most) & has_room(&mut runs, all + known);
            if enough {
                break;
            }
        }
        self.look_at_chunks(&mut chunks);
        self.look_at_handles(&mut pieces);
        find_runs(&chunks, &pieces, &mut runs);
        let mut left = 0;
        self.for_each_handle(|handle| left += handle.held.left.get());
        let found: usize = runs.iter().map(|run| run.used - run.start).sum();
        self.settle(&mut runs, found.saturating_sub(left));
        for run in &runs {
            // As long as that, it would have been kept.
            let short = run.end - run.used < SpareList::SHORTEST;
            let rest = if short { Use::Wasted } else { Use::Lent };
            pieces.push(Piece { start: run.start, end: run.used, kind: Use::Used });
            pieces.push(Piece { start: run.used, end: run.end, kind: rest });
        }
        for chunk in &chunks {
            let all_of_it = match chunk.holder {
                Holder::Us => None,
                Holder::Nobody => Some(Use::Spare),
                Holder::Others => Some(Use::Lent),
            };
            pieces.extend(all_of_it.map(|kind| Piece { start: chunk.base, end: chunk.top, kind }));
            pieces.push(Piece { start: chunk.block_start, end: chunk.base, kind: Use::Record });
            pieces.push(Piece { start: chunk.top, end: chunk.limit, kind: Use::Withheld });
        }
        pieces.retain(|piece| piece.start < piece.end);
        pieces.sort_unstable_by_key(|piece| piece.start);
        let mut obtained = 0;
        chunks.sort_unstable_by_key(|chunk| Reverse(chunk.age));
        for chunk in &chunks {
            obtained += chunk.limit - chunk.block_start;
            let first = pieces.partition_point(|piece| piece.start < chunk.block_start);
            for piece in pieces[first..].iter().take_while(|piece| piece.start < chunk.limit) {
                let len = piece.end - piece.start;
                map.push(piece.start, len, if piece.kind == Use::Used { len } else { 0 }, piece.kind);
            }
            map.end_area();
        }
        map.finish(root.query(B::reserved).flatten().unwrap_or(obtained).saturating_sub(obtained), 0)
    }

    /// This handle and its parents.
    fn for_each_handle(&self, mut visit: impl FnMut(&Self)) {
        let mut handle = self;
        visit(handle);
        while let Home::Child { parent, .. } = handle.home {
            // SAFETY: a child borrows its parent for as long as it lives.
            handle = unsafe { &*parent };
            visit(handle);
        }
    }

    /// How many chunks there are, and pieces of which handles know: windows, in two parts, and stretches.
    fn counts(&self) -> (usize, usize) {
        let (mut chunks, mut known) = (0, 0);
        self.root().for_each_chunk(|_, _| chunks += 1);
        self.for_each_handle(|handle| {
            known += 2;
            handle.held.spares.for_each(|_, _| known += 1);
        });
        (chunks, known)
    }

    /// All chunks, by address.
    fn look_at_chunks(&self, chunks: &mut Vec<Picture>) {
        let root = self.root();
        root.for_each_chunk(|chunk, record| {
            let limit = record.limit.get().addr();
            chunks.push(Picture {
                age: chunks.len(),
                block_start: limit - root.block_len(chunk, record),
                base: record.base.addr(),
                filled: record.filled.get().addr(),
                top: record.top.get().addr(),
                limit,
                holder: Holder::Others,
            });
        });
        chunks.sort_unstable_by_key(|chunk| chunk.base);
        let mut mark = |mut chunk: ChunkId, holder: Holder| {
            while !chunk.is_none() {
                let record = root.record(chunk);
                if let Ok(at) = chunks.binary_search_by_key(&record.base.addr(), |chunk| chunk.base) {
                    chunks[at].holder = holder;
                }
                chunk = record.link.get();
            }
        };
        mark(root.spare.head(), Holder::Nobody);
        self.for_each_handle(|handle| mark(handle.held.own.head(), Holder::Us));
    }

    /// What the handles know: their windows, and the stretches that they keep. By address.
    fn look_at_handles(&self, pieces: &mut Vec<Piece>) {
        self.for_each_handle(|handle| {
            let cursor = &handle.cursor;
            let (start, pos, end) = (cursor.start().addr(), cursor.pos().addr(), cursor.end().addr());
            pieces.push(Piece { start, end: pos, kind: Use::Used });
            pieces.push(Piece { start: pos, end, kind: Use::Free });
            handle.held.spares.for_each(|start, end| {
                pieces.push(Piece { start: start.addr(), end: end.addr(), kind: Use::Spare });
            });
        });
        pieces.retain(|piece| piece.start < piece.end);
        pieces.sort_unstable_by_key(|piece| piece.start);
    }

    /// Takes `excess` bytes, which were found to be filled and which this handle and its parents have not handed out, from
    /// the ends of runs: first from what lies right above the window of this handle, which can hardly be but lent; then
    /// from newer chunks before older ones, as a window is mostly left because a child has the rest of it.
    fn settle(&self, runs: &mut [Run], mut excess: usize) {
        let window_end = self.cursor.end().addr();
        runs.sort_unstable_by_key(|run| (run.start != window_end, run.age, Reverse(run.start)));
        for run in runs {
            let cut = excess.min(run.used - run.start);
            run.used -= cut;
            excess -= cut;
        }
    }
}

/// What lies between the pieces in the chunks that are ours.
fn find_runs(chunks: &[Picture], pieces: &[Piece], runs: &mut Vec<Run>) {
    for chunk in chunks.iter().filter(|chunk| chunk.holder == Holder::Us) {
        let mut run = |start: usize, end: usize| {
            if start < end {
                runs.push(Run { age: chunk.age, start, used: chunk.filled.clamp(start, end), end });
            }
        };
        let mut at = chunk.base;
        let first = pieces.partition_point(|piece| piece.start < chunk.base);
        for piece in pieces[first..].iter().take_while(|piece| piece.start < chunk.top) {
            run(at, piece.start);
            at = piece.end;
        }
        run(at, chunk.top);
    }
}

/// Makes room for so many. Whether there was.
fn has_room<T>(list: &mut Vec<T>, count: usize) -> bool {
    let enough = list.capacity() >= count;
    list.reserve(count);
    enough
}
