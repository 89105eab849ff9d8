//! The reserved memory that the default backing moves to.

use core::mem::ManuallyDrop;
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
    reserved: ManuallyDrop<Option<Box<Virtual>>>,
    /// Whether it was not to be had.
    refused: bool,
}

// Inlined but for what lies behind the box: the address of an arena must not escape into a call (ARCHITECTURE.md).
impl Large {
    pub(super) const fn new() -> Self {
        Large { reserved: ManuallyDrop::new(None), refused: false }
    }

    /// Whether there is any, in use or not.
    #[inline(always)]
    pub(super) fn exists(&self) -> bool {
        self.reserved.is_some()
    }

    #[inline]
    pub(super) fn is_in_use(&self) -> bool {
        self.reserved.as_deref().is_some_and(|reserved| !reserved.is_unused())
    }

    /// A block of reserved memory, if that is to be had.
    #[inline]
    pub(super) fn obtain(&mut self, request: &Request) -> Option<Block> {
        if self.reserved.is_none() && !self.refused {
            *self.reserved = reserve();
        }
        self.reserved.as_deref_mut()?.obtain(request).ok()
    }

    /// The heap had what reserved memory had not: from now on it is asked alone, unless some reserved memory is in use.
    /// (A request that neither can meet says nothing about the next one.)
    #[inline]
    pub(super) fn refuse(&mut self) {
        if !self.refused {
            self.refused = true;
            warn(self.reserved.as_deref());
        }
        if !self.is_in_use() {
            give_up(self.reserved.take());
        }
    }

    /// Bytes that have come back, and may be present.
    #[inline]
    pub(super) fn idle(&self) -> usize {
        self.reserved.as_deref().map_or(0, Backing::idle)
    }

    /// Why reserved memory was not to be had the last time. (The heap, which was asked next, gives no reasons.)
    pub(super) fn cause(&self) -> Option<Cause> {
        self.reserved.as_deref().and_then(Backing::cause)
    }

    #[inline]
    pub(super) fn extend(
        &mut self,
        end: NonNull<u8>,
        need: usize,
        most: usize,
    ) -> Result<Extension, AllocError> {
        self.reserved.as_deref_mut().ok_or(AllocError)?.extend(end, need, most)
    }

    /// Takes the block back if it is reserved memory. Returns whether it is.
    ///
    /// # Safety
    ///
    /// As for [`Backing::release`], unless the block is another's.
    #[inline]
    pub(super) unsafe fn release(&mut self, block: Block) -> bool {
        match self.reserved.as_deref_mut() {
            Some(reserved) if reserved.owns(block.start) => {
                // SAFETY: the caller's promise is the callee's: it is this one's block.
                unsafe { reserved.release(block) };
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn trim(&mut self) {
        if let Some(reserved) = self.reserved.as_deref_mut() {
            reserved.trim();
        }
    }

    /// Every block has been released: the next ones are small again.
    ///
    /// # Safety
    ///
    /// That is so.
    #[inline]
    pub(super) unsafe fn restart(&mut self) {
        if let Some(mut reserved) = self.reserved.take() {
            // Nothing is to be kept, not even in the cache.
            reserved.trim();
            give_up(Some(reserved));
        }
        self.refused = false;
    }
}

/// By hand, as the drop of a small arena is to be inlined without that of what it has not got.
impl Drop for Large {
    #[inline(always)]
    fn drop(&mut self) {
        if self.exists() {
            give_up(self.reserved.take());
        }
    }
}

/// Reserved memory of which nothing is in use yet.
#[cold]
#[inline(never)]
fn reserve() -> Option<Box<Virtual>> {
    let reserved = Virtual::new().dispensable();
    // Zeal builds fill a range now and then.
    let reserved = if cfg!(arenite_zeal) { reserved.reserve(LEAST) } else { reserved };
    Box::try_new(reserved).ok()
}

#[cold]
#[inline(never)]
fn give_up(reserved: Option<Box<Virtual>>) {
    drop(reserved);
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
