//! Chunks of any allocator.

use core::alloc::Layout;

use allocator_api2::alloc::{AllocError, Allocator};

use super::global::Global;
use super::{Backing, Block, Growth, Purpose, Request};
use crate::addr;

/// Memory in chunks of a base allocator: the system's, another arena, closures ([`FnSource`](crate::FnSource)), any
/// [`Allocator`].
///
/// Chunks start small and double (see [`growth`](Self::growth)). A block that is larger than an eighth of the next
/// chunk, and than 32 KiB, gets a *side chunk* of its own, so that the current one stays current. When the base has no
/// memory for a chunk, half of it is asked for, and so on down to what is needed.
///
/// All sizes are in bytes, as the base allocator is asked for them: chunk records (64 bytes) included.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, Chained};
///
/// let arena = Arena::new_in(Chained::new().first_chunk(4096).max_chunk(1 << 20));
/// let name = arena.alloc_str("grain");
/// assert_eq!(name, "grain");
///
/// // An arena that takes its chunks from another one.
/// let inner = Arena::new_in(Chained::new_in(&arena));
/// assert_eq!(*inner.alloc(7), 7);
/// ```
#[derive(Debug, Clone)]
pub struct Chained<A: Allocator = Global> {
    base: A,
    plan: Plan,
    /// The size of the newest chunk; 0 if there is none.
    last: usize,
}

/// How large chunks are.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    first: usize,
    max: usize,
    growth: Growth,
    /// Blocks above this size may get a side chunk.
    side_above: usize,
}

/// What malloc implementations keep beside a block: staying below a power of two by that much keeps the whole in its
/// size class.
const MALLOC_OVERHEAD: usize = 16;

const FIRST: usize = if cfg!(arenite_zeal) { 128 } else { 1024 - MALLOC_OVERHEAD };
const STEEP_BELOW: usize = 32 << 10;
const MAX: usize = if cfg!(arenite_zeal) { 1024 } else { 64 << 20 };
const SIDE_ABOVE: usize = if cfg!(arenite_zeal) { 64 } else { 32 << 10 };

#[cfg(feature = "alloc")]
impl Chained<Global> {
    /// Chunks of the global allocator.
    pub const fn new() -> Self {
        Chained::new_in(Global)
    }
}

#[cfg(feature = "alloc")]
impl Default for Chained<Global> {
    fn default() -> Self {
        Chained::new()
    }
}

impl<A: Allocator> Chained<A> {
    /// Chunks of `base`.
    pub const fn new_in(base: A) -> Self {
        Chained { base, plan: Plan::DEFAULT, last: 0 }
    }

    /// Sets the size of the first chunk; 1008 bytes unless set. One that is too small for the first block is made
    /// larger.
    #[must_use]
    pub fn first_chunk(mut self, bytes: usize) -> Self {
        self.plan.first = bytes;
        self
    }

    /// Sets the size to which chunks grow; 64 MiB unless set. A block that is larger still gets what it needs.
    #[must_use]
    pub fn max_chunk(mut self, bytes: usize) -> Self {
        self.plan.max = bytes;
        self
    }

    /// Sets how chunks grow; [`Growth::Double`] unless set.
    #[must_use]
    pub fn growth(mut self, growth: Growth) -> Self {
        self.plan.growth = growth;
        self
    }

    /// Sets the size above which a block may get a side chunk of its own; 32 KiB unless set, `usize::MAX` for never.
    #[must_use]
    pub fn side_chunks_above(mut self, bytes: usize) -> Self {
        self.plan.side_above = bytes;
        self
    }

    /// Hint: the arena will hold about this many bytes. The first chunk is made that large.
    #[must_use]
    pub fn expect_total(self, bytes: usize) -> Self {
        self.first_chunk(bytes)
    }

    /// Hint: blocks of up to this many bytes are ordinary. They share chunks, so that no chunk is smaller than eight
    /// of them.
    #[must_use]
    pub fn expect_largest(mut self, bytes: usize) -> Self {
        self.plan.first = self.plan.first.max(bytes.saturating_mul(8));
        self.plan.side_above = self.plan.side_above.max(bytes);
        self
    }

    /// Hint: memory is scarce. Chunks start at 256 bytes, grow by half, and end at 64 KiB; side chunks start at 4 KiB.
    #[must_use]
    pub fn low_memory(self) -> Self {
        self.first_chunk(256).max_chunk(64 << 10).growth(Growth::Percent(150)).side_chunks_above(4 << 10)
    }

    /// The base allocator.
    pub fn base(&self) -> &A {
        &self.base
    }
}

impl Plan {
    pub(super) const DEFAULT: Plan =
        Plan { first: FIRST, max: MAX, growth: Growth::Double, side_above: SIDE_ABOVE };

    /// As [`DEFAULT`](Self::DEFAULT), but up to 64 KiB each chunk is four times as large as the one before: what a small one
    /// costs is more than what it takes to fill it.
    pub(super) const STEEP: Plan = Plan {
        growth: Growth::Custom(|last| last.saturating_mul(if last < STEEP_BELOW { 4 } else { 2 })),
        ..Plan::DEFAULT
    };

    /// The size of the next ordinary chunk, after one of `last` bytes.
    #[inline]
    fn next_size(&self, last: usize) -> usize {
        match last {
            0 => self.first,
            last => self.growth.next(last).clamp(self.first.min(self.max), self.max),
        }
    }

    /// The first block of `base`: see [`Backing::first`].
    ///
    /// # Safety
    ///
    /// As there: `align` is a power of two.
    #[inline(always)]
    pub(super) unsafe fn first<A: Allocator>(
        &self,
        base: &A,
        last: &mut usize,
        (header, need, align): (usize, usize, usize),
    ) -> Option<Block> {
        let size = addr::align_down(self.first, align);
        // In this order nothing wraps.
        let is_usual = *last == 0
            && size <= isize::MAX as usize
            && header <= size
            && need != 0
            && need <= size - header
            && need <= (self.first / 8).max(self.side_above);
        if !is_usual {
            return None;
        }
        // SAFETY: `align` is a power of two (this function's contract), so it is not zero. `size` is a multiple of it, so
        // rounding it up adds nothing, and it is at most `isize::MAX` (checked above).
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        let start = base.allocate(layout).ok()?.cast();
        *last = size;
        Some(Block { start, len: size, align, side: false, dirty: size })
    }

    /// A block of `base` for `request`; `last` is the size of the newest chunk before and after.
    ///
    /// Apart from [`Chained`], so that a plan known at compile time costs nothing.
    #[inline]
    pub(super) fn obtain<A: Allocator>(
        &self,
        base: &A,
        last: &mut usize,
        request: &Request,
    ) -> Result<Block, AllocError> {
        let align = request.align;
        let longest = isize::MAX as usize + 1 - align;
        let whole = |usable: usize| {
            let sum = request.header.checked_add(usable)?;
            addr::align_up(sum, align).filter(|&sum| sum <= longest)
        };
        let least = whole(request.need).ok_or(AllocError)?;
        let next = self.next_size(*last);
        let large = request.need > (next / 8).max(self.side_above);
        let (wanted, side) = match request.purpose {
            Purpose::Exact => (least, false),
            Purpose::Allocation { .. } if large => (least, true),
            Purpose::Allocation { full: true, .. } => (next, false),
            // As large as the one beside which it is; the more of them, the smaller, so that many children side by side
            // hold a few times what is needed, and not smaller than lets their number be logarithmic.
            Purpose::Allocation { full: false, used, apart } => {
                let share = last.checked_shr(apart).unwrap_or(0);
                (share.max(used / 4).min(*last).max(self.first), false)
            }
        };
        let mut size = addr::align_down(wanted, align).clamp(least, longest);
        if size - request.header > request.most {
            size = whole(request.most).map_or(size, |most| size.min(most));
        }
        loop {
            // SAFETY: an arena asks for alignments that are powers of two, so it is not zero. `size` is a multiple of it, so
            // rounding it up adds nothing, and it is at most `longest`, which is no more than `isize::MAX`.
            let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
            match base.allocate(layout) {
                Ok(start) => {
                    if !side {
                        *last = (*last).max(size);
                    }
                    return Ok(Block { start: start.cast(), len: size, align, side, dirty: size });
                }
                Err(_) if size == least => return Err(AllocError),
                Err(_) => size = addr::align_down(size / 2, align).max(least),
            }
        }
    }
}

/// Gives a block back to `base`.
///
/// # Safety
///
/// `block` came from `base` by [`Plan::obtain`] or [`Plan::first`], and nobody uses it any more.
#[inline]
pub(super) unsafe fn release<A: Allocator>(base: &A, block: Block) {
    // SAFETY: the size and the alignment of a block are those of the layout that it was asked for with (this function's
    // contract): a power of two, and a size that does not exceed `isize::MAX` when it is rounded up to that.
    let layout = unsafe { Layout::from_size_align_unchecked(block.len, block.align) };
    // SAFETY: the block came from this allocator with this layout and is nobody's (this function's contract).
    unsafe { base.deallocate(block.start, layout) };
}

// SAFETY: blocks come from an `Allocator` and go back to it with the layout that they were asked for with; the contract
// of that trait is what this one demands (its blocks stay valid when the allocator is moved).
unsafe impl<A: Allocator> Backing for Chained<A> {
    const NAME: &'static str = "chained";
    const CONTIGUOUS: bool = false;
    const GROWS_IN_PLACE: bool = false;
    const FRESH_IS_ZERO: bool = false;

    #[inline]
    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        self.plan.obtain(&self.base, &mut self.last, request)
    }

    #[inline(always)]
    unsafe fn first(&mut self, header: usize, need: usize, align: usize) -> Option<Block> {
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.plan.first(&self.base, &mut self.last, (header, need, align)) }
    }

    #[inline]
    unsafe fn release(&mut self, block: Block) {
        // SAFETY: this function's contract is that of the called one.
        unsafe { release(&self.base, block) };
    }

    fn available(&self, _: usize) -> Option<usize> {
        None
    }

    fn reserved(&self) -> Option<usize> {
        None
    }

    unsafe fn shrunk(&mut self, largest: usize) {
        self.last = self.last.min(largest);
    }
}
