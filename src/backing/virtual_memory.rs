//! Reserved virtual memory.

use core::fmt;
use core::mem;
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use super::cache::{self, Key};
use super::range::Range;
use super::{Backing, Block, Extension, Request};
use crate::addr::cut::Cut;
use crate::error::Cause;

/// Whether huge pages (2 MiB) are asked for. They make touching fresh memory several times cheaper, and round the
/// memory in use up to whole huge pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HugePages {
    /// No, and the system is told so.
    Never,
    /// Once an arena is large enough (16 MiB) for the rounding not to show.
    #[default]
    Auto,
    /// From the start.
    Always,
}

/// Memory in a reserved range of address space that is committed as it is needed: the last block grows without a copy, to
/// the end of the range, and fresh memory is known to be zero.
///
/// A range of 64 GiB is reserved when the first block is needed; address space costs nothing until it is touched. When a
/// range is full, a further one follows. A dropped arena leaves its range, pages and all, to a process-wide cache of
/// at most 16 ranges and 256 MiB ([`trim_cache`](Self::trim_cache)), so that the next one costs no system call.
///
/// Strict: where no address space is to be had, allocation fails.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, Virtual, collections::Vec};
///
/// let arena: Arena<_> = Arena::new_in(Virtual::new());
/// let mut numbers: Vec<'_, u64, _> = Vec::new_in(&arena);
/// numbers.push(0);
/// let first = numbers.as_ptr();
/// numbers.extend(1..1_000_000);
/// assert_eq!(numbers.as_ptr(), first); // grown a thousandfold, never moved
/// ```
pub struct Virtual {
    reserve: usize,
    huge: HugePages,
    guard: bool,
    lock: bool,
    prefault: usize,
    /// The range that is being cut, and those that were full when it came.
    current: Option<Piece>,
    full: Vec<Piece>,
    /// Why memory could not be had the last time.
    error: Option<Cause>,
}

/// A range and how far it has been cut.
struct Piece {
    range: Range,
    cut: Cut,
}

/// Address space that is reserved unless something else is asked for.
const RESERVE: usize = if cfg!(target_pointer_width = "64") { 64 << 30 } else { 64 << 20 };

/// No reservation is smaller: when less is to be had, there is none.
pub(super) const LEAST: usize = 64 << 10;

impl Virtual {
    /// A range of 64 GiB (64 MiB on 32-bit systems). Nothing is reserved yet.
    pub const fn new() -> Self {
        Virtual {
            reserve: RESERVE,
            huge: HugePages::Auto,
            guard: false,
            lock: false,
            prefault: 0,
            current: None,
            full: Vec::new(),
            error: None,
        }
    }

    /// Preset for an arena that lives as long as a session: 256 GiB.
    pub const fn session() -> Self {
        let mut options = Virtual::new();
        options.reserve = RESERVE.saturating_mul(4);
        options
    }

    /// Preset for an arena that lives as long as the process: 4 TiB.
    pub const fn global() -> Self {
        let mut options = Virtual::new();
        options.reserve = RESERVE.saturating_mul(64);
        options
    }

    /// Preset for many arenas at once, or little memory: 64 MiB, small pages.
    pub const fn low_memory() -> Self {
        let mut options = Virtual::new();
        options.reserve = 64 << 20;
        options.huge = HugePages::Never;
        options
    }

    /// Sets how many bytes of address space a range has. When they are not to be had, half as many are tried, and so on.
    #[must_use]
    pub fn reserve(mut self, bytes: usize) -> Self {
        self.reserve = bytes.max(LEAST);
        self
    }

    /// Sets whether huge pages are asked for; [`HugePages::Auto`] unless set.
    #[must_use]
    pub fn huge_pages(mut self, huge: HugePages) -> Self {
        self.huge = huge;
        self
    }

    /// Sets whether a page that is never accessible follows the range, so that running off its end dies at once.
    #[must_use]
    pub fn guard(mut self, guard: bool) -> Self {
        self.guard = guard;
        self
    }

    /// Sets whether what is committed is locked into memory, never to be swapped. A system that allows less
    /// (`RLIMIT_MEMLOCK`) makes allocation fail. Such a range goes back to the system when its arena is dropped, not to the
    /// cache.
    #[must_use]
    pub fn lock(mut self, lock: bool) -> Self {
        self.lock = lock;
        self
    }

    /// Sets how many bytes are made present when the range is reserved, so that touching them does not fault later.
    #[must_use]
    pub fn prefault(mut self, bytes: usize) -> Self {
        self.prefault = bytes;
        self
    }

    /// Whether this process can reserve address space. Tries it.
    pub fn is_available() -> bool {
        Range::reserve(LEAST, false).is_ok()
    }

    /// Gives the ranges that dropped arenas left back to the system.
    pub fn trim_cache() {
        cache::trim();
    }

    /// Why memory could not be had the last time.
    #[cfg(feature = "log")]
    pub(super) fn last_error(&self) -> Option<&Cause> {
        self.error.as_ref()
    }

    /// Whether nothing has been cut from any range.
    pub(super) fn is_unused(&self) -> bool {
        self.current.iter().chain(&self.full).all(|piece| piece.cut.used() == 0)
    }

    /// Whether `address` lies in one of the ranges.
    pub(super) fn owns(&self, address: NonNull<u8>) -> bool {
        self.current.iter().chain(&self.full).any(|piece| piece.contains(address.addr().get()))
    }

    fn key(&self) -> Key {
        Key { len: self.reserve, guard: self.guard, huge: self.huge }
    }
}

impl Virtual {
    /// Makes a range current in which a block of `bytes` bytes fits.
    fn enter_range(&mut self, bytes: usize) -> Result<(), Cause> {
        let key = self.key();
        let fits = |range: &Range| range.len() >= bytes;
        let range = match cache::take(key) {
            Some(range) if fits(&range) => range,
            other => {
                if let Some(small) = other {
                    cache::give(small, key);
                }
                Range::reserve_up_to(self.reserve.max(bytes), bytes.max(LEAST), self.guard)
                    .map_err(|error| Cause::Reserve { code: error.raw_os_error() })?
            }
        };
        let mut piece = Piece::new(range);
        if self.prefault > 0 {
            let prefault = self.prefault.min(piece.range.len());
            let committed = piece.range.commit(prefault, self.huge);
            committed.map_err(|error| Cause::Commit { code: error.raw_os_error() })?;
            if self.lock {
                let locked = piece.range.lock(prefault);
                locked.map_err(|error| Cause::Lock { code: error.raw_os_error() })?;
            }
            let present = piece.range.populate(0, prefault);
            present.map_err(|error| Cause::Prefault { code: error.raw_os_error() })?;
        }
        if let Some(full) = self.current.take() {
            // Room for it first: a push that finds no memory would end the process.
            if self.full.try_reserve(1).is_err() {
                self.current = Some(full);
                return Err(Cause::Reserve { code: None });
            }
            self.full.push(full);
        }
        self.current = Some(piece);
        Ok(())
    }

    /// Once nothing is left of what was cut from the range that followed, goes back to the one before: the last block
    /// there can grow again.
    fn go_back(&mut self) {
        let (key, lock) = (self.key(), self.lock);
        while self.current.as_ref().is_some_and(|piece| piece.cut.used() == 0) {
            let Some(before) = self.full.pop() else { break };
            if let Some(empty) = self.current.replace(before).filter(|_| !lock) {
                cache::give(empty.range, key);
            }
        }
    }

    /// The error of a system call, kept for whoever asks why.
    fn failed(&mut self, error: Cause) -> AllocError {
        self.error = Some(error);
        AllocError
    }

    /// Has `bytes` bytes from `start` on, all of which were obtained, made present.
    pub(crate) fn make_present(&mut self, start: NonNull<u8>, bytes: usize) -> Result<(), AllocError> {
        let piece = self.piece_at(start.addr().get()).ok_or(AllocError)?;
        let from = piece.offset(start.addr().get());
        let present = piece.range.populate(from, from + bytes);
        present.map_err(|error| self.failed(Cause::Prefault { code: error.raw_os_error() }))
    }

    /// The piece in which `address` lies.
    fn piece_at(&mut self, address: usize) -> Option<&mut Piece> {
        self.current.iter_mut().chain(&mut self.full).find(|piece| piece.contains(address))
    }
}

impl Piece {
    fn new(range: Range) -> Piece {
        let cut = Cut::new(range.len());
        Piece { range, cut }
    }

    fn offset(&self, address: usize) -> usize {
        address.wrapping_sub(self.range.start().addr().get())
    }

    fn contains(&self, address: usize) -> bool {
        self.offset(address) < self.range.len()
    }

    /// Bytes that are granted at once: little at first, then in proportion, so that the cold path stays cold.
    fn step(&self) -> usize {
        const SMALLEST: usize = if cfg!(arenite_zeal) { 256 } else { 64 << 10 };
        (self.cut.used() / 4).clamp(SMALLEST, 16 << 20)
    }

    /// Commits what has been cut.
    fn commit(&mut self, huge: HugePages, lock: bool) -> Result<(), Cause> {
        let committed = self.range.commit(self.cut.used(), huge);
        committed.map_err(|error| Cause::Commit { code: error.raw_os_error() })?;
        if lock {
            let locked = self.range.lock(self.cut.used());
            locked.map_err(|error| Cause::Lock { code: error.raw_os_error() })?;
        }
        Ok(())
    }
}

// SAFETY: blocks are disjoint parts of committed ranges that this value owns, at addresses that are not its own. They are
// writable once `commit` has returned, and the ranges are given up when the value is dropped, or when no block is left.
unsafe impl Backing for Virtual {
    const NAME: &'static str = "virtual";
    const CONTIGUOUS: bool = true;
    const GROWS_IN_PLACE: bool = true;
    const FRESH_IS_ZERO: bool = true;

    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        let whole = request.header.checked_add(request.need).and_then(|sum| sum.checked_add(request.align));
        let whole = whole.ok_or(AllocError)?;
        self.go_back();
        if self.current.as_ref().is_none_or(|piece| piece.cut.room() < whole) {
            self.enter_range(whole).map_err(|error| self.failed(error))?;
        }
        let (huge, lock) = (self.huge, self.lock);
        let piece = self.current.as_mut().ok_or(AllocError)?;
        let before = piece.cut.used();
        let (step, start) = (piece.step(), piece.range.start().addr().get());
        let (offset, len) = request.cut(&mut piece.cut, start, step)?;
        if let Err(error) = piece.commit(huge, lock) {
            piece.cut.cut_back(before);
            self.go_back();
            return Err(self.failed(error));
        }
        // SAFETY: the block lies in the range.
        let start = unsafe { piece.range.start().add(offset) };
        let dirty = if piece.range.is_clean(offset) { 0 } else { len };
        Ok(Block { start, len, align: request.align, side: false, dirty })
    }

    fn extend(&mut self, end: NonNull<u8>, need: usize, most: usize) -> Result<Extension, AllocError> {
        self.go_back();
        let (huge, lock) = (self.huge, self.lock);
        let piece = self.current.as_mut().ok_or(AllocError)?;
        let before = piece.cut.used();
        let (step, start) = (piece.step(), piece.range.start().addr().get());
        let end = piece.offset(end.addr().get());
        let more = piece.cut.extend(start, end, need, most, step).ok_or(AllocError)?;
        if let Err(error) = piece.commit(huge, lock) {
            piece.cut.cut_back(before);
            return Err(self.failed(error));
        }
        Ok(Extension { more, is_zero: piece.range.is_clean(before) })
    }

    unsafe fn release(&mut self, block: Block) {
        let address = block.start.addr().get();
        if let Some(piece) = self.piece_at(address) {
            let offset = piece.offset(address);
            piece.range.soil(offset + block.dirty);
            piece.cut.release(offset, block.len);
        }
    }

    unsafe fn shorten(&mut self, block: Block, len: usize) {
        let address = block.start.addr().get();
        // It is the only block, so whatever else counts as cut is what was released out of order.
        for piece in self.current.iter_mut().chain(&mut self.full) {
            if piece.contains(address) {
                let offset = piece.offset(address);
                piece.range.soil(offset + block.dirty);
                piece.cut.cut_back(offset + len);
            } else {
                piece.cut.cut_back(0);
            }
        }
    }

    fn trim(&mut self) {
        for piece in self.current.iter_mut().chain(&mut self.full) {
            piece.range.discard(piece.cut.used());
        }
    }

    fn available(&self, _align: usize) -> Option<usize> {
        Some(usize::MAX >> 17)
    }

    fn cause(&self) -> Option<Cause> {
        self.error
    }

    fn reserved(&self) -> Option<usize> {
        Some(self.current.iter().chain(&self.full).map(|piece| piece.range.len()).sum())
    }

    unsafe fn shrunk(&mut self, largest: usize) {
        if largest != 0 {
            return;
        }
        for piece in self.current.iter_mut().chain(&mut self.full) {
            piece.cut.cut_back(0);
        }
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        let key = self.key();
        if self.lock {
            return;
        }
        if let Some(piece) = self.current.take() {
            cache::give(piece.range, key);
        }
        for piece in mem::take(&mut self.full) {
            cache::give(piece.range, key);
        }
    }
}

impl Default for Virtual {
    fn default() -> Self {
        Virtual::new()
    }
}

impl fmt::Debug for Virtual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Virtual")
            .field("reserve", &self.reserve)
            .field("huge_pages", &self.huge)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}
