//! What the core of a region knows of the allocator that it belongs to: everything but its types.

use core::alloc::GlobalAlloc;

use super::block::{Block, Held};
use super::core::Core;
use super::slab::Slab;
use super::stack::Stack;

/// Blocks that are no region's, and the cores of regions.
pub(super) struct Pool {
    /// Blocks of which nothing is in use.
    pub(super) free: Stack,
    /// Blocks of which something is in use, left behind by a region that has ended.
    pub(super) listed: Stack,
    pub(super) cores: Slab<Core>,
    /// Bytes after which an allocation is sampled; zero for never.
    #[cfg(feature = "escapes")]
    pub(super) trace_every: crate::sync::atomic::AtomicUsize,
}

impl Pool {
    pub(super) const fn new() -> Self {
        Pool {
            free: Stack::new(),
            listed: Stack::new(),
            cores: Slab::new(),
            #[cfg(feature = "escapes")]
            trace_every: crate::sync::atomic::AtomicUsize::new(0),
        }
    }
}

/// The allocator behind a region.
///
/// # Safety
///
/// `find` returns the block in which an address lies, exactly for addresses in the territory; `block` the one with this
/// index, which a list of this allocator had; `fresh` a token that nobody has.
pub(super) unsafe trait Home: Sync {
    fn find(&self, address: *mut u8) -> Option<&Block>;
    fn block(&self, index: u32) -> &Block;
    fn fresh(&self) -> Option<Held<'_>>;
    fn pool(&self) -> &Pool;
    fn inner(&self) -> &dyn GlobalAlloc;
}

impl<'d> dyn Home + 'd {
    /// Takes a block off a list.
    pub(super) fn pop<'h>(&'h self, list: &Stack) -> Option<Held<'h>> {
        let index = list.pop(|index| &self.block(index).next)?;
        // SAFETY: a list has the token of what is on it, and has given it to us.
        Some(unsafe { Held::assume(self.block(index)) })
    }

    /// Puts a block with something in it on its list.
    pub(super) fn list(&self, block: Held<'_>) {
        self.pool().listed.push(block.block().index(), &block.block().next);
    }

    /// Puts a clear block on its list.
    pub(super) fn put_free(&self, block: Held<'_>) {
        block.set_free();
        self.pool().free.push(block.block().index(), &block.block().next);
    }

    /// A clear block.
    pub(super) fn obtain(&self) -> Option<Held<'_>> {
        self.pop(&self.pool().free).or_else(|| self.fresh())
    }
}
