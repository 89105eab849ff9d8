//! The reserved memory that the default backing moves to.

use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;
use allocator_api2::boxed::Box;

use super::{Backing, Block, Extension, Request, Virtual};

/// Reserved memory, once it is wanted and as long as it can be had.
#[derive(Debug)]
pub(super) struct Large {
    /// Boxed, so that small arenas, which never want it, stay small.
    reserved: Option<Box<Virtual>>,
    /// Whether it was not to be had.
    refused: bool,
}

impl Large {
    pub(super) const fn new() -> Self {
        Large { reserved: None, refused: false }
    }

    pub(super) fn is_in_use(&self) -> bool {
        self.reserved.is_some()
    }

    /// A block of reserved memory, if that is to be had.
    #[cold]
    pub(super) fn obtain(&mut self, request: &Request) -> Option<Block> {
        if self.reserved.is_none() && !self.refused {
            self.reserved = Box::try_new(Virtual::new()).ok();
        }
        let reserved = self.reserved.as_deref_mut()?;
        if let Ok(block) = reserved.obtain(request) {
            return Some(block);
        }
        if !self.refused {
            self.refused = true;
            warn(reserved);
        }
        if reserved.is_unused() {
            self.reserved = None;
        }
        None
    }

    pub(super) fn extend(
        &mut self,
        end: NonNull<u8>,
        need: usize,
        most: usize,
    ) -> Result<Extension, AllocError> {
        self.reserved.as_deref_mut().ok_or(AllocError)?.extend(end, need, most)
    }

    /// Whether the block is reserved memory.
    #[inline]
    pub(super) fn owns(&self, block: &Block) -> bool {
        self.reserved.as_deref().is_some_and(|reserved| reserved.owns(block.start))
    }

    /// # Safety
    ///
    /// As for [`Backing::release`].
    #[cold]
    pub(super) unsafe fn release(&mut self, block: Block) {
        if let Some(reserved) = self.reserved.as_deref_mut() {
            // SAFETY: the caller's promise is the callee's.
            unsafe { reserved.release(block) };
        }
    }

    pub(super) fn trim(&mut self) {
        if let Some(reserved) = self.reserved.as_deref_mut() {
            reserved.trim();
        }
    }

    /// Every block has been released: the next ones are small again.
    pub(super) fn restart(&mut self) {
        if let Some(mut reserved) = self.reserved.take() {
            // Nothing is to be kept, not even in the cache.
            reserved.shrunk(0);
            reserved.trim();
        }
        self.refused = false;
    }
}

/// Says that the arena goes on in chunks, and why.
#[cold]
fn warn(reserved: &Virtual) {
    #[cfg(feature = "log")]
    match reserved.last_error() {
        Some(error) => log::warn!("arena: no reserved memory ({error}); going on in chunks of the heap"),
        None => log::warn!("arena: no reserved memory; going on in chunks of the heap"),
    }
    #[cfg(not(feature = "log"))]
    let _ = reserved;
}
