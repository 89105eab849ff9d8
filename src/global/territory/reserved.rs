//! One range of reserved address space.

use core::alloc::GlobalAlloc;
use core::ptr::{self, NonNull};

use super::super::block::{Block, Held};
use super::super::line::BLOCK;
use super::{Parts, Territory, sealed::Sealed};
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use crate::{sys, track};

/// Bytes that are reserved, if the system lets us; a power of two.
const RESERVED: usize = if cfg!(miri) { 8 << 20 } else { 64 << 30 };
/// With less than this we do not begin.
const LEAST: usize = if cfg!(miri) { 1 << 20 } else { 16 << 20 };
/// The bits of an address that are zero at the start of every page.
const HALVINGS: usize = 0xFFF;
/// Bytes that are committed at a time, at least: half of a huge page would not be made one.
const STEP: usize = sys::HUGE_PAGE;
/// From here on huge pages are asked for: rounding to them does not show any more.
const HUGE_FROM: usize = 8 << 20;
/// What `base` is before there is a range: no address is so little above it that it would be taken for ours.
const NOWHERE: usize = 1 << (usize::BITS - 1);

/// A reserved range: that an address is not in it is told by one constant shift of its difference to the range.
///
/// It is reserved by the first region, up to 64 GiB of address space, and committed as it is needed; nothing is given back
/// to the system but by [`trim`](crate::ScopedGlobal::trim).
///
/// # Invariants
///
/// `length` is set before `base`, both to what `chosen` says, which is set once; `length` is a power of two, of which `base`
/// is a multiple. A thread that has an address in the range learned of it from one that had seen both; to any other
/// address, whatever is seen of the two says "not ours". Behind the blocks, in the same range, is the table, an entry for
/// each.
#[derive(Debug)]
pub struct Virtual {
    /// The start of the range; in the low bits, how often [`RESERVED`] was halved before the system let us.
    chosen: AtomicPtr<u8>,
    base: AtomicPtr<u8>,
    length: AtomicUsize,
    /// Blocks that were made.
    made: AtomicUsize,
    /// Bytes of blocks that are committed, and the table for them.
    committed: AtomicUsize,
}

impl Virtual {
    pub(crate) const fn new() -> Self {
        Virtual {
            chosen: AtomicPtr::new(ptr::null_mut()),
            base: AtomicPtr::new(ptr::without_provenance_mut(NOWHERE)),
            length: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            committed: AtomicUsize::new(0),
        }
    }

    fn count(&self) -> usize {
        self.length.load(Ordering::Relaxed) / BLOCK
    }

    fn table(&self) -> *mut Block {
        let base = self.base.load(Ordering::Acquire);
        base.wrapping_add(self.length.load(Ordering::Relaxed)).cast()
    }

    /// Bytes for blocks, and bytes with their table, of a reservation.
    fn lengths(bytes: usize) -> (usize, usize) {
        (bytes, bytes + (bytes / BLOCK * size_of::<Block>()).next_multiple_of(sys::HUGE_PAGE))
    }

    fn reserve() -> Result<(NonNull<u8>, usize), Option<i32>> {
        let left = sys::address_space_left().unwrap_or(usize::MAX);
        let mut bytes = RESERVED;
        loop {
            let (blocks, all) = Self::lengths(bytes);
            let result = if all > left / 4 {
                Err(None)
            } else {
                sys::reserve_aligned(all, bytes).map_err(|e| e.raw_os_error())
            };
            match result {
                Ok(start) => return Ok((start, blocks)),
                Err(cause) if bytes <= LEAST => return Err(cause),
                Err(_) => bytes /= 2,
            }
        }
    }

    /// Makes block `index` usable, and its entry in the table.
    fn commit(&self, index: usize) -> bool {
        let need = (index + 1) * BLOCK;
        let committed = self.committed.load(Ordering::Acquire);
        if need <= committed {
            return true;
        }
        // In steps that grow, so that there are few.
        let step = (committed / 8).clamp(STEP, 16 * STEP).next_multiple_of(STEP);
        let end =
            (committed + step).max(need.next_multiple_of(STEP)).min(self.length.load(Ordering::Relaxed));
        let base = self.base.load(Ordering::Acquire);
        // Several threads may do this at once: it changes nothing that is committed already.
        let (Some(start), Some(table)) =
            (NonNull::new(base.wrapping_add(committed)), NonNull::new(self.table().cast::<u8>()))
        else {
            return false;
        };
        let page = sys::page_size();
        let size = size_of::<Block>();
        let (first, last) =
            (committed / BLOCK * size / page * page, (end / BLOCK * size).next_multiple_of(page));
        // SAFETY: whole pages of our reservation, as steps are.
        let blocks = unsafe { sys::commit(start, end - committed) };
        // SAFETY: within the reservation, behind the blocks.
        let entries = unsafe { table.add(first) };
        // SAFETY: whole pages of our reservation: the table begins at one, and the bounds are rounded to pages.
        if blocks.is_err() || unsafe { sys::commit(entries, last - first) }.is_err() {
            return false;
        }
        if end > HUGE_FROM {
            // SAFETY: pages of our reservation. It is only advice.
            let _ = unsafe { sys::advise_huge(start, end - committed) };
        }
        self.committed.fetch_max(end, Ordering::AcqRel);
        true
    }
}

impl Sealed for Virtual {}

impl Territory for Virtual {
    const NAME: &'static str = "virtual";
}

// SAFETY: an address is in the range of blocks if it differs from `base` by less than `length` (invariant); `fresh` counts each block once;
// the range is never released.
unsafe impl Parts for Virtual {
    #[inline(always)]
    fn find(&self, address: *mut u8) -> Option<&Block> {
        // Most addresses that are not ours are told by this alone.
        if (self.base.load(Ordering::Relaxed).addr() ^ address.addr()) / RESERVED != 0 {
            return None;
        }
        // Loaded once more, which is cheaper for those that are not than to keep it.
        let base = self.base.load(Ordering::Relaxed);
        let offset = address.addr() ^ base.addr();
        let length = self.length.load(Ordering::Relaxed);
        if offset >= length {
            return None;
        }
        let entry = base.wrapping_add(length).cast::<Block>().wrapping_add(offset / BLOCK);
        // SAFETY: an address within a reservation is not null.
        unsafe { core::hint::assert_unchecked(!entry.is_null()) };
        // SAFETY: the address lies between `base` and `base + length`. If it was handed out, it lies in a block that was made,
        // whose entry was committed and written before, and that has happened for who has the address. (Nobody asks for an
        // address in the range that was not: it is our reservation, so no other allocator hands it out.) `entry` is the
        // block's place in the table: aligned, as the table begins at a page. It stays for ever, and nobody borrows it
        // exclusively.
        Some(unsafe { &*entry })
    }

    fn block(&self, index: u32) -> &Block {
        let entry = self.table().wrapping_add(index as usize);
        // SAFETY: the index is that of a block that was made, and its owner saw that: by the count (`made`), by a list, or
        // by the block's owner. So `base` and `length` are seen here, and the entry is committed: it is written, or zero as yet,
        // which is a value of every part of a block. It is aligned, as the table begins at a page; it stays for ever, and nobody
        // borrows it exclusively.
        unsafe { &*entry }
    }

    fn fresh(&self, _inner: &dyn GlobalAlloc) -> Option<Held<'_>> {
        let mut index = self.made.load(Ordering::Relaxed);
        loop {
            if index >= self.count() || !self.commit(index) {
                return None;
            }
            // A thread that sees the count finds the range, and the entry committed: `made`.
            match self.made.compare_exchange_weak(index, index + 1, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => index = now,
            }
        }
        let start = self.base.load(Ordering::Acquire).wrapping_add(index * BLOCK);
        let entry = self.table().wrapping_add(index);
        // SAFETY: committed and aligned, as the table is, and never moved; what was just committed is zero, which is a value
        // of every part of a block.
        let block = unsafe { &*entry };
        // SAFETY: the entry is this thread's, which counted it.
        unsafe { block.begin(start, index as u32) };
        // SAFETY: nobody else knows the block yet.
        Some(unsafe { Held::assume(block) })
    }

    fn prepare(&self) -> Result<(), Option<i32>> {
        if self.base.load(Ordering::Acquire).addr() != NOWHERE {
            return Ok(());
        }
        let mut chosen = self.chosen.load(Ordering::Acquire);
        if chosen.is_null() {
            let (start, bytes) = Self::reserve()?;
            let halved = (RESERVED / bytes).ilog2() as usize;
            chosen = start.as_ptr().map_addr(|address| address | halved);
            match self.chosen.compare_exchange(ptr::null_mut(), chosen, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => track::look_through(start.as_ptr(), bytes),
                Err(other) => {
                    // SAFETY: the reservation was just made, and nobody has seen it.
                    unsafe { sys::release(start, Self::lengths(bytes).1) };
                    chosen = other;
                }
            }
        }
        // Whoever comes here does what is left to do. Nobody waits for another thread, which may not be there any more:
        // a child process has only the one that forked.
        self.length.store(RESERVED >> (chosen.addr() & HALVINGS), Ordering::Release);
        self.base.store(chosen.map_addr(|address| address & !HALVINGS), Ordering::Release);
        Ok(())
    }

    fn discard(&self, block: &Held<'_>) -> bool {
        let Some(start) = NonNull::new(block.block().start()) else { return false };
        // SAFETY: a block is whole pages of the reservation, committed, and nobody's.
        BLOCK % sys::page_size() == 0 && unsafe { sys::discard(start, BLOCK) }.is_ok()
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::Acquire)
    }
    fn each(&self, call: &mut dyn FnMut(&Block)) {
        (0..self.made()).for_each(|index| call(self.block(index as u32)));
    }
}
