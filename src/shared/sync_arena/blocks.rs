//! Blocks by layout, and `&SyncArena` as an allocator.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::{LARGE, SyncArena};
use crate::adapt::{Blocks, Granted, allocator_impls};
use crate::backing::Backing;
use crate::owns::{Owns, Whole};
use crate::shared::thread;
use crate::track;

// SAFETY: blocks stay valid for as long as the arena is borrowed, which a copy of the reference does not change: nothing is
// reset or dropped before. They are handed out once, are as long and as aligned as asked, and may be freed through every
// copy of the reference, on every thread. No method unwinds: what the user supplies runs inside the arena underneath, under
// `abort::on_unwind`.
allocator_impls!([B: Backing, const M: usize] &SyncArena<B, M>);

impl<B: Backing, const M: usize> Blocks for SyncArena<B, M> {
    #[inline(always)]
    fn block(&self, layout: Layout) -> Granted {
        if layout.size() <= LARGE {
            if let Some(block) = self.windows.mine().and_then(|window| window.cursor.take_layout(layout)) {
                return Ok(block);
            }
        }
        self.block_slow(layout)
    }

    #[inline]
    fn block_zeroed(&self, layout: Layout) -> Granted {
        if layout.size() > LARGE {
            // The arena knows what is zero already.
            let here = thread::introduce();
            return self.direct(here, |arena| arena.allocate_zeroed(layout)).map(NonNull::cast);
        }
        let block = self.block(layout)?;
        // SAFETY: the block was handed out just now, with that many bytes.
        unsafe { block.write_bytes(0, layout.size()) };
        Ok(block)
    }

    /// Takes a block back if it is the last of this thread's window, or the last of the arena underneath.
    ///
    /// # Safety
    ///
    /// As for `Allocator::deallocate`.
    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() > LARGE {
            // SAFETY: this function's contract is that of the called one.
            return unsafe { self.free_large(block, layout) };
        }
        match self.windows.mine() {
            // SAFETY: the block came from the arena of which this is a window, with that size, and is used no more.
            Some(window) => unsafe { window.cursor.give_back(block, layout.size()) },
            None => track::poison(block.as_ptr(), layout.size()),
        }
    }

    /// Makes a block longer: in place if it is the last, as for `free`, and there is room.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow`.
    #[inline]
    unsafe fn grow_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        debug_assert!(new.size() >= old.size());
        if new.size() <= LARGE {
            // SAFETY: this function's contract is that of the called one.
            if let Some(block) = unsafe { self.resize_here(block, old, new) } {
                return Ok(block);
            }
        }
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.grow_slow(block, old, new) }
    }

    /// Makes a block shorter: in place unless the new layout's alignment forbids it.
    ///
    /// # Safety
    ///
    /// As for `Allocator::shrink`.
    #[inline]
    unsafe fn shrink_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        debug_assert!(new.size() <= old.size());
        if old.size() <= LARGE {
            // SAFETY: this function's contract is that of the called one.
            if let Some(block) = unsafe { self.resize_here(block, old, new) } {
                return Ok(block);
            }
        }
        if block.addr().get() % new.align() != 0 {
            // SAFETY: this function's contract is that of the called one.
            return unsafe { self.move_block(block, old, new) };
        }
        if old.size() > LARGE {
            let here = thread::introduce();
            // SAFETY: a block of that size is one of the arena underneath, with layout `old`. From now on it has the new size:
            // if that is at most `LARGE`, it passes for a block of a window, none of which it is in.
            if self.direct(here, |arena| unsafe { arena.try_shrink_in_place(block, old, new.size()) }) {
                return Ok(block);
            }
        }
        // Not the last: its end is lost until the reset. The caller's pointer is good for what stays.
        track::poison(block.as_ptr().wrapping_add(new.size()), old.size() - new.size());
        Ok(block)
    }
}

impl<B: Backing, const M: usize> SyncArena<B, M> {
    /// # Safety
    ///
    /// As for `Blocks::free`, and the block is larger than [`LARGE`].
    #[cold]
    #[inline(never)]
    unsafe fn free_large(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: a block of that size is one of the arena underneath, with this layout, and is used no more.
        self.direct(thread::introduce(), |arena| unsafe { arena.deallocate(block, layout) });
    }

    #[cold]
    #[inline(never)]
    unsafe fn grow_slow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        if old.size() > LARGE && block.addr().get() % new.align() == 0 {
            // SAFETY: a block of that size is one of the arena underneath, with layout `old`; the new size is that of a layout.
            let grown = self.direct(thread::introduce(), |arena| unsafe {
                arena.try_grow_in_place(block, old, new.size())
            });
            if let Some(block) = grown {
                return Ok(block);
            }
        }
        // SAFETY: this function's contract is that of the called one.
        unsafe { self.move_block(block, old, new) }
    }

    /// Resizes the last block of this thread's window, if it is that, stands on the new alignment and has room.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow` or `shrink`, and neither size is larger than [`LARGE`].
    #[inline(always)]
    unsafe fn resize_here(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Option<NonNull<u8>> {
        if block.addr().get() % new.align() != 0 {
            return None;
        }
        let window = self.windows.mine()?;
        // SAFETY: the block came from the arena of which this is a window, with layout `old`, and its owner goes on with `new`
        // (this function's contract); the sizes are those of layouts.
        unsafe { window.cursor.resize_last(block, old.size(), new.size()) }
    }
}

// SAFETY: windows are blocks of the arena underneath, so what is handed out lies in one of its chunks for as long as it is
// allocated, and what another allocator handed out that has no memory of the arena's does not. Nothing here unwinds.
unsafe impl<B: Backing, const M: usize> Owns for &SyncArena<B, M> {
    fn owns(&self, block: NonNull<u8>) -> bool {
        self.with_core(|core| (&core.arena).owns(block))
    }
}

// SAFETY: a shared arena is no allocator, references to it are. What they hand out borrows it, and so does an allocator that has
// its memory from them, on any thread. All such borrows have ended when the arena is borrowed exclusively.
unsafe impl<B: Backing, const M: usize> Whole for SyncArena<B, M> {}

/// Room for `T`s, as the typed methods need it.
impl<B: Backing, const M: usize> SyncArena<B, M> {
    /// Room for a `T`: aligned, valid for reads and writes, nobody else's, until the arena is reset or dropped.
    #[inline(always)]
    pub(super) fn slot<T>(&self) -> Result<NonNull<T>, AllocError> {
        if const { size_of::<T>() == 0 } {
            return Ok(NonNull::dangling());
        }
        if const { size_of::<T>() <= LARGE } {
            if let Some(slot) = self.windows.mine().and_then(|window| window.cursor.take_type::<T>()) {
                return Ok(slot.cast());
            }
        }
        self.block_slow(Layout::new::<T>()).map(NonNull::cast)
    }
}
