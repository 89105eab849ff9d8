//! A reserved range of address space, committed from bottom to top.

use std::io;
use std::ptr::NonNull;

use super::virtual_memory::LEAST;
use super::{HugePages, cache};
use crate::addr::share::Room;
use crate::addr::{self, Steps};
use crate::error::Cause;
use crate::space::{self, Claim};
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sys::{self, HUGE_PAGE};
use crate::track;

/// A range of address space of which the first `committed` bytes may be touched.
///
/// # Invariants
///
/// * `start` and `len` are multiples of the page size, and lie within the reservation at `mapping`, of as many bytes as
///   are claimed, which this value owns.
/// * `committed <= len` and `locked <= committed` are multiples of the page size; bytes at or above `clean` were never
///   written.
#[derive(Debug)]
pub(super) struct Range {
    mapping: NonNull<u8>,
    claim: Claim,
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
    /// The most bytes that its present owner wanted committed.
    wanted: usize,
    /// The same of owners before: a lesser one takes a quarter off.
    usual: usize,
    /// What was a fair share when it was reserved.
    fair: usize,
}

/// What kind of range is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// Bytes that would be good to have; not less than `least`.
    pub(super) len: usize,
    /// Bytes below which a range is of no use.
    pub(super) least: usize,
    /// Whether somebody chose `len`, so that the range is not to be shorter if that can be helped.
    pub(super) chosen: bool,
    /// Whether there is other memory, so that a range is not worth having where few addresses are left.
    pub(super) dispensable: bool,
    /// Bytes that the arena which asks has reserved already.
    pub(super) held: usize,
    /// Whether a page that stays inaccessible is to be behind the range.
    pub(super) guard: bool,
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
        // No pointer reaches farther.
        if mapped > isize::MAX as usize {
            return Err(too_large());
        }
        let claim = Claim::new(mapped);
        let mapping = sys::reserve(mapped)?;
        // SAFETY: `reservation` has added as many bytes as may have to be skipped, so this is in the reservation.
        let start = unsafe { mapping.add(addr::padding(mapping.addr().get(), align)) };
        track::look_through(mapping.as_ptr(), mapped);
        Ok(Range {
            mapping,
            claim,
            start,
            len,
            committed: 0,
            clean: 0,
            populated: 0,
            locked: 0,
            pages: Pages::System,
            wanted: 0,
            usual: 0,
            fair: usize::MAX,
        })
    }

    /// Whether somebody has it, so that what is in it counts for leak checks. To begin with somebody does.
    pub(super) fn set_in_use(&self, used: bool) {
        let look = if used { track::look_through } else { track::look_away };
        look(self.mapping.as_ptr(), self.claim.bytes());
    }

    /// As [`reserve`](Self::reserve), as long as is fair to others; while the system says no, half as long.
    pub(super) fn reserve_for(wish: &Wish) -> Result<Range, Cause> {
        let refused = |_, error: io::Error| Cause::Reserve { code: error.raw_os_error() };
        let mut range = wish.fulfil(|len| Range::reserve(len, wish.guard), refused)?;
        range.fair = space::room().share(0);
        Ok(range)
    }

    /// Whether it would be much longer if it were reserved now, for somebody who wants `len` bytes: there was a crowd.
    pub(super) fn is_outgrown(&self, len: usize) -> bool {
        self.len < len && space::room().share(0).min(len) / 4 > self.fair
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
        self.wanted = self.wanted.max(wanted);
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
        self.count_committed(self.committed.max(bytes));
    }

    fn count_committed(&mut self, target: usize) {
        let more = target - self.committed;
        self.committed = target;
        PEAK.fetch_max(COMMITTED.fetch_add(more, Relaxed) + more, Relaxed);
    }

    fn commit_to(&mut self, target: usize) -> io::Result<()> {
        let more = target - self.committed;
        // SAFETY: `committed <= len`, so this is in the range or at its end.
        let from = unsafe { self.start.add(self.committed) };
        // SAFETY: `committed` and `target <= len` are multiples of the page size, so these are whole pages, and they are of this
        // value's own reservation.
        unsafe { sys::commit(from, more) }?;
        self.count_committed(target);
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
        if pages != self.pages {
            self.pages = pages;
            self.advise(0);
        }
    }

    /// Asks for the pages that were chosen, from the offset `from` on, a multiple of the page.
    fn advise(&self, from: usize) {
        // SAFETY: `from <= len`.
        let start = unsafe { self.start.add(from) };
        let bytes = self.len - from;
        let _ = match self.pages {
            Pages::System => Ok(()),
            // SAFETY: whole pages of this value's own reservation.
            Pages::Huge => unsafe { sys::advise_huge(start, bytes) },
            // SAFETY: as above.
            Pages::Small => unsafe { sys::advise_small(start, bytes) },
        };
    }

    /// Gives the memory of what is committed above `keep` bytes back to the system. It is zero when it is wanted again.
    pub(super) fn discard(&mut self, keep: usize) {
        let keep = steps().whole_pages(keep, self.len);
        if keep >= self.committed {
            return;
        }
        // SAFETY: `keep < committed <= len`.
        let from = unsafe { self.start.add(keep) };
        if self.locked > keep {
            // The system takes no locked pages.
            // SAFETY: whole committed pages of this value's own reservation.
            if unsafe { sys::unlock(from, self.locked - keep) }.is_err() {
                return;
            }
            self.locked = keep;
        }
        let end = self.present();
        if !self.decommit(keep) && keep < end {
            // SAFETY: whole committed pages of this value's own reservation; the caller says that their contents may go.
            if unsafe { sys::discard(from, end - keep) }.is_err() {
                return;
            }
        }
        self.clean = self.clean.min(keep);
        self.populated = self.populated.min(keep);
    }

    /// Takes back that what lies above `keep` bytes, fewer than are committed, is committed, if that is of use: where it
    /// counts as used, or where it is so much that the call does not show. Returns whether it did, and the memory is gone.
    fn decommit(&mut self, keep: usize) -> bool {
        let bytes = self.committed - keep;
        if bytes < DECOMMIT_FROM && space::look_at_memory() == usize::MAX {
            return false;
        }
        // SAFETY: `keep < committed <= len`.
        let from = unsafe { self.start.add(keep) };
        // SAFETY: whole committed pages of this value's own reservation; `discard`'s caller says that their contents may go.
        if unsafe { sys::decommit(from, bytes) }.is_err() {
            return false;
        }
        self.committed = keep;
        COMMITTED.fetch_sub(bytes, Relaxed);
        // What was advised is forgotten with the pages.
        self.advise(keep);
        true
    }

    /// The owner has no use for the range any more. Returns how many bytes of it are worth keeping: all, unless owners
    /// have lately needed less than a quarter of what is present.
    pub(super) fn settle(&mut self) -> usize {
        let present = self.present();
        let wanted = std::mem::replace(&mut self.wanted, 0);
        self.usual = wanted.max(self.usual - self.usual / 4).min(present);
        if present / 4 > self.usual { self.usual } else { present }
    }

    /// Whether it is committed so far beyond `bytes` bytes that [`discard`](Self::discard) would change that.
    pub(super) fn is_committed_beyond(&self, bytes: usize) -> bool {
        let bytes = if space::spare() == usize::MAX { bytes.max(DECOMMIT_FROM) } else { bytes };
        self.committed / 2 > bytes
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
        track::look_away(self.mapping.as_ptr(), self.claim.bytes());
        COMMITTED.fetch_sub(self.committed, Relaxed);
        // SAFETY: the whole reservation, which nobody uses once its owner is gone.
        unsafe { sys::release(self.mapping, self.claim.bytes()) };
    }
}

impl Wish {
    /// Calls `reserve` with a length that is fair to others; while that fails, with one that exceeds the least by half as
    /// much.
    /// `why` tells why so many bytes were refused.
    pub(super) fn fulfil<T>(
        &self,
        mut reserve: impl FnMut(usize) -> io::Result<T>,
        why: impl Fn(usize, io::Error) -> Cause,
    ) -> Result<T, Cause> {
        let mut more = (self.len - self.least).min(self.share(self.find_room()?));
        loop {
            match reserve(self.least + more) {
                // What is kept for later is in nobody's way.
                Err(error) if error.kind() == io::ErrorKind::OutOfMemory && cache::trim() => {}
                Err(error) if more > 0 => {
                    // Where all that is mapped is locked, it counts in full, touched or not.
                    let share = sys::lockable_left(&error).map_or(usize::MAX, |left| left / 8);
                    more = if more > LEAST { (more / 2).min(share) } else { 0 };
                }
                Err(error) => return Err(why(self.least + more, error)),
                Ok(reserved) => return Ok(reserved),
            }
        }
    }

    /// Finds room for a range.
    fn find_room(&self) -> Result<Room, Cause> {
        loop {
            let room = space::look();
            let most = space::most_live();
            // The default leaves some to those who have nothing else.
            let most = if self.dispensable { most - most / 4 } else { most };
            let cause = if room.live >= most {
                Cause::Crowded { ranges: room.live }
            } else if self.dispensable && self.share(room).max(self.least) < WORTH_HAVING {
                Cause::Reserve { code: None }
            } else {
                return Ok(room);
            };
            // What is kept for later is in nobody's way.
            if !cache::trim() {
                return Err(cause);
            }
        }
    }

    fn share(&self, room: Room) -> usize {
        if self.chosen { room.chosen(self.held) } else { room.share(self.held) }
    }
}

/// Bytes that all ranges together have committed.
static COMMITTED: AtomicUsize = AtomicUsize::new(0);

/// The most that they had lately.
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The most bytes that all ranges had committed together, lately.
pub(super) fn peak() -> usize {
    PEAK.load(Relaxed)
}

/// Time has passed: a quarter of the peak is forgotten, as far as it is not the present.
pub(super) fn forget_peak() {
    let peak = peak();
    PEAK.store((peak - peak / 4).max(COMMITTED.load(Relaxed)), Relaxed);
}

/// How ranges are committed.
fn steps() -> Steps {
    let smallest = if cfg!(arenite_zeal) { 1 } else { 64 << 10 };
    Steps { page: sys::page_size(), huge_page: HUGE_PAGE, smallest, largest: 64 << 20 }
}

/// `HugePages::Auto` asks for huge pages from this many committed bytes on: the last one, half of it idle on average, is
/// then a few percent of the whole.
const HUGE_FROM: usize = 16 << 20;

/// From this many bytes on, what is given back is also made inaccessible.
const DECOMMIT_FROM: usize = 16 << 20;

/// Where there is other memory, no shorter range is taken for small blocks.
const WORTH_HAVING: usize = 1 << 20;
