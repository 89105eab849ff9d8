//! Where the blocks of regions come from, and which addresses are theirs.

mod chained;
mod reserved;

use core::alloc::GlobalAlloc;

pub use chained::Chained;
pub use reserved::Virtual;

use super::block::{Block, Held};

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A source of blocks for regions: [`Virtual`] or [`Chained`].
///
/// The trait is sealed.
pub trait Territory: sealed::Sealed + Parts + Sync + 'static {
    /// What it is called.
    const NAME: &'static str;
}

/// What a territory does.
///
/// # Safety
///
/// `find` returns the block in which an address lies, exactly for addresses in blocks that `fresh` returned, of which each
/// is made once, is [`BLOCK`](super::line::BLOCK) bytes of memory that nobody else uses, and stays for ever. None of them
/// allocates other than from `inner`, unwinds, or waits.
#[doc(hidden)]
pub unsafe trait Parts {
    #[doc(hidden)]
    fn find(&self, address: *mut u8) -> Option<&Block>;
    #[doc(hidden)]
    fn block(&self, index: u32) -> &Block;
    #[doc(hidden)]
    fn fresh(&self, inner: &dyn GlobalAlloc) -> Option<Held<'_>>;
    /// Makes sure that there is a territory.
    #[doc(hidden)]
    fn prepare(&self) -> Result<(), Option<i32>>;
    /// Gives the memory of a block that is nobody's back to the system, if that can be done: it is zero then.
    #[doc(hidden)]
    fn discard(&self, block: &Held<'_>) -> bool;
    /// Blocks made.
    #[doc(hidden)]
    fn made(&self) -> usize;
    /// Every block that was made, as far as its entry is written.
    #[doc(hidden)]
    fn each(&self, call: &mut dyn FnMut(&Block));
}
