//! Starting over.

use super::root::{Home, Root};
use super::{Arena, Held};
use crate::addr;
use crate::backing::{Backing, Purpose};
use crate::raw::ChunkId;
use crate::track;

/// How much memory a reset keeps for the next round. Made use of by [`Arena::reset_with`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResetMode {
    /// All of it. What [`Arena::reset`] does.
    #[default]
    Retain,
    /// At most this many usable bytes.
    RetainLimit(usize),
    /// As much as recent rounds needed: what a large round leaves behind fades by a quarter a reset, and is given back
    /// once it is four times what is needed.
    Decay,
    /// No chunk. What a backing keeps for later is not counted.
    FreeAll,
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Takes back everything that was handed out, and keeps the memory for what comes next.
    ///
    /// If the round did not fit into the largest chunk, one that is as large as all together takes the place of the
    /// chunks, so that the next round of that size needs no other; or two that are each as large as the round, if a parent
    /// needed memory while a child had the rest of what there was. Values are not dropped, but for those that the arena
    /// [owns](#ends-of-life).
    ///
    /// O(chunks); after rounds of equal size no call into the backing. While chunks are put together, the largest of them
    /// and the one that takes their place are there side by side.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut arena = arenite::Arena::new();
    /// for request in ["GET /", "GET /about"] {
    ///     let copy = arena.alloc_str(request);
    ///     assert!(copy.starts_with("GET"));
    ///     arena.reset();
    /// }
    /// assert_eq!(arena.stats().used, 0);
    /// ```
    #[inline]
    pub fn reset(&mut self) {
        if self.held.ends.any() {
            return self.reset_late(ResetMode::Retain);
        }
        if !self.take_sole_back() {
            self.reset_with(ResetMode::Retain);
        }
    }

    /// Takes back everything that was handed out, and keeps as much memory as `mode` says.
    ///
    /// When memory to put chunks together is not to be had, the chunks stay as they are, or fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::ResetMode;
    ///
    /// let mut arena = arenite::Arena::new();
    /// arena.alloc([0_u8; 100_000]);
    /// arena.reset_with(ResetMode::RetainLimit(4096));
    /// assert!(arena.allocated_bytes() <= 4096);
    /// arena.reset_with(ResetMode::FreeAll);
    /// assert_eq!(arena.allocated_bytes(), 0);
    /// ```
    #[inline]
    pub fn reset_with(&mut self, mode: ResetMode) {
        if self.held.ends.any() {
            return self.reset_late(mode);
        }
        self.take_all_back(mode);
        self.cursor.look_again();
    }

    /// Resets the arena, which has entries to be ended before.
    #[cold]
    #[inline(never)]
    fn reset_late(&mut self, mode: ResetMode) {
        /// Resets the arena whether or not an entry panics.
        struct Last<'a, B: Backing, const M: usize>(&'a mut Arena<B, M>, ResetMode);

        impl<B: Backing, const M: usize> Drop for Last<'_, B, M> {
            #[inline(always)]
            fn drop(&mut self) {
                if self.1 != ResetMode::Retain || !self.0.take_sole_back() {
                    self.0.take_all_back(self.1);
                }
            }
        }

        let last = Last(self, mode);
        // SAFETY: blocks borrow the arena, so none is left in use.
        unsafe { last.0.held.ends.run() };
    }

    /// What [`reset`](Self::reset) comes to where a chunk is the only one and stays. Returns whether it is.
    #[inline]
    fn take_sole_back(&mut self) -> bool {
        let chunk = self.held.chunk.get();
        let children = self.held.children.any();
        let most_used = self.held.left.get() + self.cursor.most_used();
        let peak = self.cursor.peak();
        let Home::Root(root) = &mut self.home else { unreachable!("a child is never borrowed exclusively") };
        // A forgotten child may have written anything.
        if B::CONTIGUOUS || chunk.is_none() || chunk != root.chunks.get() || children {
            return false;
        }
        let record = root.record(chunk);
        if !record.next.get().is_none() {
            return false;
        }
        if B::FRESH_IS_ZERO {
            record.soil(peak);
        }
        let (base, top) = (record.base, record.top.get());
        record.filled.set(base);
        // SAFETY: blocks and children borrow the arena, so none is left, and the bytes are writable.
        unsafe { track::vacate(base, top) };
        // The chunk is this handle's, and stays on its list, the only one there.
        self.held.spares.clear();
        self.held.left.set(0);
        // SAFETY: the chunk is this handle's alone, so `[base, top)` is free, and it is as the invariants of chunks say.
        unsafe { self.cursor.enter(base, top) };
        let needed = root.round_peak.get().max(most_used);
        root.begin_round(needed);
        root.apart.set(0);
        root.grown.set(false);
        true
    }

    #[inline(never)]
    fn take_all_back(&mut self, mode: ResetMode) {
        let needed = self.root().round_peak.get().max(self.most_used());
        self.flush();
        self.cursor.leave();
        self.held = Held { name: self.held.name.clone(), ..Held::nothing() };
        let Home::Root(root) = &mut self.home else { unreachable!("a child is never borrowed exclusively") };
        // SAFETY: blocks and children borrow the arena, so none is left; the one handle there is holds nothing.
        unsafe { root.start_over(mode, needed) };
        // Everything is spare now; go on in the largest chunk.
        if let Some(largest) = root.largest() {
            root.take_spare(|chunk| chunk == largest);
            self.enter_chunk(largest);
        }
    }
}

impl<B, const M: usize> Root<B, M> {
    /// Counts a round that needed so many bytes at once, and begins the next one.
    #[inline]
    fn begin_round(&mut self, needed: usize) {
        self.past_peak.set(self.past_peak.get().max(needed));
        self.round_peak.set(0);
        self.wasted.set(0);
        self.generation += 1;
        self.decayed = needed.max(self.decayed - self.decayed / 4);
    }
}

impl<B: Backing, const M: usize> Root<B, M> {
    /// Makes every chunk spare, puts them together if that is of use, and gives back what `mode` does not keep.
    ///
    /// `needed` is the most bytes that were in use at once since the last time.
    ///
    /// # Safety
    ///
    /// Nobody uses any of the arena's memory, and no handle holds a chunk.
    unsafe fn start_over(&mut self, mode: ResetMode, needed: usize) {
        self.begin_round(needed);
        self.spare.clear();
        let granted = self.granted.get();
        let most = match mode {
            ResetMode::Retain => usize::MAX,
            ResetMode::RetainLimit(bytes) => bytes,
            // Parents and children that need memory at the same time take several times what is in use.
            ResetMode::Decay if granted / 4 > self.decayed => self.decayed,
            ResetMode::Decay => usize::MAX,
            ResetMode::FreeAll => 0,
        };
        // The rest would be of no use.
        let keep = addr::align_down(most.min(granted), M);
        let apart = self.apart.replace(0) > 0;
        if B::CONTIGUOUS {
            // SAFETY: nobody uses a chunk (this function's contract), the spare list is empty, and the backing is not
            // running, or there would be no `&mut self`.
            unsafe { self.keep_first(keep) };
        } else {
            // SAFETY: nobody uses a chunk (this function's contract), the spare list is empty, and the backing is not running, or
            // there would be no `&mut self`.
            unsafe { self.keep_together(keep, needed, apart && needed <= most.min(self.limit.get()) / 2) };
            // By the round; what was obtained just now is for the next one.
            self.grown.set(false);
        }
        let largest = self.largest_block();
        // SAFETY: the largest block that is left has as many bytes: none, if it is 0.
        unsafe { self.backing_mut().shrunk(largest) };
        // What came back before, when a limit was in the way, is kept no longer than what came back just now.
        let most_idle = match mode {
            ResetMode::Retain => usize::MAX,
            ResetMode::Decay => self.decayed.saturating_mul(4),
            ResetMode::RetainLimit(_) | ResetMode::FreeAll => most - keep,
        };
        if keep < granted || self.backing_mut().idle() > most_idle {
            self.backing_mut().trim();
        }
        self.for_each_chunk(|chunk, _| self.add_spare(chunk));
    }

    /// Of one range: keeps the first chunk, above which the range is free then.
    ///
    /// # Safety
    ///
    /// As for [`release_if`](Self::release_if), for every chunk.
    unsafe fn keep_first(&mut self, keep: usize) {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.release_if(|chunk, _| chunk != ChunkId::FIRST || keep == 0) };
        if self.granted.get() > 0 {
            // Also where all of it stays: the backing learns that there is nothing above.
            let bytes = keep.min(self.granted.get());
            // SAFETY: all other chunks were released, so this one has all that is granted; nobody uses any chunk (this
            // function's contract).
            unsafe { self.shorten_first(bytes) };
        }
    }

    /// Of chunks: keeps `keep` bytes, in one chunk if the largest did not suffice or if all are too much. If the round
    /// needed chunks `apart`, puts two in their place, each of which holds what was needed: one for children, one for their
    /// parents.
    ///
    /// # Safety
    ///
    /// As for [`release_if`](Self::release_if), for every chunk.
    unsafe fn keep_together(&mut self, keep: usize, needed: usize, apart: bool) {
        let within = self.granted.get() <= keep;
        // What served this round without a call serves the next one: where scopes need chunks side by side, a round needs
        // more than the largest has, by a little, again and again.
        if within && !self.grown.get() {
            return;
        }
        let largest = self.largest();
        let largest_bytes = largest.map_or(0, |chunk| self.record(chunk).usable());
        let alone = largest == Some(self.chunks.get()) && self.record(self.chunks.get()).next.get().is_none();
        if (within && needed <= largest_bytes) || (alone && largest_bytes <= keep) {
            return;
        }
        if apart && self.granted.get() <= keep {
            // SAFETY: the caller's promise is the callee's.
            unsafe { self.release_if(|_, _| true) };
            if self.obtain(needed, Purpose::Exact).is_ok() {
                // Without the second one, the next round does what this one did.
                _ = self.obtain(needed, Purpose::Exact);
            }
            return;
        }
        // In reserved memory nothing stays: what stayed above others would keep what is free below from being one with the
        // rest. One chunk from the bottom takes their place, and finds their pages as warm as they were.
        let stays = |chunk: ChunkId| Some(chunk) == largest && largest_bytes <= keep && !B::GROWS_IN_PLACE;
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.release_if(|chunk, _| !stays(chunk)) };
        if self.granted.get() >= keep {
            return;
        }
        // For a moment both are there; afterwards it is no more than it was.
        let limit = self.limit.replace(self.granted.get() + keep);
        let obtained = self.obtain(keep, Purpose::Exact);
        self.limit.set(limit);
        if obtained.is_ok() {
            // SAFETY: nobody uses a chunk (this function's contract). What is released is what was kept until now, `largest`; the chunk
            // just obtained is another one.
            unsafe { self.release_if(|chunk, _| stays(chunk)) };
        }
    }
}
