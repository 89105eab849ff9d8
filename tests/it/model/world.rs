//! Where the model's memory comes from: sources that keep books.

use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::ptr::NonNull;
use std::rc::Rc;
use std::slice;

use allocator_api2::alloc::Allocator;
use arenite::AllocError;
use arenite::Fixed;

/// What the machine can ask about the memory under an arena.
pub(super) trait World {
    /// Whether all of these addresses are the arena's; `None` if nobody knows.
    fn holds(&self, addresses: Range<usize>) -> Option<bool>;

    /// Bytes and blocks that the arena holds; `None` if nobody knows.
    fn held(&self) -> Option<(usize, usize)> {
        None
    }

    /// How often the source has been asked for memory, and how often it refused.
    fn asked(&self) -> (u64, u64) {
        (0, 0)
    }

    /// Whether there is only so much memory.
    fn is_finite(&self) -> bool {
        false
    }

    /// Whether a reset that is to keep everything keeps more than the first chunk.
    fn keeps_chunks(&self) -> bool {
        !self.is_finite()
    }

    fn refuse(&self, after: u8, times: u8) {
        let _ = (after, times);
    }

    /// What sizes are to be multiplied by.
    fn scale(&self) -> usize {
        1
    }

    /// The arena is gone: nothing may be left.
    fn check_end(&self) {}
}

/// Nobody watches.
pub(super) struct Unknown;

impl World for Unknown {
    fn holds(&self, _: Range<usize>) -> Option<bool> {
        None
    }
}

/// Nobody watches, and all is so many times as large.
pub(super) struct Scaled(pub(super) u8);

impl World for Scaled {
    fn holds(&self, _: Range<usize>) -> Option<bool> {
        None
    }

    fn scale(&self) -> usize {
        self.0.into()
    }
}

/// Ranges of reserved memory, which nobody watches.
#[cfg(feature = "virtual-memory")]
pub(super) struct Ranges;

#[cfg(feature = "virtual-memory")]
impl World for Ranges {
    fn holds(&self, _: Range<usize>) -> Option<bool> {
        None
    }

    fn keeps_chunks(&self) -> bool {
        false
    }
}

/// A mapped file: one range, which nobody watches.
#[cfg(all(feature = "mapped", unix))]
pub(super) struct Finite;

#[cfg(all(feature = "mapped", unix))]
impl World for Finite {
    fn holds(&self, _: Range<usize>) -> Option<bool> {
        None
    }

    fn is_finite(&self) -> bool {
        true
    }
}

/// A base allocator that checks every layout that comes back, and can refuse.
#[derive(Default)]
pub(super) struct Ledger {
    live: RefCell<BTreeMap<usize, Layout>>,
    slab: Option<Slab>,
    calls: Cell<u64>,
    refusals: Cell<u64>,
    refuse_after: Cell<u8>,
    refuse_times: Cell<u8>,
}

impl Ledger {
    pub(super) fn new(slab: bool) -> Rc<Ledger> {
        Rc::new(Ledger { slab: slab.then(Slab::new), ..Ledger::default() })
    }

    fn refuses(&self) -> bool {
        if self.refuse_times.get() == 0 {
            return false;
        }
        if self.refuse_after.get() > 0 {
            self.refuse_after.set(self.refuse_after.get() - 1);
            return false;
        }
        self.refuse_times.set(self.refuse_times.get() - 1);
        true
    }

    fn obtain(&self, layout: Layout) -> Option<NonNull<u8>> {
        if self.refuses() {
            return None;
        }
        let block = match &self.slab {
            Some(slab) => slab.take(layout)?,
            // SAFETY: chunks are not of size zero, which `allocate` checks.
            None => NonNull::new(unsafe { alloc::alloc(layout) })?,
        };
        // SAFETY: the block is ours and has that many bytes.
        unsafe { block.write_bytes(0xC3, layout.size()) };
        Some(block)
    }
}

impl World for Ledger {
    fn holds(&self, addresses: Range<usize>) -> Option<bool> {
        let live = self.live.borrow();
        let (start, layout) = live.range(..=addresses.start).next_back()?;
        Some(addresses.end <= start + layout.size())
    }

    fn held(&self) -> Option<(usize, usize)> {
        let live = self.live.borrow();
        Some((live.values().map(Layout::size).sum(), live.len()))
    }

    fn asked(&self) -> (u64, u64) {
        (self.calls.get(), self.refusals.get())
    }

    fn refuse(&self, after: u8, times: u8) {
        self.refuse_after.set(after);
        self.refuse_times.set(times);
    }

    fn check_end(&self) {
        assert!(self.live.borrow().is_empty(), "chunks have leaked: {:?}", self.live.borrow());
    }
}

/// The allocator that writes into a [`Ledger`].
pub(super) struct Base(pub(super) Rc<Ledger>);

// SAFETY: blocks are the system's, or disjoint parts of a slab that lives as long as the ledger; both outlive the
// allocator and stay where they are.
unsafe impl Allocator for Base {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let Base(ledger) = self;
        assert!(layout.size() > 0, "a chunk of size zero was asked for");
        ledger.calls.set(ledger.calls.get() + 1);
        let Some(block) = ledger.obtain(layout) else {
            ledger.refusals.set(ledger.refusals.get() + 1);
            return Err(AllocError);
        };
        ledger.live.borrow_mut().insert(block.addr().get(), layout);
        Ok(NonNull::slice_from_raw_parts(block, layout.size()))
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        let Base(ledger) = self;
        let asked = ledger.live.borrow_mut().remove(&block.addr().get());
        assert_eq!(asked, Some(layout), "a chunk came back with a layout that it was not asked for with");
        // SAFETY: the block is alive and has that many bytes; whoever still reads it reads this.
        unsafe { block.write_bytes(0xD3, layout.size()) };
        match &ledger.slab {
            Some(slab) => slab.give(block, layout),
            // SAFETY: the block came from there with this layout, as was just checked.
            None => unsafe { alloc::dealloc(block.as_ptr(), layout) },
        }
    }
}

/// Memory from which blocks are cut side by side, with no alignment to spare, lowest address first.
struct Slab {
    start: NonNull<u8>,
    /// Start and end of each free stretch, as offsets.
    free: RefCell<BTreeMap<usize, usize>>,
}

impl Slab {
    const LAYOUT: Layout = match Layout::from_size_align(192 << 10, 4096) {
        Ok(layout) => layout,
        Err(_) => unreachable!(),
    };

    fn new() -> Slab {
        // SAFETY: not of size zero.
        let start = unsafe { alloc::alloc(Self::LAYOUT) };
        let start = NonNull::new(start).expect("memory for a test");
        Slab { start, free: RefCell::new(BTreeMap::from([(0, Self::LAYOUT.size())])) }
    }

    fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        let mut free = self.free.borrow_mut();
        let place = |(&start, &end): (&usize, &usize)| {
            let block = start.next_multiple_of(layout.align());
            (block.checked_add(layout.size())? <= end).then_some((start, block, end))
        };
        let (start, block, end) = free.iter().find_map(place)?;
        free.remove(&start);
        if start < block {
            free.insert(start, block);
        }
        if block + layout.size() < end {
            free.insert(block + layout.size(), end);
        }
        // SAFETY: the block lies in the slab.
        Some(unsafe { self.start.add(block) })
    }

    fn give(&self, block: NonNull<u8>, layout: Layout) {
        let mut start = block.addr().get() - self.start.addr().get();
        let mut end = start + layout.size();
        let mut free = self.free.borrow_mut();
        if let Some(after) = free.remove(&end) {
            end = after;
        }
        if let Some((&before, _)) =
            free.range(..start).next_back().filter(|(_, before_end)| **before_end == start)
        {
            start = before;
        }
        free.insert(start, end);
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        // SAFETY: it came from there with this layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), Self::LAYOUT) };
    }
}

/// A buffer between two guards.
pub(super) struct Between {
    start: NonNull<u8>,
    layout: Layout,
    buffer: Range<usize>,
}

impl Between {
    const GUARD: usize = 64;
    const PATTERN: u8 = 0x5A;

    pub(super) fn new(offset: usize, len: usize) -> Rc<Between> {
        let first = Self::GUARD + offset;
        let layout = Layout::from_size_align(first + len + Self::GUARD, 64).expect("a small buffer");
        // SAFETY: not of size zero.
        let start = NonNull::new(unsafe { alloc::alloc(layout) }).expect("memory for a test");
        // SAFETY: the block is ours and has that many bytes.
        unsafe { start.write_bytes(Self::PATTERN, layout.size()) };
        Rc::new(Between { start, layout, buffer: first..first + len })
    }

    /// The buffer, as the backing wants it.
    ///
    /// # Safety
    ///
    /// Called once, and the result is used no longer than this value is.
    pub(super) unsafe fn lend(&self) -> Fixed<'static> {
        // SAFETY: the buffer lies in the block.
        let first = unsafe { self.start.add(self.buffer.start) };
        // SAFETY: the buffer is initialised, and nobody else touches it until the result is gone (the contract).
        let buffer = unsafe { slice::from_raw_parts_mut(first.cast().as_ptr(), self.buffer.len()) };
        Fixed::new(buffer)
    }
}

impl World for Between {
    fn holds(&self, addresses: Range<usize>) -> Option<bool> {
        let base = self.start.addr().get();
        Some(addresses.start >= base + self.buffer.start && addresses.end <= base + self.buffer.end)
    }

    fn is_finite(&self) -> bool {
        true
    }

    fn check_end(&self) {
        for i in (0..self.buffer.start).chain(self.buffer.end..self.layout.size()) {
            // SAFETY: inside the block.
            let place = unsafe { self.start.add(i) };
            // SAFETY: inside the block, which is initialised.
            let byte = unsafe { place.read() };
            assert_eq!(
                byte,
                Self::PATTERN,
                "the byte {i} outside of the buffer {:?} was written",
                self.buffer
            );
        }
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        // SAFETY: it came from there with this layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) };
    }
}
