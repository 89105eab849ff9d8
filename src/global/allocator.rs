//! `&Region` as an allocator of values, for collections that take one.

use core::alloc::Layout;
use core::num::NonZero;
use core::ptr::{self, NonNull};

use allocator_api2::alloc::AllocError;

use super::core::footprint;
use super::current::Entered;
use super::region::Region;
use crate::adapt::{Blocks, Granted, allocator_impls};

impl Region {
    fn block_of(&self, layout: Layout, zeroed: bool) -> Granted {
        if layout.size() == 0 {
            let address = NonZero::new(layout.align()).ok_or(AllocError)?;
            return NonNull::new(ptr::without_provenance_mut(address.get())).ok_or(AllocError);
        }
        let _outside = Entered::outside();
        let block = NonNull::new(self.core.alloc(layout));
        if let Some(block) = block {
            if zeroed {
                // SAFETY: just taken.
                unsafe { self.core.clear(block.as_ptr(), layout.size()) };
            }
            return Ok(block);
        }
        if !self.core.has_left(layout.size()) {
            self.core.payer().account.set_over(true);
            return Err(AllocError);
        }
        let inner = self.core.home().inner();
        let block = match zeroed {
            // SAFETY: the size is not zero.
            true => unsafe { inner.alloc_zeroed(layout) },
            // SAFETY: the size is not zero.
            false => unsafe { inner.alloc(layout) },
        };
        let block = NonNull::new(block).ok_or(AllocError)?;
        self.core.count_large(layout.size() as isize);
        Ok(block)
    }
}

impl Blocks for Region {
    #[inline]
    fn block(&self, layout: Layout) -> Granted {
        self.block_of(layout, false)
    }

    #[inline]
    fn block_zeroed(&self, layout: Layout) -> Granted {
        self.block_of(layout, true)
    }

    /// # Safety
    ///
    /// As for `Allocator::deallocate`.
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        let home = self.core.home();
        match home.find(block.as_ptr()) {
            // SAFETY: the region is this thread's, since it is not shared; it owns the block, since it is not reset while
            // the block borrows it; the rest is this function's contract.
            Some(of) => unsafe { self.core.free(of, block.as_ptr(), footprint(layout.size())) },
            None => {
                let _outside = Entered::outside();
                self.core.count_large(-(layout.size() as isize));
                // SAFETY: not in the territory, so it came from the inner allocator, with this layout.
                unsafe { home.inner().dealloc(block.as_ptr(), layout) };
            }
        }
    }

    /// # Safety
    ///
    /// As for `Allocator::grow` or `Allocator::shrink`.
    unsafe fn resize_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        let start = block.as_ptr();
        let fits = old.size() != 0 && new.size() != 0 && start.addr() & (new.align() - 1) == 0;
        if let Some(of) = fits.then(|| self.core.home().find(start)).flatten() {
            // SAFETY: as for `free`.
            let resized = unsafe { self.core.resize(of, start, old.size(), new.size()) };
            if let Some(block) = resized.and_then(NonNull::new) {
                return Ok(block);
            }
        }
        // SAFETY: the contract is the same.
        unsafe { self.move_block(block, old, new) }
    }
}

// SAFETY: a block is valid until it is freed: its region may be dropped before, which leaves it as it is. It is handed out
// once, as long and as aligned as asked; a copy of the reference is to the same region. Nothing here unwinds.
allocator_impls!([] & Region);
