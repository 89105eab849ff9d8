//! Blocks by layout, and `&Arena` as an allocator.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::Arena;
use crate::adapt::{Blocks, Granted, allocator_impls};
use crate::backing::Backing;
use crate::raw::footprint;
use crate::track;

// SAFETY: blocks stay valid for as long as the arena is borrowed, which a copy of the reference does not change: nothing is
// reset or dropped before. They are handed out once, are as long and as aligned as asked, and may be freed through every
// copy of the reference. No method unwinds: what the user supplies runs under `abort::on_unwind`.
allocator_impls!([B: Backing, const M: usize] &Arena<B, M>);

impl<B: Backing, const M: usize> Blocks for Arena<B, M> {
    #[inline(always)]
    fn block(&self, layout: Layout) -> Granted {
        match self.cursor.take_layout(layout) {
            Some(block) => Ok(block),
            None => self.block_slow(layout),
        }
    }

    #[inline]
    fn block_zeroed(&self, layout: Layout) -> Granted {
        let block = self.block(layout)?;
        // SAFETY: the block was handed out just now, with that many bytes.
        unsafe { self.zero(block, 0, 0, layout.size()) };
        Ok(block)
    }

    /// Takes a block back if it is the last.
    ///
    /// # Safety
    ///
    /// As for `Allocator::deallocate`.
    #[inline(always)]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the block is one of this arena's with this layout and is used no more (this function's contract).
        unsafe { self.cursor.give_back(block, layout.size()) };
        #[cfg(arenite_zeal)]
        self.check();
    }

    /// Makes a block longer: in place if it is the last and there is room, or can be made.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow`.
    #[inline]
    unsafe fn grow_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        debug_assert!(new.size() >= old.size());
        // SAFETY: this function's contract is that of the called one.
        match unsafe { self.resize_here(block, old, new) } {
            Some(block) => Ok(block),
            // SAFETY: as above.
            None => unsafe { self.grow_slow(block, old, new) },
        }
    }

    /// As `grow_block`; what is added is zero.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow_zeroed`.
    #[inline]
    unsafe fn grow_block_zeroed(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: this function's contract is that of the called one.
        let grown = unsafe { self.grow_block(block, old, new) }?;
        // In place, the end of the old footprint may hold what the block had before it was last made shorter.
        let written = if grown == block { footprint::<M>(old.size()) } else { old.size() };
        // SAFETY: the block is `new.size()` bytes long now, and the caller's; `old.size() <= new.size()`.
        unsafe { self.zero(grown, old.size(), written, new.size()) };
        Ok(grown)
    }

    /// Makes a block shorter: in place unless the new layout's alignment forbids it.
    ///
    /// # Safety
    ///
    /// As for `Allocator::shrink`.
    #[inline]
    unsafe fn shrink_block(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        debug_assert!(new.size() <= old.size());
        // SAFETY: this function's contract is that of the called one.
        if let Some(block) = unsafe { self.resize_here(block, old, new) } {
            return Ok(block);
        }
        if block.addr().get() % new.align() == 0 {
            // Not the last: its end is lost until the reset. The caller's pointer is good for what stays.
            track::poison(block.as_ptr().wrapping_add(new.size()), old.size() - new.size());
            return Ok(block);
        }
        // SAFETY: as above.
        unsafe { self.move_block(block, old, new) }
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    #[inline(always)]
    fn block_slow(&self, layout: Layout) -> Granted {
        let block = self.block_cold(layout);
        self.cursor.look_again();
        block
    }

    #[cold]
    #[inline(never)]
    fn block_cold(&self, layout: Layout) -> Granted {
        if let Some(block) = self.first_block(layout) {
            return Ok(block);
        }
        self.refill(layout)
    }

    /// Zeroes the bytes `[from, to)` of `block`, as far as they are not known to be zero.
    ///
    /// # Safety
    ///
    /// The block is one of this arena's, at least `to` bytes long, and the caller's. Nothing of it beyond its first
    /// `written` bytes has been written since it was handed out.
    #[inline]
    unsafe fn zero(&self, block: NonNull<u8>, from: usize, written: usize, to: usize) {
        let mut end = to;
        // Junk is not zero.
        if B::FRESH_IS_ZERO && !cfg!(arenite_zeal) && self.cursor.has(block) {
            let record = self.root().record(self.held.chunk.get());
            let clean = record.zero_from.get().max(self.cursor.soiled()).addr();
            let dirty = clean.saturating_sub(block.addr().get()).max(written);
            end = dirty.clamp(from, to);
        }
        // SAFETY: `from <= to`, which is no more than the block has.
        let start = unsafe { block.add(from) };
        // SAFETY: bytes of the block, which is the caller's.
        unsafe { start.write_bytes(0, end - from) };
    }

    #[cold]
    #[inline(never)]
    unsafe fn grow_slow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        let more = footprint::<M>(new.size()) - footprint::<M>(old.size());
        // A block that must move for its alignment may have room enough where it stands.
        let stays = block.addr().get() % new.align() == 0;
        if stays && self.cursor.is_last(block, old.size()) && self.extend(more, M) {
            // SAFETY: this function's contract is that of the called one.
            if let Some(block) = unsafe { self.resize_here(block, old, new) } {
                return Ok(block);
            }
        }
        // SAFETY: as above.
        unsafe { self.move_block(block, old, new) }
    }

    /// Resizes the last block, if it is the last, stands on the new alignment and has room.
    ///
    /// # Safety
    ///
    /// As for `Allocator::grow` or `shrink`.
    #[inline(always)]
    unsafe fn resize_here(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Option<NonNull<u8>> {
        if block.addr().get() % new.align() != 0 {
            return None;
        }
        // SAFETY: the block is one of this arena's with layout `old`, and its owner goes on with `new` (this function's
        // contract); the sizes are those of layouts.
        unsafe { self.cursor.resize_last(block, old.size(), new.size()) }
    }

    /// Tries to make a block `new_size` bytes long without moving it. `None` if that cannot be done.
    ///
    /// Go on with the pointer that it returns. It has the same address as `block`, which is good for the former length alone
    /// if it went through a reference or a box.
    ///
    /// Succeeds if the block is the last one and its window has room, or the backing can make room there. O(1).
    ///
    /// # Safety
    ///
    /// `block` is one of this arena's, its layout is `old`, and `new_size >= old.size()` is at most `isize::MAX` when
    /// rounded up to the alignment.
    pub unsafe fn try_grow_in_place(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new_size: usize,
    ) -> Option<NonNull<u8>> {
        debug_assert!(new_size >= old.size());
        // SAFETY: the block is one of this arena's with this layout, and its owner goes on with `new_size` bytes, which
        // are those of a valid layout (this function's contract).
        let resize = || unsafe { self.cursor.resize_last(block, old.size(), new_size) };
        let more = footprint::<M>(new_size) - footprint::<M>(old.size());
        let extend = || self.cursor.is_last(block, old.size()) && self.extend(more, M);
        resize().or_else(|| if extend() { resize() } else { None })
    }

    /// Makes a block `new_size` bytes long where it stands. Returns whether its end was given back, which it is if the
    /// block is the last one; otherwise it is idle until the arena is reset. O(1).
    ///
    /// # Safety
    ///
    /// `block` is one of this arena's, its layout is `old`, and `new_size <= old.size()`. If this returns `true`, the
    /// block's layout has the new size from now on.
    pub unsafe fn try_shrink_in_place(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> bool {
        debug_assert!(new_size <= old.size());
        // SAFETY: the block is one of this arena's with this layout, and its owner goes on with `new_size` bytes (this
        // function's contract).
        unsafe { self.cursor.resize_last(block, old.size(), new_size) }.is_some()
    }
}
