//! The default.

use allocator_api2::alloc::AllocError;

use super::chained::{self, Plan};
use super::global::Global;
use super::{Backing, Block, Request};

/// The backing of an [`Arena`](crate::Arena) for which none was chosen: chunks of the global allocator.
///
/// Which memory that is may change from one version to the next as better ways are found; a choice of your own,
/// such as [`Chained`](crate::Chained), stays what it is.
#[derive(Debug, Clone)]
pub struct Auto {
    base: Global,
    /// The size of the newest chunk; 0 if there is none.
    last: usize,
}

#[cfg(feature = "alloc")]
impl Auto {
    /// The default backing.
    pub const fn new() -> Self {
        Auto { base: Global, last: 0 }
    }
}

#[cfg(feature = "alloc")]
impl Default for Auto {
    fn default() -> Self {
        Auto::new()
    }
}

// SAFETY: as for `Chained`: what `Plan::obtain` got from the base allocator goes back to it by `release`.
unsafe impl Backing for Auto {
    const NAME: &'static str = "auto";
    const CONTIGUOUS: bool = false;
    const GROWS_IN_PLACE: bool = false;

    #[inline]
    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        const { Plan::DEFAULT }.obtain(&self.base, &mut self.last, request)
    }

    #[inline]
    unsafe fn release(&mut self, block: Block) {
        // SAFETY: this function's contract is that of the called one.
        unsafe { chained::release(&self.base, block) };
    }

    fn available(&self, _: usize) -> Option<usize> {
        None
    }

    fn reserved(&self) -> Option<usize> {
        None
    }

    fn shrunk(&mut self, largest: usize) {
        self.last = self.last.min(largest);
    }
}
