//! The pages of a [`PageGuarded`](super::PageGuarded).
//!
//! ```text
//! [ entry for each page ... | - | block 0 | - | block 1, two pages | - | freed | - | ... never used     ]
//!   committed in steps        `-----------------------------'------------------'-- forbidden
//! ```
//!
//! What is known of a block is written in the entry of its first page: beyond the reach of whoever writes past a block.

use super::misuse::{Misuse, MisuseKind};
use crate::addr;
use crate::space::{self, Claim};
use crate::sys;
use crate::track;
use core::alloc::Layout;
use core::ptr::{self, NonNull};

/// What is around a block in its pages.
const FILLING: u8 = 0xC5;
/// Pages of the table that are committed at once.
const STEP: usize = 16;
/// Less address space than this is not worth having, in bytes.
const LEAST: usize = 64 << 10;

/// Against which page a block lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    End,
}

/// What is known of the block that begins in a page. All zero for a page in which none begins.
#[derive(Clone, Copy, Default)]
struct Entry {
    size: usize,
    /// The alignment, a power of two, and in its place [`FREED`] added to it once the block is freed.
    align: usize,
}

/// No alignment has this bit and another one.
const FREED: usize = 1 << (usize::BITS - 1);

impl Entry {
    fn layout(self) -> Option<Layout> {
        Layout::from_size_align(self.size, self.align & !FREED).ok()
    }

    fn is_live(self) -> bool {
        self.align != 0 && self.align & FREED == 0
    }
}

/// A block that was found, by its first page.
#[derive(Clone, Copy)]
pub(super) struct Block(usize);

/// A range of address space, and how far it is spent.
pub(super) struct Pages {
    start: NonNull<u8>,
    /// Bytes in a page.
    page: usize,
    /// How many pages the range has.
    count: usize,
    /// The first page behind the table.
    first: usize,
    /// How many pages of the table are committed.
    committed: usize,
    /// The next page to be spent, which stays forbidden.
    next: usize,
    live: usize,
    side: Side,
    _claim: Claim,
}

// SAFETY: the range is reached by whoever has this value, and is no thread's own.
unsafe impl Send for Pages {}

impl Drop for Pages {
    fn drop(&mut self) {
        track::look_away(self.start.as_ptr(), self.count * self.page);
        // SAFETY: a whole reservation. Its blocks are nobody's any more: whoever has this says so.
        unsafe { sys::release(self.start, self.count * self.page) }
    }
}

impl Pages {
    /// Reserves as much of `bytes` as there is.
    pub(super) fn reserve(bytes: usize, side: Side) -> Option<Self> {
        let page = sys::page_size();
        let most = addr::align_down(space::look().chosen(0), page);
        let mut bytes = addr::align_up(bytes.min(most).max(LEAST), page)?;
        let (start, claim) = loop {
            let claim = Claim::new(bytes);
            match sys::reserve(bytes) {
                Ok(start) => break (start, claim),
                Err(_) if bytes / 2 >= LEAST => bytes = addr::align_down(bytes / 2, page),
                Err(_) => return None,
            }
        };
        let count = bytes / page;
        track::look_through(start.as_ptr(), bytes);
        let first = (count * size_of::<Entry>()).div_ceil(page);
        Some(Self { start, page, count, first, committed: 0, next: first, live: 0, side, _claim: claim })
    }

    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn left(&self) -> usize {
        (self.count - self.next) * self.page
    }

    pub(super) fn contains(&self, block: NonNull<u8>) -> bool {
        block.addr().get().wrapping_sub(self.start.addr().get()) < self.count * self.page
    }

    /// The first byte of a page.
    fn at(&self, page: usize) -> NonNull<u8> {
        debug_assert!(page <= self.count);
        // SAFETY: within the range, or at its end.
        unsafe { self.start.add(page * self.page) }
    }

    fn pages_of(&self, layout: Layout) -> usize {
        layout.size().div_ceil(self.page)
    }

    /// Where a block lies in its pages: how many bytes are before it, and behind it.
    fn gaps(&self, layout: Layout) -> (usize, usize) {
        let rest = self.pages_of(layout) * self.page - layout.size();
        let before = match self.side {
            Side::Start => 0,
            // The first page is as aligned as the block, or as a page.
            Side::End => addr::align_down(rest, layout.align().min(self.page)),
        };
        (before, rest - before)
    }

    /// The block in the pages from `page` on.
    fn place(&self, page: usize, layout: Layout) -> NonNull<u8> {
        // SAFETY: a block lies in its pages, which lie in the range.
        unsafe { self.at(page).add(self.gaps(layout).0) }
    }

    /// The entry of a page, which is written only if it is committed.
    fn entry(&self, page: usize) -> NonNull<Entry> {
        // SAFETY: the table has an entry for each page, and lies in the range.
        unsafe { self.start.cast::<Entry>().add(page) }
    }

    /// What is known of the block that begins in a page.
    fn read(&self, page: usize) -> Entry {
        if page >= self.next || (page + 1) * size_of::<Entry>() > self.committed * self.page {
            return Entry::default();
        }
        // SAFETY: committed, and zero until it is written; nobody else touches the table, as this has the lock.
        unsafe { self.entry(page).read() }
    }

    /// Has the entry of a page committed.
    fn ensure_entry(&mut self, page: usize) -> Option<()> {
        let needed = ((page + 1) * size_of::<Entry>()).div_ceil(self.page);
        if needed > self.committed {
            let target = needed.next_multiple_of(STEP).min(self.first);
            let bytes = (target - self.committed) * self.page;
            // SAFETY: whole pages of this reservation.
            unsafe { sys::commit(self.at(self.committed), bytes) }.ok()?;
            self.committed = target;
        }
        Some(())
    }

    /// A new block, whose bytes are zero. Its size is not.
    pub(super) fn take(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let pages = self.pages_of(layout);
        let base = self.start.addr().get();
        let lowest = base.checked_add((self.next + 1).checked_mul(self.page)?)?;
        let data = (addr::align_up(lowest, layout.align().max(self.page))? - base) / self.page;
        // The page behind it must be there as well.
        let next = data.checked_add(pages)?;
        if next >= self.count {
            return None;
        }
        self.ensure_entry(data)?;
        // SAFETY: whole pages of this reservation.
        unsafe { sys::commit(self.at(data), pages * self.page) }.ok()?;
        self.next = next;
        self.live += 1;
        // SAFETY: committed, and nobody else touches the table.
        unsafe { self.entry(data).write(Entry { size: layout.size(), align: layout.align() }) }
        let block = self.place(data, layout);
        let (before, behind) = self.gaps(layout);
        // SAFETY: the first bytes of the pages, which are committed.
        unsafe { self.at(data).write_bytes(FILLING, before) }
        // SAFETY: the block ends in its pages.
        let end = unsafe { block.add(layout.size()) };
        // SAFETY: the last bytes of the pages.
        unsafe { end.write_bytes(FILLING, behind) }
        Some(block)
    }

    /// The live block that begins at `block` and has this layout, and what was overwritten beside it.
    pub(super) fn find(&self, block: NonNull<u8>, layout: Layout) -> Result<(Block, Option<Misuse>), Misuse> {
        let misuse = |kind, made| Misuse::new(kind, block, Some(layout), made);
        let foreign = misuse(MisuseKind::Foreign, None);
        if !self.contains(block) {
            return Err(foreign);
        }
        let page = (block.addr().get() - self.start.addr().get()) / self.page;
        let entry = if page < self.first { Entry::default() } else { self.read(page) };
        let Some(made) = entry.layout() else { return Err(foreign) };
        if self.place(page, made) != block {
            let within = Some((self.place(page, made).addr().get(), made));
            return Err(if entry.is_live() { Misuse { within, ..foreign } } else { foreign });
        }
        if !entry.is_live() {
            return Err(misuse(MisuseKind::DoubleFree, Some(made)));
        }
        if made != layout {
            return Err(misuse(MisuseKind::WrongLayout, Some(made)));
        }
        let damage = self.damage(page, made).map(|kind| misuse(kind, Some(made)));
        Ok((Block(page), damage))
    }

    /// What was overwritten beside a live block.
    fn damage(&self, page: usize, layout: Layout) -> Option<MisuseKind> {
        let (before, behind) = self.gaps(layout);
        let block = self.place(page, layout);
        let dead = |start: *const u8, bytes: usize| {
            // SAFETY: the filling of a live block, which is committed; nobody but who misuses it writes there.
            let filling = unsafe { &*ptr::slice_from_raw_parts(start, bytes) };
            filling.iter().filter(|byte| **byte != FILLING).count()
        };
        let underrun = dead(self.at(page).as_ptr(), before);
        if underrun > 0 {
            return Some(MisuseKind::Underrun { bytes: underrun });
        }
        let overrun = dead(block.as_ptr().wrapping_add(layout.size()), behind);
        (overrun > 0).then_some(MisuseKind::Overrun { bytes: overrun })
    }

    /// Forbids the pages of a block for good, and gives their memory back. False if that was done before.
    pub(super) fn forbid(&mut self, block: Block) -> bool {
        let Block(page) = block;
        let entry = self.read(page);
        let (true, Some(layout)) = (entry.is_live(), entry.layout()) else { return false };
        // SAFETY: read just now, so committed; nobody else touches the table.
        unsafe { self.entry(page).write(Entry { align: entry.align | FREED, ..entry }) }
        self.live -= 1;
        // If the system refuses, the pages stay as they are. They are not used again either way.
        // SAFETY: whole pages of this reservation, whose block is given up.
        let _ = unsafe { sys::decommit(self.at(page), self.pages_of(layout) * self.page) };
        true
    }

    /// Looks beside all live blocks, up to the first that is not well, and returns how many there are.
    pub(super) fn check(&self) -> Result<usize, Misuse> {
        for page in self.first..self.next {
            let entry = self.read(page);
            let Some(made) = entry.layout().filter(|_| entry.is_live()) else { continue };
            if let Some(kind) = self.damage(page, made) {
                return Err(Misuse::new(kind, self.place(page, made), None, Some(made)));
            }
        }
        Ok(self.live)
    }
}
