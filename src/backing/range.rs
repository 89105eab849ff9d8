//! A reserved range of address space, committed from bottom to top.

use std::io;
use std::ptr::NonNull;

use super::HugePages;
use crate::addr;
use crate::sys::{self, HUGE_PAGE};

/// A range of address space of which the first `committed` bytes may be touched.
///
/// # Invariants
///
/// * `start` and `len` are multiples of the page size, and lie within the reservation of `mapped` bytes at `mapping`,
///   which this value owns.
/// * `committed <= len` is a multiple of the page size; bytes at or above `clean` were never written.
#[derive(Debug)]
pub(super) struct Range {
    mapping: NonNull<u8>,
    mapped: usize,
    start: NonNull<u8>,
    len: usize,
    committed: usize,
    /// Offset from which on every byte is known to be zero.
    clean: usize,
    /// Which pages were asked for.
    pages: Pages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pages {
    System,
    Small,
    Huge,
}

// SAFETY: it owns its reservation, which may go to another thread.
unsafe impl Send for Range {}
// SAFETY: nothing can be done through `&Range` but read its fields.
unsafe impl Sync for Range {}

impl Range {
    /// Reserves `len` bytes, rounded up to pages, and a page that stays inaccessible behind them if `guard`.
    pub(super) fn reserve(len: usize, guard: bool) -> io::Result<Range> {
        let page = sys::page_size();
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let len = addr::align_up(len, page).ok_or_else(too_large)?;
        // A range of huge pages starts on a boundary between them.
        let align = if len >= 2 * HUGE_PAGE { HUGE_PAGE } else { page };
        let around = (align - page) + if guard { page } else { 0 };
        let mapped = len.checked_add(around).ok_or_else(too_large)?;
        let mapping = sys::reserve(mapped)?;
        // SAFETY: less than `around` bytes are skipped, so this is in the reservation.
        let start = unsafe { mapping.add(addr::padding(mapping.addr().get(), align)) };
        Ok(Range { mapping, mapped, start, len, committed: 0, clean: 0, pages: Pages::System })
    }

    /// As [`reserve`](Self::reserve); while the system says no, half as much, down to `least` bytes. Where the process's
    /// address space is limited, no more than an eighth of what is left: others need some, too.
    pub(super) fn reserve_up_to(len: usize, least: usize, guard: bool) -> io::Result<Range> {
        let share = sys::address_space_left().map_or(usize::MAX, |left| left / 8);
        let mut len = len.min(share).max(least);
        loop {
            match Range::reserve(len, guard) {
                Err(_) if len > least => len = (len / 2).max(least),
                result => return result,
            }
        }
    }

    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn committed(&self) -> usize {
        self.committed
    }

    /// Whether every byte from `offset` on is zero.
    pub(super) fn is_clean(&self, offset: usize) -> bool {
        offset >= self.clean
    }

    /// Bytes below `offset` may have been written.
    pub(super) fn soil(&mut self, offset: usize) {
        self.clean = self.clean.max(offset);
    }

    /// Commits at least `wanted` bytes from the start. How much more is a matter of how much there is already, so that
    /// system calls stay few.
    pub(super) fn commit(&mut self, wanted: usize, huge: HugePages) -> io::Result<()> {
        if wanted <= self.committed {
            return Ok(());
        }
        let step = (self.committed / 2).clamp(SMALLEST_STEP, LARGEST_STEP);
        let target = wanted.max(self.committed + step);
        let unit = if target >= HUGE_PAGE { HUGE_PAGE } else { sys::page_size() };
        let target = addr::align_up(target, unit).unwrap_or(self.len).min(self.len);
        self.choose_pages(target, huge);
        // What was asked for first, then no more than is needed.
        self.commit_to(target).or_else(|_| {
            let least = addr::align_up(wanted, sys::page_size()).unwrap_or(self.len).min(self.len);
            self.commit_to(least)
        })
    }

    fn commit_to(&mut self, target: usize) -> io::Result<()> {
        let more = target - self.committed;
        // SAFETY: `committed <= len`, so this is in the range or at its end.
        let from = unsafe { self.start.add(self.committed) };
        // SAFETY: whole pages of this value's own reservation.
        unsafe { sys::commit(from, more) }?;
        self.committed = target;
        Ok(())
    }

    /// Asks for the pages that suit a range committed up to `target`. Advice that the system does not take is no error.
    fn choose_pages(&mut self, target: usize, huge: HugePages) {
        let pages = match huge {
            HugePages::Never => Pages::Small,
            HugePages::Always => Pages::Huge,
            HugePages::Auto if target >= HUGE_FROM => Pages::Huge,
            HugePages::Auto => self.pages,
        };
        if pages == self.pages {
            return;
        }
        let _ = match pages {
            // SAFETY: the whole range is this value's own.
            Pages::Huge => unsafe { sys::advise_huge(self.start, self.len) },
            // SAFETY: as above.
            _ => unsafe { sys::advise_small(self.start, self.len) },
        };
        self.pages = pages;
    }

    /// Gives the memory of what is committed above `keep` bytes back to the system. It stays committed, and is zero.
    pub(super) fn discard(&mut self, keep: usize) {
        let Some(keep) = addr::align_up(keep, sys::page_size()) else { return };
        let end = addr::align_up(self.clean, sys::page_size()).unwrap_or(self.len).min(self.committed);
        if keep >= end {
            return;
        }
        // SAFETY: `keep < end <= committed <= len`.
        let from = unsafe { self.start.add(keep) };
        // SAFETY: whole committed pages of this value's own reservation; the caller says that their contents may go.
        if unsafe { sys::discard(from, end - keep) }.is_ok() {
            self.clean = self.clean.min(keep);
        }
    }

    /// Has the first `bytes` committed bytes made present.
    pub(super) fn populate(&mut self, bytes: usize) -> io::Result<()> {
        let bytes = addr::align_up(bytes, sys::page_size()).unwrap_or(self.len).min(self.committed);
        // SAFETY: whole committed pages of this value's own reservation.
        unsafe { sys::populate(self.start, bytes) }
    }

    /// Keeps what is committed from the offset `from` on in memory.
    pub(super) fn lock(&mut self, from: usize) -> io::Result<()> {
        // SAFETY: the caller got the offset from `committed`, so it is in the range, at the start of a page.
        let start = unsafe { self.start.add(from) };
        // SAFETY: whole committed pages of this value's own reservation.
        unsafe { sys::lock(start, self.committed - from) }
    }

    /// Bytes from the start that may hold memory.
    pub(super) fn soiled(&self) -> usize {
        self.clean
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        // SAFETY: the whole reservation, which nobody uses once its owner is gone.
        unsafe { sys::release(self.mapping, self.mapped) };
    }
}

/// The least that is committed at once.
const SMALLEST_STEP: usize = 64 << 10;
/// The most that is committed at once beyond what is needed.
const LARGEST_STEP: usize = 64 << 20;
/// `HugePages::Auto` asks for huge pages from this many committed bytes on: the last one, half of it idle on average, is
/// then a few percent of the whole.
const HUGE_FROM: usize = 16 << 20;
