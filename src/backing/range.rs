//! A reserved range of address space, committed from bottom to top.

use std::io;
use std::ptr::NonNull;

use super::HugePages;
use crate::addr::{self, Steps};
use crate::sys::{self, HUGE_PAGE};
use crate::track;

/// A range of address space of which the first `committed` bytes may be touched.
///
/// # Invariants
///
/// * `start` and `len` are multiples of the page size, and lie within the reservation of `mapped` bytes at `mapping`,
///   which this value owns.
/// * `committed <= len` and `locked <= committed` are multiples of the page size; bytes at or above `clean` were never
///   written.
#[derive(Debug)]
pub(super) struct Range {
    mapping: NonNull<u8>,
    mapped: usize,
    start: NonNull<u8>,
    len: usize,
    committed: usize,
    /// Offset from which on every byte is known to be zero.
    clean: usize,
    /// Offset below which pages may be present although they are zero.
    populated: usize,
    /// The first so many bytes are kept in memory.
    locked: usize,
    /// Which pages were asked for.
    pages: Pages,
}

// A word, so that a range is moved word by word: it is on the way into the cache and out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
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
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let (len, align, mapped) = steps().reservation(len, guard).ok_or_else(too_large)?;
        let mapping = sys::reserve(mapped)?;
        // SAFETY: `reservation` has added as many bytes as may have to be skipped, so this is in the reservation.
        let start = unsafe { mapping.add(addr::padding(mapping.addr().get(), align)) };
        let pages = Pages::System;
        track::look_through(mapping.as_ptr(), mapped);
        Ok(Range { mapping, mapped, start, len, committed: 0, clean: 0, populated: 0, locked: 0, pages })
    }

    /// Whether somebody has it, so that what is in it counts for leak checks. To begin with somebody does.
    pub(super) fn set_in_use(&self, used: bool) {
        let look = if used { track::look_through } else { track::look_away };
        look(self.mapping.as_ptr(), self.mapped);
    }

    /// As [`reserve`](Self::reserve); while the system says no, half as much, down to `least` bytes. Where the process's
    /// address space is limited, no more than an eighth of what is left: others need some, too.
    pub(super) fn reserve_up_to(len: usize, least: usize, guard: bool) -> io::Result<Range> {
        let share = sys::address_space_left().map_or(usize::MAX, |left| left / 8);
        let mut len = len.min(share).max(least);
        loop {
            match Range::reserve(len, guard) {
                Err(error) if len > least => {
                    // Where all that is mapped is locked, it counts in full, touched or not.
                    let share = sys::lockable_left(&error).map_or(usize::MAX, |left| left / 8);
                    len = (len / 2).min(share).max(least);
                }
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
        let target = steps().target(self.committed, wanted, self.len);
        self.choose_pages(target, huge);
        // What was asked for first, then no more than is needed.
        self.commit_to(target).or_else(|_| self.commit_to(steps().whole_pages(wanted, self.len)))
    }

    /// Says that the first `bytes` bytes are committed already.
    ///
    /// # Safety
    ///
    /// `bytes` is a multiple of the page size and at most [`len`](Self::len), and the bytes can be read and written.
    #[cfg(feature = "mapped")]
    pub(super) unsafe fn assume_committed(&mut self, bytes: usize) {
        self.committed = self.committed.max(bytes);
    }

    fn commit_to(&mut self, target: usize) -> io::Result<()> {
        let more = target - self.committed;
        // SAFETY: `committed <= len`, so this is in the range or at its end.
        let from = unsafe { self.start.add(self.committed) };
        // SAFETY: `committed` and `target <= len` are multiples of the page size, so these are whole pages, and they are of this
        // value's own reservation.
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
            // SAFETY: the whole range is this value's own.
            _ => unsafe { sys::advise_small(self.start, self.len) },
        };
        self.pages = pages;
    }

    /// Gives the memory of what is committed above `keep` bytes back to the system. It stays committed, and is zero.
    pub(super) fn discard(&mut self, keep: usize) {
        let keep = steps().whole_pages(keep, self.len);
        let end = self.present();
        if keep >= end {
            return;
        }
        // SAFETY: `keep < end <= committed <= len`.
        let from = unsafe { self.start.add(keep) };
        if self.locked > keep {
            // The system takes no locked pages.
            // SAFETY: whole committed pages of this value's own reservation.
            if unsafe { sys::unlock(from, self.locked - keep) }.is_err() {
                return;
            }
            self.locked = keep;
        }
        // SAFETY: whole committed pages of this value's own reservation; the caller says that their contents may go.
        if unsafe { sys::discard(from, end - keep) }.is_ok() {
            self.clean = self.clean.min(keep);
            self.populated = self.populated.min(keep);
        }
    }

    /// Gives the memory of the whole pages from the offset `from` to the offset `to`, all of them committed, back to the
    /// system. They stay committed. Returns how many bytes that are.
    pub(super) fn discard_within(&self, from: usize, to: usize) -> usize {
        let page = sys::page_size();
        let (from, to) = (addr::align_up(from, page).unwrap_or(to), addr::align_down(to, page));
        if from >= to || self.locked > from {
            return 0;
        }
        // SAFETY: `from < to <= committed <= len`.
        let start = unsafe { self.start.add(from) };
        // SAFETY: whole committed pages of this value's own reservation; the caller says that their contents may go.
        if unsafe { sys::discard(start, to - from) }.is_ok() { to - from } else { 0 }
    }

    /// Has the pages of the committed bytes from the offset `from` to the offset `to`, which nobody uses, made present.
    ///
    /// # Errors
    ///
    /// The system has no memory for them. (That it knows no such call, or does not allow it, is no error.)
    pub(super) fn populate(&mut self, from: usize, to: usize) -> io::Result<()> {
        let to = to.min(self.committed);
        let from = from.min(to);
        self.populated = self.populated.max(steps().whole_pages(to, self.committed));
        // SAFETY: `from <= to <= committed <= len`, so this is in the range or at its end.
        let start = unsafe { self.start.add(from) };
        // SAFETY: the bytes from `from` to `to` are committed, and the caller says that nobody uses them; the reservation is this
        // value's own, in whole pages.
        unsafe { sys::populate(start, to - from) }
    }

    /// Keeps at least the first `wanted` bytes, which are committed, in memory: all that is committed, if the system
    /// allows as much.
    pub(super) fn lock(&mut self, wanted: usize) -> io::Result<()> {
        if wanted <= self.locked {
            return Ok(());
        }
        self.lock_to(self.committed).or_else(|_| self.lock_to(steps().whole_pages(wanted, self.committed)))
    }

    fn lock_to(&mut self, target: usize) -> io::Result<()> {
        // SAFETY: `locked <= committed <= len`, so this is in the range or at its end.
        let from = unsafe { self.start.add(self.locked) };
        // SAFETY: whole committed pages of this value's own reservation.
        unsafe { sys::lock(from, target - self.locked) }?;
        self.locked = target;
        self.populated = self.populated.max(target);
        Ok(())
    }

    /// Bytes from the start that may hold memory, in whole pages.
    pub(super) fn present(&self) -> usize {
        let unit = if self.pages == Pages::Huge { HUGE_PAGE } else { sys::page_size() };
        let touched = self.clean.max(self.populated);
        addr::align_up(touched, unit).map_or(self.committed, |present| present.min(self.committed))
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        track::look_away(self.mapping.as_ptr(), self.mapped);
        // SAFETY: the whole reservation, which nobody uses once its owner is gone.
        unsafe { sys::release(self.mapping, self.mapped) };
    }
}

/// How ranges are committed.
fn steps() -> Steps {
    let smallest = if cfg!(arenite_zeal) { 1 } else { 64 << 10 };
    Steps { page: sys::page_size(), huge_page: HUGE_PAGE, smallest, largest: 64 << 20 }
}

/// `HugePages::Auto` asks for huge pages from this many committed bytes on: the last one, half of it idle on average, is
/// then a few percent of the whole.
const HUGE_FROM: usize = 16 << 20;
