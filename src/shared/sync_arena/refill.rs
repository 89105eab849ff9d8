//! The cold path: what happens when a thread's window is full.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::window::Window;
use super::{Core, LARGE, SyncArena};
use crate::addr;
use crate::arena::Arena;
use crate::backing::Backing;
use crate::raw::{self, footprint};
use crate::shared::thread::{self, Here};
use crate::track;

impl<B: Backing, const M: usize> SyncArena<B, M> {
    /// A block for `layout`, when the short way did not find one.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for it.
    #[cold]
    #[inline(never)]
    pub(super) fn block_slow(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        if layout.size() == 0 {
            return Ok(raw::dangling(layout));
        }
        let here = thread::introduce();
        let footprint = footprint::<M>(layout.size());
        let need = addr::worst_case(footprint, layout.align(), M).ok_or(AllocError)?;
        // By size alone: a block of more than `LARGE` is never in a window.
        if layout.size() > LARGE || need > LARGE.max(M) {
            return self.direct(here, |arena| arena.allocate(layout)).map(NonNull::cast);
        }
        // The window is this thread's for as long as it is used here, also if the source of memory leaves this stack meanwhile.
        let _stay = thread::stay();
        let Some(window) = self.windows.mine_or_new(here) else {
            return self.direct(here, |arena| arena.allocate(layout)).map(NonNull::cast);
        };
        // The short way knows no large alignments, and no window before the thread is introduced.
        if let Some(block) = window.cursor.take_any(layout) {
            return Ok(block);
        }
        self.with_core_as(here, |core| core.refill(window, need))?;
        window.cursor.take_any(layout).ok_or(AllocError)
    }

    /// Runs `call` with the arena underneath.
    pub(super) fn direct<R>(&self, here: Here, call: impl FnOnce(&Arena<B, M>) -> R) -> R {
        self.with_core_as(here, |core| call(&core.arena))
    }

    /// Runs `call` with what all threads share.
    pub(super) fn with_core_as<R>(&self, here: Here, call: impl FnOnce(&Core<B, M>) -> R) -> R {
        // SAFETY: `Here` is what `introduce` said about this thread, so it is not nobody.
        unsafe { self.core.with(here.id, call) }
    }
}

impl<B: Backing, const M: usize> Core<B, M> {
    /// Makes sure that `window` has `need` more bytes, a multiple of `M`, if it can.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for them.
    fn refill(&self, window: &Window<M>, need: usize) -> Result<(), AllocError> {
        let mut len = window.next().max(need);
        // What is left of a chunk, rather than leaving it behind.
        let rest = addr::align_down(self.arena.chunk_capacity().saturating_sub(footprint::<M>(0)), M);
        if (need..len).contains(&rest) {
            len = rest;
        }
        if self.lengthen(window, len) {
            return Ok(());
        }
        loop {
            let layout = Layout::from_size_align(len, M).map_err(|_| AllocError)?;
            match (&self.arena).allocate(layout) {
                Ok(block) => {
                    self.enter(window, block.cast(), len);
                    return Ok(());
                }
                Err(AllocError) if len == need => return Err(AllocError),
                // Close to a limit, or to the end of a buffer.
                Err(AllocError) => len = addr::align_down(len / 2, M).max(need),
            }
        }
    }

    /// Makes a window `len` bytes longer in place, if nothing was handed out since it was. Returns whether it is.
    fn lengthen(&self, window: &Window<M>, len: usize) -> bool {
        let cursor = &window.cursor;
        let (start, end) = (cursor.start(), cursor.end());
        if start == end {
            return false;
        }
        let old_len = end.addr() - start.addr();
        let Ok(old) = Layout::from_size_align(old_len, M) else { return false };
        let Some(new_len) = old_len.checked_add(len).filter(|&len| len <= isize::MAX as usize / 2) else {
            return false;
        };
        let Some(block) = NonNull::new(start) else { return false };
        // SAFETY: a window that is not empty is a block of the arena with this layout; the new length is larger, and far from
        // `isize::MAX`.
        if unsafe { self.arena.try_grow_in_place(block, old, new_len) }.is_none() {
            return false;
        }
        track::poison(end, len);
        // The source of memory may have allocated here, and this window have been left for another one.
        if cursor.start() != start || cursor.end() != end {
            self.lost.set(self.lost.get() + len);
            return false;
        }
        // SAFETY: the bytes from `end` on were added to the block that is this window, so they are free and this window's; the
        // arena hands out nothing above what `clip_end` allows; the length is a multiple of `M`.
        unsafe { cursor.set_end(end.wrapping_add(len)) };
        window.count(len);
        true
    }

    /// Leaves `window` for a block of `len` bytes that was handed out just now.
    fn enter(&self, window: &Window<M>, block: NonNull<u8>, len: usize) {
        let cursor = &window.cursor;
        self.lost.set(self.lost.get() + cursor.room());
        let start = block.as_ptr();
        track::poison(start, len);
        // SAFETY: the block is this window's alone, a multiple of `M` at its start and in its length, and the arena hands out
        // nothing above what `clip_end` allows.
        unsafe { cursor.enter(start, start.wrapping_add(len)) };
        window.count(len);
    }
}
