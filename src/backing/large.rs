//! The reserved memory that the default backing moves to.

use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;
use allocator_api2::boxed::Box;

use super::virtual_memory::LEAST;
use super::{Backing, Block, Extension, Request, Virtual};
use crate::error::Cause;

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
        self.reserved.as_deref().is_some_and(|reserved| !reserved.is_unused())
    }

    /// A block of reserved memory, if that is to be had.
    #[cold]
    pub(super) fn obtain(&mut self, request: &Request) -> Option<Block> {
        if self.reserved.is_none() && !self.refused {
            let reserved = Virtual::new();
            // Zeal builds fill a range now and then.
            let reserved = if cfg!(arenite_zeal) { reserved.reserve(LEAST) } else { reserved };
            self.reserved = Box::try_new(reserved).ok();
        }
        self.reserved.as_deref_mut()?.obtain(request).ok()
    }

    /// The heap had what reserved memory had not: from now on it is asked alone, unless some reserved memory is in use.
    /// (A request that neither can meet says nothing about the next one.)
    #[cold]
    pub(super) fn refuse(&mut self) {
        if !self.refused {
            self.refused = true;
            warn(self.reserved.as_deref());
        }
        if !self.is_in_use() {
            self.reserved = None;
        }
    }

    /// Why reserved memory was not to be had the last time. (The heap, which was asked next, gives no reasons.)
    pub(super) fn cause(&self) -> Option<Cause> {
        self.reserved.as_deref().and_then(Backing::cause)
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
fn warn(reserved: Option<&Virtual>) {
    #[cfg(feature = "log")]
    match reserved.and_then(Virtual::last_error) {
        Some(error) => log::warn!("arena: no reserved memory ({error}); going on in chunks of the heap"),
        None => log::warn!("arena: no reserved memory; going on in chunks of the heap"),
    }
    #[cfg(not(feature = "log"))]
    let _ = reserved;
}
