//! One block of the territory: what of it has been freed, by whom, and who may hand out the rest.
//!
//! The right to hand memory out of a block, its *token*, is a [`Held`]. Exactly one of these has it: a region, a list, a
//! thread in between, or the count in `word` itself. Everything that is plain belongs to whoever has the token; everything
//! that is atomic may be touched by any thread that frees. ARCHITECTURE.md tells the whole story.
//!
//! `tests/loom` checks this file by itself.

use super::line::{self, BLOCK, LINE, LINES};
use crate::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::sync::cell::Plain;

mod held;

pub(crate) use held::{Held, Left};

/// Stands for no region in [`Block::owner`]: the block is on a list, or its count has the token.
const NOBODY: usize = 1;
/// Stands for no region either: nothing in the block is in use.
const FREE: usize = 2;

/// What a count of zero looks like in `word`, so that it can become negative.
const BIAS: u64 = 1 << 31;
const THRESHOLD: u32 = 32;
/// The count is of everything in use, not just of what others freed.
const ORPHAN: u64 = 1 << 48;

/// More of a block was freed than it handed out.
#[derive(Debug)]
pub(crate) struct FreedTwice;

/// What the table of the territory has for each block.
///
/// # Invariants
///
/// * Bytes: while a region owns the block, `live` + count = bytes that are handed out and not yet completely freed, and
///   the count is at most zero; open windows count as handed out. While none does, the count alone is that.
/// * Lines: a line is free if `others` of it is all that is `unfreed`. Then nobody touches `others` until it is opened again.
/// * In flight: a free by somebody else writes its lines first and `word` last, so as long as one is under way the block
///   is not empty for anybody.
#[repr(C, align(64))]
pub struct Block {
    /// The region's core, as an address that is only ever compared; or `NOBODY`, or `FREE`.
    owner: AtomicUsize,
    /// The count, biased, in the low half; above it the threshold at which an orphan goes on a list, and `ORPHAN`.
    word: AtomicU64,
    /// Where the block is. Never changes, nor does `index`.
    start: Plain<*mut u8>,
    /// The next in a list.
    pub(crate) next: AtomicU32,
    index: Plain<u32>,
    /// The one before in the ring of a region.
    prev: Plain<u32>,
    /// Bytes handed out, less those that the holder freed, and those that others freed until the count was last folded.
    live: Plain<i32>,
    /// When no more than this is handed out, the region is to look at the block again.
    wake: Plain<i32>,
    /// Bytes that were in use already when the holder adopted the block, less what others freed until the count was last folded.
    adopted: Plain<u32>,
    /// The lines that the region has opened, a bit each: all that is in use of these is its own.
    opened: Plain<u64>,
    /// Whether something may have been written to the block.
    dirty: Plain<bool>,
    /// Whether `others` may have something although the count is zero: it was folded, or another region had the block.
    passed_on: Plain<bool>,
    /// Whether the last who looked for holes found too little to be worth taking.
    barren: Plain<bool>,
    /// Bytes of each line that the holder has not freed. Two lines more than there are, which have none: what lies in one
    /// line is counted as what lies in three.
    unfreed: [Plain<i16>; LINES + 2],
    /// Bytes of each line that others freed.
    others: [AtomicU16; LINES],
}

// SAFETY: what is plain is used by whoever has the token alone, and the token goes from thread to thread by `word` or by a
// stack, acquired after released. `start` is a number to this file.
unsafe impl Sync for Block {}
// SAFETY: as for `Sync`: no part of it is bound to a thread.
unsafe impl Send for Block {}

impl core::fmt::Debug for Block {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Block").field("index", &self.index()).finish_non_exhaustive()
    }
}

fn count(word: u64) -> i64 {
    i64::from(word as u32) - BIAS as i64
}

impl Block {
    /// A block that is nobody's, never touched, at `start`.
    pub(crate) fn new(start: *mut u8, index: u32) -> Self {
        Block {
            owner: AtomicUsize::new(FREE),
            word: AtomicU64::new(BIAS),
            start: Plain::new(start),
            next: AtomicU32::new(super::stack::NONE),
            index: Plain::new(index),
            prev: Plain::new(super::stack::NONE),
            live: Plain::new(0),
            wake: Plain::new(0),
            adopted: Plain::new(0),
            opened: Plain::new(0),
            dirty: Plain::new(false),
            passed_on: Plain::new(false),
            barren: Plain::new(false),
            unfreed: core::array::from_fn(|line| Plain::new(if line < LINES { LINE as i16 } else { 0 })),
            others: core::array::from_fn(|_| AtomicU16::new(0)),
        }
    }

    /// Makes a block of one that is all zeroes, as [`new`](Block::new) does.
    ///
    /// # Safety
    ///
    /// Nobody else uses it, but for its statistics.
    #[cfg_attr(loom, allow(dead_code, reason = "there, nothing is made of zeroes"))]
    pub(crate) unsafe fn begin(&self, start: *mut u8, index: u32) {
        // SAFETY: nobody else uses the block (this function's contract).
        unsafe { self.start.set(start) };
        // SAFETY: nobody else uses the block (this function's contract).
        unsafe { self.index.set(index) };
        for line in &self.unfreed[..LINES] {
            // SAFETY: nobody else uses the block (this function's contract).
            unsafe { line.set(LINE as i16) };
        }
        self.word.store(BIAS, Ordering::Relaxed);
        self.owner.store(FREE, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn start(&self) -> *mut u8 {
        // SAFETY: never changes once others know the block.
        unsafe { self.start.get() }
    }

    pub(crate) fn index(&self) -> u32 {
        // SAFETY: never changes once others know the block.
        unsafe { self.index.get() }
    }

    /// Bytes between the start of the block and `address`, which lies in it.
    #[inline(always)]
    pub(crate) fn offset(&self, address: *mut u8) -> usize {
        address.addr() - self.start().addr()
    }

    /// The byte at `address`, which lies in it, with the provenance of the whole block.
    #[cfg_attr(loom, allow(dead_code, reason = "the model touches no bytes"))]
    #[inline(always)]
    pub(crate) fn own(&self, address: *mut u8) -> *mut u8 {
        self.start().with_addr(address.addr())
    }

    /// Whether the region whose core is at this address owns the block. Exact for the region that the thread is in, since
    /// only that thread makes a block the region's or takes it away.
    #[inline(always)]
    pub(crate) fn is_of(&self, core: usize) -> bool {
        self.owner.load(Ordering::Relaxed) == core
    }

    /// Whether nothing in it is in use, and no region has it. For statistics, and to find mistakes.
    pub(crate) fn is_free(&self) -> bool {
        self.is_of(FREE)
    }

    /// Bytes in use of a block that no region owns. For statistics.
    pub(crate) fn left_behind(&self) -> usize {
        let word = self.word.load(Ordering::Relaxed);
        if word & ORPHAN == 0 { 0 } else { count(word).max(0) as usize }
    }

    /// Counts bytes as freed by somebody who does not own the block. Whoever is given the token must put it on a list;
    /// otherwise nothing of the block may be touched any more.
    pub(crate) fn free(&self, offset: usize, bytes: usize) -> Result<Option<Held<'_>>, FreedTwice> {
        if self.is_free() || offset + bytes > BLOCK {
            return Err(FreedTwice);
        }
        line::split(offset, bytes, |line, part| {
            self.others[line].fetch_add(part, Ordering::Release);
        });
        // The threshold must be that of the same moment as the count, so both come from the value before.
        let old = self.word.fetch_sub(bytes as u64, Ordering::AcqRel);
        let (before, after) = (count(old), count(old) - bytes as i64);
        // Since the count was last folded into `live`, no more than was in use then and was opened since can be freed.
        let least = if old & ORPHAN == 0 { -2 * BLOCK as i64 } else { 0 };
        if after < least {
            return Err(FreedTwice);
        }
        let threshold = i64::from((old >> THRESHOLD) as u16);
        // While a region owns the block, the count is never above zero.
        if before <= threshold || after > threshold {
            return Ok(None);
        }
        // SAFETY: the token was in the count, which gives it to the one who crosses the threshold.
        Ok(Some(unsafe { Held::assume(self) }))
    }
}
