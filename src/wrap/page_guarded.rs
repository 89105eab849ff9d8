//! [`PageGuarded`].

use super::calls::{empty, pointer};
use super::lock::Lock;
use super::misuse::{Judge, Misuse, MisuseKind};
use super::pages::{Block, Pages, Side};
use crate::adapt::{Blocks, Granted, allocator_impls};
use crate::owns::{Apart, Owns, Whole};
use allocator_api2::alloc::AllocError;
use core::alloc::{GlobalAlloc, Layout};
use core::fmt;
use core::ptr::NonNull;
use std::sync::OnceLock;

/// Gives each block pages of its own, against one that nobody may touch: an overrun ends the process where it happens, and
/// so does every access to a block that was freed.
///
/// A source of memory, not a wrapper: it asks the system. A block ends where a forbidden page begins, as far as its alignment
/// permits; what is left behind it is filled, and looked at when the block is freed. With [`at_start`](Self::at_start) it
/// begins where one ends. Pages of a freed block are forbidden at once, and given back to the system; their addresses are
/// never used again. So a double free is told from a foreign pointer and from a wrong layout for as long as this lives. A
/// resize moves the block, always. The idea is Bruce Perens' (Electric Fence, 1987).
///
/// *Address space* is what it spends: at least two pages a block, which never come back. How much there is to spend is
/// [`reserve`](Self::reserve)d when the first block is made; it costs no memory. Once it is spent every request is refused, as
/// it is when the system has no memory or allows no more mappings: Linux allows 65 530 to a process by default, and a live
/// block takes two. To go on with another allocator then, use [`Fallback`](super::Fallback), also as the `#[global_allocator]`.
///
/// By default the process ends with a message when a misuse is found; with [`on_misuse`](Self::on_misuse) a hook is called
/// instead, and after that nothing is freed and a resize fails, except that a block whose filling was overwritten goes the way
/// it would have gone. Costs two system calls, at least a page and a lock a block. Unix only; elsewhere every request is
/// refused. A process that forks while another of its threads allocates must not allocate in the child. `Send` and `Sync`; share
/// it by reference.
///
/// ```
/// # #[cfg(unix)] {
/// use allocator_api2::boxed::Box;
/// use arenite::wrap::PageGuarded;
///
/// let allocator = PageGuarded::new().reserve(1 << 30);
/// let number = Box::new_in(7_u64, &allocator);
/// assert_eq!(allocator.blocks_live(), 1);
/// let address = &raw const *number;
/// assert_eq!((address.addr() + 8) % 4096, 0, "reading on would end the process");
/// drop(number);
/// // So would reading what is freed, from now on.
/// let again = Box::new_in(7_u64, &allocator);
/// assert_ne!(&raw const *again, address);
/// # }
/// ```
pub struct PageGuarded {
    reserve: usize,
    side: Side,
    pages: OnceLock<Option<Lock<Pages>>>,
    judge: Judge,
}

impl PageGuarded {
    /// Blocks against the page behind them, in up to 64 GiB of address space; ends the process at the first misuse.
    #[must_use]
    pub const fn new() -> Self {
        let reserve = if usize::BITS < 64 { 64 << 20 } else { (64_u64 << 30) as usize };
        Self { reserve, side: Side::End, pages: OnceLock::new(), judge: Judge::strict() }
    }

    /// How many bytes of address space to spend, rounded up to whole pages. If the system has not as many, it is halved until
    /// it has.
    #[must_use]
    pub const fn reserve(mut self, bytes: usize) -> Self {
        self.reserve = bytes;
        self
    }

    /// Puts blocks against the page before them, so that it is the underrun which ends the process; what is behind them is
    /// filled, and looked at when the block is freed.
    #[must_use]
    pub const fn at_start(mut self) -> Self {
        self.side = Side::Start;
        self
    }

    /// Calls `hook` with each [`Misuse`] that a free or a resize shows, instead of ending the process.
    ///
    /// The hook may allocate, also from here. If it panics, the process ends, since an allocator must not unwind. What the
    /// processor finds, it ends all the same.
    #[must_use]
    pub const fn on_misuse(mut self, hook: fn(&Misuse)) -> Self {
        self.judge = Judge::new(hook);
        self
    }

    /// How often a free or a resize showed a misuse.
    pub fn misuses(&self) -> usize {
        self.judge.found()
    }

    /// Blocks handed out and not yet given back, but for those of no bytes.
    pub fn blocks_live(&self) -> usize {
        self.made().map_or(0, |pages| pages.with(|pages| pages.live()))
    }

    /// Bytes of address space that are left to be spent: 0 before the first block is made.
    pub fn address_space_left(&self) -> usize {
        self.made().map_or(0, |pages| pages.with(|pages| pages.left()))
    }

    /// Looks at what is filled around all live blocks, and returns how many there are.
    ///
    /// Cost: O(blocks made so far), and whoever allocates waits.
    ///
    /// # Errors
    ///
    /// The first block beside which something was overwritten. The hook is not called.
    pub fn check(&self) -> Result<usize, Misuse> {
        self.made().map_or(Ok(0), |pages| pages.with(|pages| pages.check()))
    }

    fn made(&self) -> Option<&Lock<Pages>> {
        self.pages.get()?.as_ref()
    }

    /// Looks whether the block may go. `None` if it may not.
    fn judged(&self, block: NonNull<u8>, layout: Layout) -> Option<Block> {
        let found = match self.made() {
            Some(pages) => pages.with(|pages| pages.find(block, layout)),
            None => Err(Misuse::new(MisuseKind::Foreign, block, Some(layout), None)),
        };
        match found {
            Ok((found, damage)) => {
                if let Some(damage) = damage {
                    self.judge.report(&damage);
                }
                Some(found)
            }
            Err(misuse) => {
                self.judge.report(&misuse);
                None
            }
        }
    }

    fn forbid(&self, found: Block, block: NonNull<u8>, layout: Layout) {
        // Two threads may have got here with the same block.
        if self.made().is_some_and(|pages| !pages.with(|pages| pages.forbid(found))) {
            self.judge.report(&Misuse::new(MisuseKind::DoubleFree, block, Some(layout), Some(layout)));
        }
    }
}

impl Blocks for PageGuarded {
    fn block(&self, layout: Layout) -> Granted {
        if layout.size() == 0 {
            return Ok(empty(layout));
        }
        let pages = self.pages.get_or_init(|| Pages::reserve(self.reserve, self.side).map(Lock::new));
        let pages = pages.as_ref().ok_or(AllocError)?;
        pages.with(|pages| pages.take(layout)).ok_or(AllocError)
    }

    /// Fresh pages are zero.
    fn block_zeroed(&self, layout: Layout) -> Granted {
        self.block(layout)
    }

    /// # Safety
    ///
    /// As for `Allocator::deallocate`. (What breaks this is found.)
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        if let Some(found) = self.judged(block, layout) {
            self.forbid(found, block, layout);
        }
    }

    /// # Safety
    ///
    /// As for `Allocator::grow` or `Allocator::shrink`.
    unsafe fn resize_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        if old.size() == 0 {
            return self.block(new);
        }
        let found = self.judged(block, old).ok_or(AllocError)?;
        let fresh = self.block(new)?;
        // SAFETY: both are allocated, hence apart, and hold at least the smaller of the two sizes.
        unsafe { fresh.copy_from_nonoverlapping(block, old.size().min(new.size())) }
        self.forbid(found, block, old);
        Ok(fresh)
    }

    /// # Safety
    ///
    /// As for `Allocator::grow_zeroed`.
    unsafe fn grow_block_zeroed(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // What is not copied into is fresh.
        // SAFETY: the contract is the same.
        unsafe { self.resize_block(block, old, new) }
    }
}

impl Default for PageGuarded {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PageGuarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("PageGuarded");
        fields
            .field("blocks_live", &self.blocks_live())
            .field("misuses", &self.misuses())
            .finish_non_exhaustive()
    }
}

// SAFETY: blocks lie in pages that are reserved until this is dropped, which moves nothing when it is moved; it is not
// cloned. They are handed out once, are as long and as aligned as asked, and stay until they are freed. Nothing unwinds: the
// hook runs under `abort::on_unwind`, as does what runs with the lock.
allocator_impls!([] PageGuarded);

// SAFETY: blocks lie in pages that are reserved until this is dropped, are handed out once, are as long and as aligned as asked, and
// stay until they are freed. Nothing unwinds, as above.
unsafe impl GlobalAlloc for PageGuarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        pointer(self.block(layout))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        pointer(self.block_zeroed(layout))
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller vouches that the block is allocated, hence not null.
        let block = unsafe { NonNull::new_unchecked(block) };
        // SAFETY: the caller vouches for the block and its layout.
        unsafe { self.free(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, old: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller vouches that the size does not overflow when it is rounded up to the alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, old.align()) };
        // SAFETY: the caller vouches that the block is allocated, hence not null.
        let block = unsafe { NonNull::new_unchecked(block) };
        // SAFETY: the caller vouches for the block and its layout.
        pointer(unsafe { self.resize_block(block, old, new) })
    }
}

// SAFETY: its blocks lie in its range, where nobody else's are: what is reserved is nobody else's.
unsafe impl Owns for PageGuarded {
    fn owns(&self, block: NonNull<u8>) -> bool {
        self.made().is_some_and(|pages| pages.with(|pages| pages.contains(block)))
    }
}

// SAFETY: it cannot be cloned, so who has memory of it has borrowed it, or has it.
unsafe impl Apart for PageGuarded {}

// SAFETY: as for `Apart`, of which an exclusive borrow is a part.
unsafe impl Whole for PageGuarded {}
