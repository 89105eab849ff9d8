//! Reserved virtual memory.

use core::fmt;
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use super::cache::{self, Key};
use super::piece::{Piece, Pieces};
use super::range::{Range, Wish};
use super::{Backing, Block, Extension, HugePages, Request};
use crate::error::Cause;
use crate::{addr, sys};

/// Memory in a reserved range of address space that is committed as it is needed: the last block grows without a copy, to
/// the end of the range, and fresh memory is known to be zero.
///
/// A range of 64 GiB is reserved when the first block is needed; address space costs nothing until it is touched. When a
/// range is full, a further one follows.
///
/// Strict: where no address space is to be had, allocation fails.
///
/// # How long a range is
///
/// Addresses that are reserved are missing elsewhere: a thread needs some for its stack. So half of the address space (or of
/// what `ulimit -v` allows) is left to others, and each range gets one part of the rest: an eighth, less the more ranges there
/// are. In 47 bits some 500 arenas have 64 GiB each, and the ten thousandth gets 170 MiB; in 39 bits the first one gets
/// 32 GiB, and the hundredth 160 MiB. A length that is [asked for](Self::reserve) may be a quarter of what is left. A range
/// that follows a full one is at least as long as all before it, as long as that leaves something.
///
/// There are at most a quarter as many ranges as the system allows mappings (16 382 on most): after that, allocation fails
/// with [`Cause::Crowded`].
///
/// # What a dropped arena leaves
///
/// Its ranges, pages and all, go to a process-wide cache, so that the next arena of its kind makes no system call. The cache
/// keeps at most 16 ranges, with 2 MiB of memory in each, and beyond these
///
/// * 64 MiB (68, with what is rounded up to huge pages), or a quarter of what all ranges had in use at the peak, if that is
///   more; 256 MiB at the most;
/// * a 32nd of `RLIMIT_DATA` at the most, and nothing where `vm.overcommit_memory` is 2: there, what is kept is missing
///   elsewhere although nobody touches it.
///
/// What exceeds that goes back to the system at once. A range whose arenas use less than a quarter of what it holds gives
/// the rest back after a few of them, and one that no arena takes goes after some 64 others came. [`trim_cache`](Self::trim_cache)
/// empties the cache.
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
    /// Whether somebody chose that.
    chosen: bool,
    /// Whether there is other memory.
    dispensable: bool,
    huge: HugePages,
    guard: bool,
    lock: bool,
    prefault: usize,
    pieces: Pieces,
    /// Why memory could not be had the last time.
    error: Option<Cause>,
}

/// Address space that is reserved unless something else is asked for.
const RESERVE: usize = if cfg!(miri) {
    4 << 20
} else if cfg!(target_pointer_width = "64") {
    64 << 30
} else {
    64 << 20
};

/// No reservation is smaller: when less is to be had, there is none.
pub(super) const LEAST: usize = 64 << 10;

impl Virtual {
    /// A range of 64 GiB (64 MiB on 32-bit systems), shorter where [others need some](Self#how-long-a-range-is). Nothing is
    /// reserved yet.
    pub const fn new() -> Self {
        Virtual {
            reserve: RESERVE,
            chosen: false,
            dispensable: false,
            huge: HugePages::Auto,
            guard: false,
            lock: false,
            prefault: 0,
            pieces: Pieces::new(),
            error: None,
        }
    }

    /// Preset for an arena that lives as long as a session: 256 GiB.
    pub const fn session() -> Self {
        let mut options = Virtual::new();
        options.reserve = RESERVE.saturating_mul(4);
        options.chosen = true;
        options
    }

    /// Preset for an arena that lives as long as the process: 4 TiB.
    pub const fn global() -> Self {
        let mut options = Virtual::new();
        options.reserve = RESERVE.saturating_mul(64);
        options.chosen = true;
        options
    }

    /// Preset for many arenas at once, or little memory: 64 MiB, small pages.
    pub const fn low_memory() -> Self {
        let mut options = Virtual::new();
        options.reserve = 64 << 20;
        options.chosen = true;
        options.huge = HugePages::Never;
        options
    }

    /// Sets how many bytes of address space a range has: up to a quarter of what is [left](Self#how-long-a-range-is). When
    /// the system refuses them, half as many are tried, and so on.
    #[must_use]
    pub fn reserve(mut self, bytes: usize) -> Self {
        self.reserve = bytes.max(LEAST);
        self.chosen = true;
        self
    }

    /// Says that there is other memory, so that a range is not worth having where few addresses are left.
    pub(super) fn dispensable(mut self) -> Self {
        self.dispensable = true;
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

    /// Sets how many bytes are made present when the range is reserved, so that touching them does not fault later. Where the
    /// system does not do that, they come when they are touched.
    #[must_use]
    pub fn prefault(mut self, bytes: usize) -> Self {
        self.prefault = bytes;
        self
    }

    /// Whether this process can reserve address space. Tries it.
    pub fn is_available() -> bool {
        Range::reserve(LEAST, false).is_ok()
    }

    /// Gives the ranges that dropped arenas left back to the system: see [what a dropped arena
    /// leaves](Self#what-a-dropped-arena-leaves). One system call a range.
    pub fn trim_cache() {
        _ = cache::trim();
    }

    /// Why memory could not be had the last time.
    #[cfg(feature = "log")]
    pub(super) fn last_error(&self) -> Option<&Cause> {
        self.error.as_ref()
    }

    /// Whether there is no block.
    pub(super) fn is_unused(&self) -> bool {
        self.pieces.iter().all(Piece::is_unused)
    }

    /// Whether `address` lies in one of the ranges.
    pub(super) fn owns(&self, address: NonNull<u8>) -> bool {
        self.pieces.contain(address)
    }

    fn key(&self) -> Key {
        // As long as the range is, unless it is longer or shorter.
        let len = addr::align_up(self.reserve, sys::page_size()).unwrap_or(self.reserve);
        Key { len, guard: self.guard, huge: self.huge }
    }
}

impl Virtual {
    /// Makes a range current in which a block of `bytes` bytes fits.
    fn enter_range(&mut self, bytes: usize) -> Result<(), Cause> {
        // The list of those before it, if they are in use, takes a little.
        let list = if self.is_unused() { 0 } else { Piece::LIST };
        let bytes = bytes.checked_add(list).ok_or(Cause::Reserve { code: None })?;
        let range = match cache::take(self.key(), bytes) {
            Some(range) => range,
            None => Range::reserve_for(&Wish {
                len: self.reserve.max(bytes),
                least: bytes.max(LEAST),
                chosen: self.chosen,
                dispensable: self.dispensable,
                held: self.reserved().unwrap_or(0),
                guard: self.guard,
            })?,
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
            // A favour: memory that is not there before it is touched comes when it is.
            let _ = piece.range.populate(0, prefault);
        }
        // One that is too small, and serves nobody, makes way.
        if self.pieces.current().is_some_and(|piece| piece.is_unused()) {
            if let Some(unused) = self.pieces.pop() {
                self.put_away(unused);
            }
        }
        self.pieces.push(piece, self.huge, self.lock)
    }

    /// Leaves a range in which nothing is in use to the next arena.
    fn put_away(&self, piece: Piece) {
        // What is locked goes back to the system.
        if !self.lock {
            cache::give(piece.range, self.key());
        }
    }

    /// Once nothing is left of what was cut from the range that followed, goes back to the one before: the last block
    /// there can grow again.
    fn go_back(&mut self) {
        while self.pieces.iter().nth(1).is_some()
            && self.pieces.current().is_some_and(|piece| piece.is_unused())
        {
            if let Some(unused) = self.pieces.pop() {
                self.put_away(unused);
            }
        }
    }

    /// As [`failed`](Self::failed), if the system refused anything.
    fn refused(&mut self, cause: Option<Cause>) -> AllocError {
        cause.map_or(AllocError, |cause| self.failed(cause))
    }

    /// The error of a system call, kept for those who ask why.
    fn failed(&mut self, error: Cause) -> AllocError {
        self.error = Some(error);
        AllocError
    }

    /// Has `bytes` bytes from `start` on, all of which were obtained, made present.
    pub(crate) fn make_present(&mut self, start: NonNull<u8>, bytes: usize) -> Result<(), AllocError> {
        let (piece, from) = self.pieces.find(start).ok_or(AllocError)?;
        let present = piece.range.populate(from, from + bytes);
        present.map_err(|error| self.failed(Cause::Prefault { code: error.raw_os_error() }))
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
        if let Some(block) = self.pieces.fill(request) {
            return Ok(block);
        }
        if self.pieces.current().is_none_or(|piece| piece.room() < whole) {
            self.enter_range(whole).map_err(|error| self.failed(error))?;
        }
        let piece = self.pieces.current().ok_or(AllocError)?;
        piece.obtain(request, self.huge, self.lock).map_err(|cause| self.refused(cause))
    }

    fn extend(&mut self, end: NonNull<u8>, need: usize, most: usize) -> Result<Extension, AllocError> {
        self.go_back();
        let piece = self.pieces.current().ok_or(AllocError)?;
        piece.extend(end, (need, most), self.huge, self.lock).map_err(|cause| self.refused(cause))
    }

    unsafe fn release(&mut self, block: Block) {
        // SAFETY: this function's contract: the block is one of the ranges', and nobody uses it; so its bytes, which were
        // writable, still are.
        let unused = unsafe { self.pieces.release(&block) };
        if let Some(unused) = unused {
            self.put_away(unused);
        }
    }

    unsafe fn shorten(&mut self, block: Block, len: usize) {
        if let Some((piece, _)) = self.pieces.find(block.start) {
            piece.shorten(&block, len);
        }
    }

    fn trim(&mut self) {
        self.pieces.each(Piece::trim);
    }

    fn available(&self, _align: usize) -> Option<usize> {
        Some(usize::MAX >> 17)
    }

    fn cause(&self) -> Option<Cause> {
        self.error
    }

    fn reserved(&self) -> Option<usize> {
        Some(self.pieces.iter().map(|piece| piece.range.len()).sum())
    }

    fn idle(&self) -> usize {
        self.pieces.iter().map(Piece::idle).sum()
    }

    // How much is cut next goes by what is in use.
    unsafe fn shrunk(&mut self, _largest: usize) {}
}

impl Drop for Virtual {
    fn drop(&mut self) {
        while let Some(piece) = self.pieces.pop() {
            self.put_away(piece);
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
