//! An allocator with a defect of choice. Its memory is a buffer of its own, so that whatever it does wrong stays there.

mod defect;
mod inline;

pub(crate) use defect::Defect;
pub(crate) use inline::Inline;

use allocator_api2::alloc::{AllocError, Allocator};
use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};
use std::rc::Rc;

#[derive(Clone, Copy, Debug)]
struct Live {
    start: usize,
    len: usize,
    asked: usize,
    /// In order of allocation.
    number: usize,
}

/// First fit over a buffer, grants in steps of 16 bytes, and resizes in place where it can.
#[derive(Debug)]
pub(crate) struct Hostile {
    buffer: Rc<Buffer>,
    defect: Defect,
    live: Rc<RefCell<Vec<Live>>>,
    calls: Cell<usize>,
    full: Cell<bool>,
    seen_at: Cell<*const Self>,
}

#[derive(Debug)]
struct Buffer(NonNull<u8>);

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the buffer was allocated with this layout, and the last of the clones that lend from it is gone.
        unsafe { std::alloc::dealloc(self.0.as_ptr(), BUFFER) }
    }
}

const BUFFER: Layout = match Layout::from_size_align(2 << 20, 1 << 16) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};
/// The buffer's first bytes stay unused, so that its offsets are aligned to less than its addresses.
const FIRST: usize = 8;
const GRANULE: usize = 16;

impl Hostile {
    pub(crate) fn new(defect: Defect) -> Self {
        // SAFETY: the layout is not empty.
        let buffer = NonNull::new(unsafe { std::alloc::alloc(BUFFER) }).expect("2 MiB for a test");
        // Nothing is zero by chance.
        // SAFETY: the buffer was just allocated with this size.
        unsafe { buffer.write_bytes(0xA5, BUFFER.size()) };
        let (buffer, live) = (Rc::new(Buffer(buffer)), Rc::default());
        Self {
            buffer,
            defect,
            live,
            calls: Cell::new(0),
            full: Cell::new(false),
            seen_at: Cell::new(ptr::null()),
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    fn offset(&self, block: NonNull<u8>) -> usize {
        block.addr().get() - self.buffer.0.addr().get()
    }

    fn at(&self, offset: usize) -> NonNull<u8> {
        assert!(offset <= BUFFER.size(), "the hostile allocator leaves its buffer");
        // SAFETY: the offset lies in the buffer.
        unsafe { self.buffer.0.add(offset) }
    }

    fn copy(&self, from: usize, to: usize, len: usize) {
        let (source, target) = (self.at(from), self.at(to));
        assert!(from.max(to) + len <= BUFFER.size(), "the hostile allocator leaves its buffer");
        // SAFETY: both ranges lie in the buffer; they may overlap.
        unsafe { target.copy_from(source, len) }
    }

    fn fill(&self, from: usize, len: usize, byte: u8) {
        let start = self.at(from);
        let len = len.min(BUFFER.size() - from);
        // SAFETY: the range was cut to the buffer.
        unsafe { start.write_bytes(byte, len) }
    }

    /// The first gap for a layout.
    fn find(&self, len: usize, align: usize) -> Option<usize> {
        let live = self.live.borrow();
        // The offset from the first usable byte, which is on an odd address, or the address itself.
        let from_first = BUFFER.align() - FIRST;
        let base = if self.has(Defect::AlignsTheOffset) { from_first } else { self.buffer.0.addr().get() };
        let extra = if self.has(Defect::HalfAligned) && align > GRANULE { align / 2 } else { 0 };
        let mut end = FIRST;
        let next = live.iter().map(|block| (block.start, block.len)).chain([(BUFFER.size(), 0)]);
        for (next, next_len) in next {
            let start =
                (base + end).checked_next_multiple_of(align)?.checked_sub(base)?.checked_add(extra)?;
            if start.checked_add(len)? <= next {
                return Some(start);
            }
            end = next + next_len;
        }
        None
    }

    fn record(&self, start: usize, len: usize, asked: usize) {
        self.calls.set(self.calls.get() + 1);
        let mut live = self.live.borrow_mut();
        let index = live.partition_point(|block| block.start < start);
        live.insert(index, Live { start, len, asked, number: self.calls.get() });
    }

    fn grant(&self, start: usize, len: usize, layout: Layout) -> NonNull<[u8]> {
        let (mut start, mut claimed) = (start, len);
        if self.has(Defect::OverlapsNeighbour)
            && self.calls.get() % 7 == 0
            && layout.align() <= 8
            && start > 64
        {
            start -= 8;
        }
        if self.has(Defect::GrantsTooLittle) && layout.size() > 1 {
            claimed = layout.size() - 1;
        }
        if self.has(Defect::ClaimsTooMuch) {
            claimed += GRANULE;
        }
        if self.has(Defect::ClaimsEverything) {
            claimed = usize::MAX / 2 + 1;
        }
        NonNull::slice_from_raw_parts(self.at(start), claimed)
    }

    fn obtain(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if self.has(Defect::ForgetsWhenMoved) && self.seen_at.replace(self) != ptr::from_ref(self) {
            self.live.borrow_mut().clear();
        }
        let (mut size, mut align) = (layout.size(), layout.align());
        if size == 0 {
            return self.empty(align);
        }
        if self.has(Defect::HugeSizeWraps) && size > BUFFER.size() {
            size = 64;
        }
        if self.has(Defect::HugeAlignmentIsCapped) {
            align = align.min(4096);
        }
        let stuck = self.full.get() && self.has(Defect::StaysFull);
        let len =
            size.checked_next_multiple_of(GRANULE).filter(|_| !stuck && !self.has(Defect::RefusesEverything));
        let Some((start, len)) = len.and_then(|len| Some((self.find(len, align)?, len))) else {
            self.full.set(true);
            return Err(AllocError);
        };
        self.record(start, len, layout.size());
        Ok(self.grant(start, len, layout))
    }

    fn empty(&self, align: usize) -> Result<NonNull<[u8]>, AllocError> {
        if self.has(Defect::EmptyIsRefused) || self.has(Defect::RefusesEverything) {
            return Err(AllocError);
        }
        if self.has(Defect::EmptyFreesNeighbour) && align <= 8 {
            // Where the next block will lie.
            let start = self.find(GRANULE, 8).ok_or(AllocError)?;
            return Ok(NonNull::slice_from_raw_parts(self.at(start), 0));
        }
        let address = if self.has(Defect::EmptyIsUnaligned) { 1 } else { align };
        let start = NonNull::new(ptr::without_provenance_mut(address)).expect("alignments are not zero");
        Ok(NonNull::slice_from_raw_parts(start, 0))
    }

    fn release(&self, block: NonNull<u8>, layout: Layout) {
        let empty_counts = self.has(Defect::EmptyFreesNeighbour) && layout.align() <= 8;
        if layout.size() == 0 && !empty_counts {
            return;
        }
        let start = self.offset(block);
        let mut live = self.live.borrow_mut();
        if self.has(Defect::FreesTheLatest) {
            let latest = (0..live.len()).max_by_key(|index| live[*index].number);
            live.remove(latest.expect("something is live"));
            return;
        }
        let reach =
            if self.has(Defect::FreesNeighbour) { layout.size().next_multiple_of(GRANULE) + 1 } else { 1 };
        live.retain(|block| !(start..start + reach).contains(&block.start));
        drop(live);
        if self.has(Defect::PoisonsNeighbour) {
            self.fill(start, layout.size().next_multiple_of(GRANULE) + 1, 0xEE);
        }
    }

    /// Makes the block at `start` `len` bytes long where it is, if nothing is in the way.
    fn resize_in_place(&self, start: usize, len: usize, asked: usize) -> bool {
        let mut live = self.live.borrow_mut();
        let Some(index) = live.iter().position(|block| block.start == start) else { return false };
        let limit = live.get(index + 1).map_or(BUFFER.size(), |next| next.start);
        let blind = self.has(Defect::GrowRunsIntoNeighbour) && start + len <= BUFFER.size();
        let fits = blind || start.checked_add(len).is_some_and(|end| end <= limit);
        if fits {
            live[index].len = len;
            live[index].asked = asked;
        }
        fits
    }

    fn asked(&self, block: NonNull<u8>) -> usize {
        let start = self.offset(block);
        let live = self.live.borrow();
        live.iter().find(|block| block.start == start).map_or(0, |block| block.asked)
    }

    fn moved(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        copied: usize,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let fresh = self.obtain(new)?;
        if copied > 0 {
            self.copy(self.offset(block), self.offset(fresh.cast()), copied);
        }
        if self.has(Defect::GrowFreesTheNewBlock) && new.size() > old.size() {
            self.release(fresh.cast(), new);
        } else {
            self.release(block, old);
        }
        Ok(fresh)
    }

    fn enlarge(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let aligned = block.addr().get() % new.align() == 0 || self.has(Defect::GrowKeepsAlignment);
        let len = new.size().checked_next_multiple_of(GRANULE).ok_or(AllocError)?;
        if old.size() > 0 && aligned && self.resize_in_place(self.offset(block), len, new.size()) {
            return Ok(self.grant(self.offset(block), len, new));
        }
        let copied = match self.defect {
            Defect::GrowCopiesHalf => old.size() / 2,
            Defect::GrowCopiesAskedOnly => self.asked(block).min(old.size()),
            _ => old.size(),
        };
        let result = self.moved(block, old, new, copied);
        if result.is_err() && self.has(Defect::FailedGrowFrees) {
            self.release(block, old);
        }
        if result.is_err() && self.has(Defect::FailedGrowClobbers) && old.size() > 0 {
            self.fill(self.offset(block), 1, 0xEE);
        }
        result
    }
}

// SAFETY: with `Defect::None`, the buffer is never freed, live ranges are apart, and clones share them. With any other
// it is as wrong as its name says; nothing but the suite's own checks ever relies on it.
unsafe impl Allocator for Hostile {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.obtain(layout)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let granted = self.obtain(layout)?;
        let len = match self.defect {
            Defect::ZeroedIsDirty => 0,
            Defect::ZeroedSurplusIsDirty => layout.size(),
            Defect::ZeroesNeighbour => granted.len() + 1,
            _ => granted.len(),
        };
        if !granted.is_empty() {
            self.fill(self.offset(granted.cast()), len, 0);
        }
        Ok(granted)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        self.release(block, layout);
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.enlarge(block, old, new)
    }

    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let granted = self.enlarge(block, old, new)?;
        if granted.is_empty() {
            return Ok(granted);
        }
        let start = self.offset(granted.cast());
        match self.defect {
            Defect::GrowthIsDirty => {}
            Defect::KeepsOldSurplus => {
                let kept = old.size().next_multiple_of(GRANULE);
                if old.size() > 0 && self.offset(block) != start {
                    self.copy(self.offset(block), start, kept);
                }
                self.fill(start + kept, granted.len() - kept, 0);
            }
            Defect::OldSurplusIsJunk => {
                let surplus = old.size().next_multiple_of(GRANULE);
                self.fill(start + old.size(), granted.len() - old.size(), 0);
                self.fill(start + old.size(), surplus - old.size(), 0xEE);
            }
            Defect::GrowZeroedWipes => self.fill(start, granted.len(), 0),
            // Zeroes first and then copies the new size, so that what lay behind the old block follows.
            Defect::GrowthIsNeighboursBytes if old.size() > 0 => {
                self.copy(self.offset(block), start, new.size());
            }
            _ => self.fill(start + old.size(), granted.len() - old.size(), 0),
        }
        Ok(granted)
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if new.size() == 0 {
            let granted = self.empty(new.align())?;
            self.release(block, old);
            return Ok(granted);
        }
        if self.has(Defect::ShrinkCopiesOldSize) {
            return self.moved(block, old, new, old.size());
        }
        let aligned = block.addr().get() % new.align() == 0 || self.has(Defect::ShrinkKeepsAlignment);
        if !aligned {
            let result = self.moved(block, old, new, new.size());
            if result.is_err() && self.has(Defect::FailedShrinkFrees) {
                self.release(block, old);
            }
            return result;
        }
        let len = new.size().next_multiple_of(GRANULE);
        let start = self.offset(block);
        if self.has(Defect::ShrinkCutsTail) {
            self.fill(start + new.size() - 1, 1, 0xEE);
        }
        if self.has(Defect::ShrinkCopiesForwards) {
            // To the end of its room, as an arena that bumps downwards does, but byte by byte from the front.
            let room = old.size().next_multiple_of(GRANULE);
            let target = start + room - len;
            if target % new.align() == start % new.align() {
                for byte in 0..new.size() {
                    self.copy(start + byte, target + byte, 1);
                }
                self.release(block, old);
                self.record(target, len, new.size());
                return Ok(self.grant(target, len, new));
            }
        }
        assert!(self.resize_in_place(start, len, new.size()), "a smaller block fits where it was");
        Ok(self.grant(start, len, new))
    }
}

/// Shares the buffer and what is live in it.
impl Clone for Hostile {
    fn clone(&self) -> Self {
        let live = if self.has(Defect::CloneForgets) { Rc::default() } else { Rc::clone(&self.live) };
        let (buffer, seen_at) = (Rc::clone(&self.buffer), Cell::new(ptr::null()));
        Self {
            buffer,
            defect: self.defect,
            live,
            calls: self.calls.clone(),
            full: self.full.clone(),
            seen_at,
        }
    }
}
