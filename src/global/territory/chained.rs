//! Aligned segments of the inner allocator.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use super::super::block::{Block, Held};
use super::super::line::BLOCK;
use super::super::once;
use super::{Parts, Territory, sealed::Sealed};
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Bytes in a segment, which is also its alignment.
const SEGMENT: usize = if cfg!(miri) { 64 << 10 } else { 1 << 20 };
const BLOCKS: usize = SEGMENT / BLOCK;
/// Bits of an address that are told apart. Memory beyond is never made a segment.
// An interpreter hands out low addresses, and needs long for large tables.
const ADDRESS_BITS: u32 = if cfg!(miri) { 30 } else { 48 };
/// The two levels of the map together tell all segments apart.
const ROOT: usize = if cfg!(miri) { 64 } else { 1 << 14 };
const LEAF: usize = 1 << (ADDRESS_BITS - SEGMENT.ilog2() - ROOT.ilog2());
/// Segments by number, in the order in which they came: 4 GiB each group.
const GROUP: usize = if cfg!(miri) { 16 } else { 4096 };
const GROUPS: usize = if cfg!(miri) { 64 } else { 1024 };

type Leaf = [AtomicPtr<Block>; LEAF];
type Group = [AtomicPtr<Block>; GROUP];

/// Segments of the inner allocator, found by a map of two levels: for systems without address space to spare.
///
/// A little slower than [`Virtual`](super::Virtual), and its segments are never given back, so that the memory of regions
/// is used again by regions alone. The map takes 136 KiB of address space that is zero until it is needed, and 128 KiB for each 16 GiB
/// of addresses in which there is a segment.
///
/// # Invariants
///
/// What a segment's blocks have as entries lies in memory of its own, and stays, like leaves and groups, for ever.
pub struct Chained {
    root: [AtomicPtr<Leaf>; ROOT],
    groups: [AtomicPtr<Group>; GROUPS],
    /// Blocks that were made, of segments in the order in which they came.
    made: AtomicUsize,
    /// Segments that are there.
    segments: AtomicUsize,
}

impl core::fmt::Debug for Chained {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Chained").field("segments", &self.segments).finish_non_exhaustive()
    }
}

/// A table of pointers behind `slot`, made if it is not there. It is zero at first, which is null.
fn table<T, const N: usize>(
    slot: &AtomicPtr<[AtomicPtr<T>; N]>,
    inner: &dyn GlobalAlloc,
) -> Option<*mut [AtomicPtr<T>; N]> {
    const { assert!(N > 0) };
    once::get_or_obtain(slot, Layout::new::<[AtomicPtr<T>; N]>(), inner)
}

impl Chained {
    pub(crate) const fn new() -> Self {
        Chained {
            root: [const { AtomicPtr::new(ptr::null_mut()) }; ROOT],
            groups: [const { AtomicPtr::new(ptr::null_mut()) }; GROUPS],
            made: AtomicUsize::new(0),
            segments: AtomicUsize::new(0),
        }
    }

    /// The entries of segment `number`, null if it is not there.
    fn entries(&self, number: usize) -> *mut Block {
        let Some(group) = self.groups.get(number / GROUP) else { return ptr::null_mut() };
        let group = group.load(Ordering::Acquire);
        if group.is_null() {
            return group.cast();
        }
        // SAFETY: made by `table`, so valid and zero at first; it stays for ever.
        let group = unsafe { &*group };
        group[number % GROUP].load(Ordering::Acquire)
    }

    /// One segment more, as number `number`. `None` if there is no memory.
    #[cold]
    fn extend(&self, number: usize, inner: &dyn GlobalAlloc) -> Option<()> {
        let group = table(self.groups.get(number / GROUP)?, inner)?;
        // SAFETY: made by `table`, so valid and zero at first; it stays for ever.
        let slot = unsafe { &(*group)[number % GROUP] };
        let mut entries = slot.load(Ordering::Acquire);
        if entries.is_null() {
            entries = Self::segment(number, slot, inner)?;
        }
        // Whoever comes here does what is left to do. Nobody waits for another thread, which may not be there any more: a
        // child process has only the one that forked.
        // SAFETY: what a slot has was written before, and stays for ever.
        let start = unsafe { &*entries }.start().addr();
        let leaf = table(&self.root[start / SEGMENT / LEAF], inner)?;
        // SAFETY: made by `table`, so aligned, valid and zero at first, which is a value of its entries; it stays for ever, and
        // nobody borrows it exclusively.
        let leaf = unsafe { &*leaf };
        leaf[start / SEGMENT % LEAF].store(entries, Ordering::Release);
        // Only now may blocks of it be handed out.
        self.segments.fetch_max(number + 1, Ordering::Release);
        Some(())
    }

    /// The entries of a new segment, now in `slot`; those of another thread if that was faster.
    fn segment(number: usize, slot: &AtomicPtr<Block>, inner: &dyn GlobalAlloc) -> Option<*mut Block> {
        let segment = Piece::obtain(Layout::from_size_align(SEGMENT, SEGMENT).ok()?, inner)?;
        let table_of_blocks = Piece::obtain(Layout::array::<Block>(BLOCKS).ok()?, inner)?;
        if segment.start.addr() >> ADDRESS_BITS != 0 {
            return None;
        }
        let entries = table_of_blocks.start.cast::<Block>();
        for index in 0..BLOCKS {
            let start = segment.start.wrapping_add(index * BLOCK);
            // SAFETY: within the table.
            let entry = unsafe { entries.add(index) };
            // SAFETY: aligned, and nobody has seen it.
            unsafe { entry.write(Block::new(start, (number * BLOCKS + index) as u32)) };
            // SAFETY: just written.
            let block = unsafe { &*entry };
            // SAFETY: nobody else knows the block.
            let held = unsafe { Held::assume(block) };
            // What the inner allocator gives may have been used before.
            held.set_dirty(true);
        }
        match slot.compare_exchange(ptr::null_mut(), entries, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                segment.keep();
                table_of_blocks.keep();
                Some(entries)
            }
            Err(other) => Some(other),
        }
    }
}

/// Memory that goes back where it came from, unless it is kept.
struct Piece<'i> {
    start: *mut u8,
    layout: Layout,
    inner: &'i dyn GlobalAlloc,
}

impl<'i> Piece<'i> {
    fn obtain(layout: Layout, inner: &'i dyn GlobalAlloc) -> Option<Self> {
        // SAFETY: nobody asks for size zero.
        let start = unsafe { inner.alloc(layout) };
        (!start.is_null()).then_some(Piece { start, layout, inner })
    }

    fn keep(self) {
        core::mem::forget(self);
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        // SAFETY: from the same allocator, with this layout, and nobody has seen it.
        unsafe { self.inner.dealloc(self.start, self.layout) };
    }
}

impl Sealed for Chained {}

impl Territory for Chained {
    const NAME: &'static str = "chained";
}

// SAFETY: the map knows the segments and nothing else, each is cut into blocks that are counted once, and none is given
// back.
unsafe impl Parts for Chained {
    #[inline(always)]
    fn find(&self, address: *mut u8) -> Option<&Block> {
        let segment = address.addr() / SEGMENT;
        let leaf = self.root.get(segment / LEAF)?.load(Ordering::Acquire);
        if leaf.is_null() {
            return None;
        }
        // SAFETY: made by `table`, so aligned, valid and zero at first, which is a value of its entries; it stays for ever, and
        // nobody borrows it exclusively. It was written before this thread's acquire saw it.
        let leaf = unsafe { &*leaf };
        let entries = leaf[segment % LEAF].load(Ordering::Acquire);
        if entries.is_null() {
            return None;
        }
        // SAFETY: a segment has `BLOCKS` entries, one allocation, and the quotient is less than that.
        let entry = unsafe { entries.add(address.addr() % SEGMENT / BLOCK) };
        // SAFETY: aligned, as the table of entries is; all were written before the map had them, which this thread's acquire has
        // seen; they stay for ever, and nobody borrows one exclusively.
        Some(unsafe { &*entry })
    }

    fn block(&self, index: u32) -> &Block {
        let entries = self.entries(index as usize / BLOCKS);
        let entry = entries.wrapping_add(index as usize % BLOCKS);
        // SAFETY: the index is that of a block that was made, and its owner saw that: by the count (`made`), by a list, or
        // by the block's owner. So the group and the segment's entries are seen here, `entry` lies among these, and it was
        // written before they were shown. It is aligned, as the table of entries is; it stays for ever, and nobody borrows it
        // exclusively.
        unsafe { &*entry }
    }

    fn fresh(&self, inner: &dyn GlobalAlloc) -> Option<Held<'_>> {
        let mut index = self.made.load(Ordering::Relaxed);
        loop {
            let number = index / BLOCKS;
            if number >= self.segments.load(Ordering::Acquire) {
                self.extend(number, inner)?;
                index = self.made.load(Ordering::Relaxed);
                continue;
            }
            // A thread that sees the count finds the segment and its entries: `made`.
            match self.made.compare_exchange_weak(index, index + 1, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => index = now,
            }
        }
        let block = self.block(index as u32);
        // SAFETY: whoever counted a block has its token.
        Some(unsafe { Held::assume(block) })
    }

    fn prepare(&self) -> Result<(), Option<i32>> {
        Ok(())
    }

    fn discard(&self, _block: &Held<'_>) -> bool {
        false
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::Acquire)
    }
    fn each(&self, call: &mut dyn FnMut(&Block)) {
        (0..self.made()).for_each(|index| call(self.block(index as u32)));
    }
}
