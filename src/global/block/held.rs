//! What whoever has the token of a block may do.

use super::super::line::{self, BLOCK, LINE, LINES};
use super::{BIAS, Block, FREE, FreedTwice, NOBODY, ORPHAN, THRESHOLD, count};
use crate::sync::atomic::Ordering;

/// The token of a block.
///
/// Neither `Clone` nor `Copy`: to make one is `unsafe`.
pub struct Held<'t>(&'t Block);

impl core::fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Held").field(&self.0).finish()
    }
}

/// What became of a block that its region let go.
pub(crate) enum Left<'t> {
    /// Nothing of it is in use.
    Empty(Held<'t>),
    /// It may have room.
    Partly(Held<'t>),
    /// It is all but full. Its count has the token.
    Full,
}

impl<'t> Held<'t> {
    /// # Safety
    ///
    /// The token of the block is the caller's, and no other [`Held`] for it is in use.
    #[inline(always)]
    pub(crate) unsafe fn assume(block: &'t Block) -> Self {
        Held(block)
    }

    #[inline(always)]
    pub(crate) fn block(&self) -> &'t Block {
        self.0
    }

    pub(crate) fn prev(&self) -> u32 {
        // SAFETY: the token is ours, by type, and with it all plain fields: no other thread touches that meanwhile.
        unsafe { self.0.prev.get() }
    }

    pub(crate) fn set_prev(&self, prev: u32) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.prev.set(prev) };
    }

    #[inline(always)]
    fn live(&self) -> i32 {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.live.get() }
    }

    #[inline(always)]
    fn set_live(&self, live: i32) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.live.set(live) };
    }

    pub(crate) fn is_dirty(&self) -> bool {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.dirty.get() }
    }

    pub(crate) fn set_dirty(&self, dirty: bool) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.dirty.set(dirty) };
    }

    fn set_passed_on(&self, passed_on: bool) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.passed_on.set(passed_on) };
    }

    pub(crate) fn set_barren(&self, barren: bool) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.barren.set(barren) };
    }

    #[inline(always)]
    fn unfreed(&self, line: usize) -> i16 {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.unfreed[line].get() }
    }

    #[inline(always)]
    fn set_unfreed(&self, line: usize, bytes: i16) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.unfreed[line].set(bytes) };
    }

    /// Counts bytes as freed by the holder, and says how many it has handed out and not freed: zero if the block is empty.
    pub(crate) fn free(&self, offset: usize, bytes: usize) -> Result<i32, FreedTwice> {
        if offset + bytes > BLOCK {
            return Err(FreedTwice);
        }
        let mut unfreed = 0;
        line::split(offset, bytes, |line, part| unfreed |= self.free_of(line, part.into()));
        self.finish_free(bytes, unfreed)
    }

    /// As [`free`](Held::free), of bytes in one line.
    #[inline(always)]
    pub(crate) fn free_in_line(&self, offset: usize, bytes: usize) -> Result<i32, FreedTwice> {
        let unfreed = self.free_of(line::first(offset) % LINES, bytes);
        self.finish_free(bytes, unfreed)
    }

    /// As [`free`](Held::free), of [`SHORT`](line::SHORT) bytes at most. In how many lines they lie is not to be foreseen, so
    /// there is no branch: three lines are counted in, and nothing in those that the bytes do not reach.
    #[inline(always)]
    pub(crate) fn free_short(&self, offset: usize, bytes: usize) -> Result<i32, FreedTwice> {
        let line = line::first(offset) % LINES;
        let [first, second, third] = line::thirds(offset, bytes);
        let unfreed =
            self.free_of(line, first) | self.free_of(line + 1, second) | self.free_of(line + 2, third);
        self.finish_free(bytes, unfreed)
    }

    /// Counts bytes of a line as freed by the holder, and says how many are not: below zero, they were too many.
    #[inline(always)]
    fn free_of(&self, line: usize, bytes: usize) -> i16 {
        let unfreed = self.unfreed(line).wrapping_sub(bytes as i16);
        self.set_unfreed(line, unfreed);
        unfreed
    }

    /// The end of a free, once its lines are counted: of `unfreed`, the sign alone matters. It is that of any line of which too
    /// much was freed.
    #[inline(always)]
    fn finish_free(&self, bytes: usize, unfreed: i16) -> Result<i32, FreedTwice> {
        let live = self.live() - bytes as i32;
        self.set_live(live);
        if (i32::from(unfreed) | live) < 0 { Err(FreedTwice) } else { Ok(live) }
    }

    #[inline(always)]
    pub(crate) fn wake(&self) -> i32 {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.wake.get() }
    }

    /// Has the region look at the block again once it has freed one part in `parts` of what is handed out now; when it is
    /// empty, in any case.
    pub(crate) fn wake_after(&self, parts: i32) {
        let live = self.live();
        // SAFETY: the token is ours, by type.
        unsafe { self.0.wake.set(live - (live / parts).max(1).min(live)) };
    }

    /// Has the region look at the block again when it is empty.
    pub(crate) fn wake_when_empty(&self) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.wake.set(0) };
    }

    fn adopted(&self) -> i32 {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.adopted.get() as i32 }
    }

    fn set_adopted(&self, bytes: usize) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.adopted.set(bytes as u32) };
    }

    /// Bytes that the region has handed out and not freed itself: what others freed since the last fold counts still. Negative if it freed
    /// what an earlier one had left behind.
    pub(crate) fn handed_out(&self) -> isize {
        (self.live() - self.adopted()) as isize
    }

    /// Bytes in use that the region has handed out itself.
    pub(crate) fn in_use_by_region(&self) -> usize {
        if !self.is_adopted() {
            return self.in_use();
        }
        self.opened_lines().map(|line| self.in_use_of(line)).sum()
    }

    /// Whether the region has the block from others, who left something in it.
    pub(crate) fn is_adopted(&self) -> bool {
        // SAFETY: the token is ours, by type.
        let opened = unsafe { self.0.opened.get() };
        opened != u64::MAX
    }

    fn opened_lines(&self) -> impl Iterator<Item = usize> + use<'t> {
        // SAFETY: the token is ours, by type.
        let opened = unsafe { self.0.opened.get() };
        (0..LINES).filter(move |line| opened >> line & 1 == 1)
    }

    /// Whether the region has opened the line: what is in use of it is its own.
    #[cfg_attr(loom, allow(dead_code, reason = "the model draws no pictures"))]
    pub(crate) fn is_opened(&self, line: usize) -> bool {
        // SAFETY: the token is ours, by type.
        let opened = unsafe { self.0.opened.get() };
        opened >> line & 1 == 1
    }

    /// Bytes of the line that are in use, or being freed, or in a window.
    pub(crate) fn in_use_of(&self, line: usize) -> usize {
        let others = self.0.others[line].load(Ordering::Acquire);
        usize::try_from(i32::from(self.unfreed(line)) - i32::from(others)).unwrap_or(0)
    }

    /// Counts everything as freed that the region has handed out. Whether the block is empty then.
    ///
    /// # Safety
    ///
    /// None of that is in use, or being freed, or will be freed.
    pub(crate) unsafe fn reclaim(&self) -> bool {
        for line in self.opened_lines() {
            let bytes = self.in_use_of(line);
            self.set_unfreed(line, self.unfreed(line) - bytes as i16);
            self.set_live(self.live() - bytes as i32);
        }
        self.in_use() == 0
    }

    /// Bytes in use. If there are none, none is being freed either.
    pub(crate) fn in_use(&self) -> usize {
        let word = self.0.word.load(Ordering::Acquire);
        (i64::from(self.live()) + count(word)).max(0) as usize
    }

    /// Takes what others have freed from `live`, or the count would sink without end while holes of a block are opened again
    /// and again. Returns how much of that the region had handed out, as far as one can tell: others are likely to free
    /// what others left.
    pub(crate) fn fold(&self) -> isize {
        let before = self.handed_out();
        let freed = (-count(self.0.word.load(Ordering::Acquire))).max(0) as i32;
        if freed > 0 {
            self.0.word.fetch_add(freed as u64, Ordering::AcqRel);
            self.set_live(self.live() - freed);
            self.set_adopted((self.adopted() - freed).max(0) as usize);
            // The count does not tell any more.
            self.set_passed_on(true);
        }
        before - self.handed_out()
    }

    /// As [`fold`](Held::fold), and exact.
    pub(crate) fn settle(&self) -> isize {
        let before = self.handed_out();
        self.fold();
        let own = self.in_use_by_region() as i32;
        self.set_adopted((self.live() - own).max(0) as usize);
        before - self.handed_out()
    }

    /// Makes an empty block a new one.
    pub(crate) fn clear(&self) {
        debug_assert_eq!(self.in_use(), 0);
        // SAFETY: the token is ours, by type.
        let passed_on = unsafe { self.0.passed_on.get() };
        if passed_on || count(self.0.word.load(Ordering::Relaxed)) != 0 {
            // Nobody frees anything here any more, and the next who does learns of the block from us.
            self.0.word.store(BIAS, Ordering::Relaxed);
            self.0.others.iter().for_each(|bytes| bytes.store(0, Ordering::Relaxed));
            self.set_passed_on(false);
        }
        (0..LINES).for_each(|line| self.set_unfreed(line, LINE as i16));
        self.set_live(0);
        self.set_adopted(0);
        self.set_barren(false);
    }

    /// Whether nothing in a line is in use.
    #[cfg(feature = "escapes")]
    pub(crate) fn is_line_free(&self, line: usize) -> bool {
        self.in_use_of(line) == 0
    }

    /// The lines that are free, a bit each. They stay so until they are opened.
    pub(crate) fn free_lines(&self) -> u64 {
        // SAFETY: the token is ours, by type.
        let passed_on = unsafe { self.0.passed_on.get() };
        let of = |line: usize, others: u16| u64::from(self.unfreed(line) as u16 == others) << line;
        if !passed_on && count(self.0.word.load(Ordering::Relaxed)) == 0 {
            // What others may be freeing at this moment does not count yet.
            return (0..LINES).map(|line| of(line, 0)).sum();
        }
        // What others wrote there happens before we hand it out again.
        (0..LINES).map(|line| of(line, self.0.others[line].load(Ordering::Acquire))).sum()
    }

    /// The first hole, from line `from` on, with room for `bytes` bytes: offsets of its start and end. For the model.
    #[cfg(loom)]
    pub(crate) fn hole(&self, from: usize, bytes: usize) -> Option<(usize, usize)> {
        line::hole(self.free_lines() & !line::run(0, from), bytes)
    }

    /// Makes a block new of which nothing is in use but its window, with room for `room` bytes. Whether that is so.
    pub(crate) fn vacate(&self, room: usize) -> bool {
        if self.in_use() != room {
            return false;
        }
        self.fold();
        self.set_live(0);
        self.clear();
        true
    }

    /// Takes `[start, end)` for handing out: whole lines that are free, or a block that is clear.
    pub(crate) fn open(&self, start: usize, end: usize) {
        let (first, after) = (start / LINE, end / LINE);
        for line in first..after {
            self.set_unfreed(line, LINE as i16);
            self.0.others[line].store(0, Ordering::Relaxed);
        }
        // SAFETY: the token is ours, by type.
        let opened = unsafe { self.0.opened.get() };
        self.set_opened(opened | line::run(first, after));
        self.set_live(self.live() + (end - start) as i32);
    }

    fn set_opened(&self, lines: u64) {
        // SAFETY: the token is ours, by type.
        unsafe { self.0.opened.set(lines) };
    }

    /// Makes a clear block the region's, and takes all of it for handing out.
    pub(crate) fn open_all(&self, core: usize) {
        self.0.owner.store(core, Ordering::Relaxed);
        self.set_live(self.live() + BLOCK as i32);
        self.set_opened(u64::MAX);
    }

    /// Makes a block off a list the region's. Says how many of its bytes are in use; if none, it is as good as clear.
    pub(crate) fn adopt(&self, core: usize) -> usize {
        let old = self.0.word.swap(BIAS, Ordering::AcqRel);
        let in_use = count(old).max(0);
        self.set_live(in_use as i32);
        self.set_adopted(in_use as usize);
        self.set_opened(0);
        self.0.owner.store(core, Ordering::Relaxed);
        in_use as usize
    }

    /// Lets go of a block of the region's, all windows closed.
    pub(crate) fn orphan(self) -> Left<'t> {
        // Before the count can give the token to somebody else.
        self.0.owner.store(NOBODY, Ordering::Relaxed);
        // SAFETY: the token is ours, by type.
        let barren = unsafe { self.0.barren.get() };
        // Where too little was found, a free must bring one before the next may look; or it would go round for ever.
        let threshold = if barren { self.in_use() / 2 } else { BLOCK - LINE };
        self.set_passed_on(true);
        let live = self.live();
        // Not a reference into what may be gone: the sum is made before.
        let sum = ORPHAN + ((threshold as u64) << THRESHOLD) + live as u64;
        let old = self.0.word.fetch_add(sum, Ordering::AcqRel);
        let in_use = count(old) + i64::from(live);
        if in_use > threshold as i64 {
            return Left::Full;
        }
        if in_use > 0 {
            return Left::Partly(self);
        }
        self.clear_orphan();
        Left::Empty(self)
    }

    /// Makes a block new that nobody owns and nobody uses.
    fn clear_orphan(&self) {
        self.0.word.store(BIAS, Ordering::Relaxed);
        self.set_live(0);
        self.clear();
    }

    /// Of a block off a list: makes it new if nothing in it is in use.
    pub(crate) fn clear_if_empty(&self) -> bool {
        let word = self.0.word.load(Ordering::Acquire);
        if count(word) != 0 {
            return false;
        }
        self.clear_orphan();
        true
    }

    /// Gives a clear block up. It goes on the list of those next.
    pub(crate) fn set_free(&self) {
        self.0.owner.store(FREE, Ordering::Relaxed);
    }
}
