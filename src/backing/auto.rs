//! The default.

use allocator_api2::alloc::AllocError;

use super::global::Global;
use super::{Backing, Block, Chained, Request};

/// The backing of an [`Arena`](crate::Arena) for which none was chosen: chunks of the global allocator.
///
/// Which memory that is may change from one version to the next as better ways are found; a choice of your own,
/// such as [`Chained`], stays what it is.
#[derive(Debug, Clone)]
pub struct Auto {
    chained: Chained<Global>,
}

#[cfg(feature = "alloc")]
impl Auto {
    /// The default backing.
    pub const fn new() -> Self {
        Auto { chained: Chained::new() }
    }
}

#[cfg(feature = "alloc")]
impl Default for Auto {
    fn default() -> Self {
        Auto::new()
    }
}

// SAFETY: every method is that of `Chained`.
unsafe impl Backing for Auto {
    const NAME: &'static str = "auto";
    const CONTIGUOUS: bool = false;
    const GROWS_IN_PLACE: bool = false;

    #[inline]
    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        self.chained.obtain(request)
    }

    #[inline]
    unsafe fn release(&mut self, block: Block) {
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.chained.release(block) };
    }

    fn available(&self) -> Option<usize> {
        self.chained.available()
    }

    fn reserved(&self) -> Option<usize> {
        self.chained.reserved()
    }

    fn shrunk(&mut self, largest: usize) {
        self.chained.shrunk(largest);
    }
}
