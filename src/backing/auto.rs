//! The default.

use allocator_api2::alloc::AllocError;

use super::chained::{self, Plan};
use super::global::Global;
#[cfg(feature = "virtual-memory")]
use super::large::Large;
use super::{Backing, Block, Request};

/// The backing of an [`Arena`](crate::Arena) for which none was chosen.
///
/// Starts in chunks of the global allocator, as small arenas are cheapest: of 1, 4, 16 and 64 KiB, unless scopes need
/// several side by side. Moves to reserved memory ([`Virtual`](crate::Virtual), feature `virtual-memory`) after a chunk of
/// 32 KiB or more, and for a block of 128 KiB or more. Where no address space is to be had it stays with chunks, says so in
/// one `log` warning (feature `log`), and [`Stats::backing`](crate::Stats::backing) names what is in use. So it does before
/// others find none: when a range would have less than 1 MiB, or so many are alive (12 286 on most systems) that more would
/// take the mappings that `malloc` and threads need.
///
/// The warning is written while the arena allocates. So a logger that takes its own memory from such an arena must not hold a lock
/// meanwhile for which it would wait again.
///
/// Which memory that is may change from one version to the next as better ways are found; a choice of your own,
/// such as [`Chained`](crate::Chained), stays what it is.
///
/// # Examples
///
/// ```
/// let arena = arenite::Arena::new();
/// arena.alloc(1);
/// assert_eq!(arena.stats().backing, "auto (chained)");
/// # #[cfg(feature = "virtual-memory")]
/// # {
/// arena.alloc([0_u8; 200_000]);
/// assert_eq!(arena.stats().backing, "auto (virtual)");
/// # }
/// ```
#[derive(Debug)]
pub struct Auto {
    base: Global,
    /// The size of the newest chunk; 0 if there is none.
    last: usize,
    #[cfg(feature = "virtual-memory")]
    large: Large,
}

#[cfg(feature = "alloc")]
impl Auto {
    /// The default backing.
    pub const fn new() -> Self {
        Auto {
            base: Global,
            last: 0,
            #[cfg(feature = "virtual-memory")]
            large: Large::new(),
        }
    }
}

#[cfg(feature = "alloc")]
impl Default for Auto {
    fn default() -> Self {
        Auto::new()
    }
}

/// How large chunks are.
const PLAN: Plan = Plan::STEEP;

/// From this size on, a block is reserved memory's business: malloc implementations map such blocks anew each time, so that
/// nothing is gained by asking them.
#[cfg(feature = "virtual-memory")]
const LARGE: usize = if cfg!(arenite_zeal) { 2 << 10 } else { 128 << 10 };

/// After a chunk of this size, so are chunks. All before together are less than `LARGE`: glibc's malloc gives what is free
/// at the end of its heap back to the system as soon as that is more than 128 KiB, and gets it anew for the next arena.
#[cfg(feature = "virtual-memory")]
const LAST: usize = LARGE / 4;

// SAFETY: as for `Chained` and `Virtual`: what `Plan::obtain` got from the base allocator goes back to it by `release`,
// what the reservation gave to the reservation, which knows its own by their addresses.
unsafe impl Backing for Auto {
    const NAME: &'static str = "auto";
    const CONTIGUOUS: bool = false;
    const GROWS_IN_PLACE: bool = cfg!(feature = "virtual-memory");
    const FRESH_IS_ZERO: bool = cfg!(feature = "virtual-memory");

    #[inline]
    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        #[cfg(feature = "virtual-memory")]
        let is_large = request.need >= LARGE || self.last >= LAST || self.large.is_in_use();
        #[cfg(feature = "virtual-memory")]
        if is_large {
            if let Some(block) = self.large.obtain(request) {
                return Ok(block);
            }
        }
        // In one place, so that the plan is known where it is inlined.
        let block = PLAN.obtain(&self.base, &mut self.last, request)?;
        #[cfg(feature = "virtual-memory")]
        if is_large {
            self.large.refuse();
        } else if block.len >= LAST {
            // The plan does not count side chunks: an arena of many such blocks would stay with them.
            self.last = self.last.max(block.len);
        }
        Ok(block)
    }

    #[inline(always)]
    unsafe fn first(&mut self, header: usize, need: usize, align: usize) -> Option<Block> {
        // SAFETY: this function's contract is that of the called one.
        unsafe { PLAN.first(&self.base, &mut self.last, (header, need, align)) }
    }

    #[inline(always)]
    unsafe fn release_plain(&mut self, block: Block) {
        // SAFETY: this function's contract is that of the called one; there is no reservation that the block could be of.
        unsafe { chained::release(&self.base, block) };
    }

    #[cfg(feature = "virtual-memory")]
    #[inline]
    fn extend(
        &mut self,
        end: core::ptr::NonNull<u8>,
        need: usize,
        most: usize,
    ) -> Result<super::Extension, AllocError> {
        self.large.extend(end, need, most)
    }

    #[inline(always)]
    unsafe fn release(&mut self, block: Block) {
        #[cfg(feature = "virtual-memory")]
        // SAFETY: this function's contract is that of the called one; the block, unless it is taken here, is the base
        // allocator's.
        if self.large.exists() && unsafe { self.large.release(block) } {
            return;
        }
        // SAFETY: this function's contract is that of the called one, and the block is the base allocator's.
        unsafe { chained::release(&self.base, block) };
    }

    #[inline(always)]
    fn remembers(&self) -> bool {
        #[cfg(feature = "virtual-memory")]
        return self.large.exists();
        #[cfg(not(feature = "virtual-memory"))]
        false
    }

    fn available(&self, _: usize) -> Option<usize> {
        None
    }

    fn reserved(&self) -> Option<usize> {
        None
    }

    #[inline]
    unsafe fn shrunk(&mut self, largest: usize) {
        self.last = self.last.min(largest);
        #[cfg(feature = "virtual-memory")]
        if largest == 0 {
            // SAFETY: every block was released (this function's contract), and so were all of reserved memory.
            unsafe { self.large.restart() };
        }
    }

    #[cfg(feature = "virtual-memory")]
    #[inline]
    fn trim(&mut self) {
        self.large.trim();
    }

    #[cfg(feature = "virtual-memory")]
    #[inline]
    fn idle(&self) -> usize {
        self.large.idle()
    }

    #[cfg(feature = "virtual-memory")]
    fn cause(&self) -> Option<crate::error::Cause> {
        self.large.cause()
    }

    fn name(&self) -> &'static str {
        #[cfg(feature = "virtual-memory")]
        if self.large.is_in_use() {
            return "auto (virtual)";
        }
        "auto (chained)"
    }
}
