//! The cold path: what happens when the window is full.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use super::Arena;
use crate::addr;
use crate::backing::{Backing, Purpose};
use crate::raw::{self, ChunkId, SpareList, footprint};

impl<B: Backing, const M: usize> Arena<B, M> {
    /// A block for `layout`, when the short way did not find one.
    ///
    /// In this order: the window after all (the short way knows no large alignments), the chunk made longer in place, a
    /// stretch that this handle kept, a chunk that nobody holds, the backing.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if none of them has room. The arena is as before then.
    #[inline(never)]
    pub(super) fn refill(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        #[cfg(arenite_zeal)]
        self.check();
        let block = self.find_room(layout);
        if block.is_err() {
            self.tell_refused(layout);
        }
        #[cfg(arenite_zeal)]
        self.check();
        block
    }

    /// A block from the first chunk of all, if that is still to be obtained and the backing has a short way to it: of many
    /// arenas it is the only one.
    #[inline(always)]
    pub(super) fn first_block(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() > M.max(raw::CHUNK_ALIGN) {
            return None;
        }
        let root = self.root();
        let (chunk, base, top) = root.begin(footprint::<M>(layout.size()))?;
        self.held.own.begin(chunk);
        self.held.chunk.set(chunk);
        // SAFETY: the chunk is nobody else's, so `[base, top)` is free, and it is as the invariants of chunks say. There
        // was no other chunk before, so there is no window to be left. Chunks are aligned as the block is to be.
        let block = unsafe { self.cursor.begin(base, top, layout.size()) };
        #[cfg(arenite_zeal)]
        self.check();
        block
    }

    fn find_room(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        // First, as it would cost the padding.
        if layout.size() == 0 {
            return Ok(raw::dangling(layout));
        }
        // Its window is closed, so that everything comes here.
        if self.held.sealed.get() {
            return Err(AllocError);
        }
        // Of smaller alignments the short way knows all.
        if layout.align() > M {
            if let Some(block) = self.cursor.take_any(layout) {
                return Ok(block);
            }
        }
        let root = self.root();
        // A source of memory that allocates from the arena it serves.
        if root.is_busy() {
            return Err(AllocError);
        }
        let footprint = footprint::<M>(layout.size());
        let need = addr::worst_case(footprint, layout.align(), M).ok_or(AllocError)?;
        // A new arena has nothing to look through.
        if root.chunks.get().is_none() {
            let (chunk, side) = root.obtain(need, Purpose::Allocation { full: true, used: 0, apart: 0 })?;
            return if side { self.take_side(chunk, layout) } else { self.go_on_in(chunk, layout) };
        }
        if self.extend(footprint, layout.align()) || self.enter_spare(footprint, layout.align()) {
            return self.cursor.take_any(layout).ok_or(AllocError);
        }
        // Chunks grow with what is used. A parent whose tail is lent, a million times over, needs a second chunk, not
        // one that is larger each time.
        let used = self.used();
        let full = used >= root.granted.get() / 4 * 3;
        let apart = self.note_apart(full);
        let (chunk, side) = root.obtain(need, Purpose::Allocation { full, used, apart })?;
        if side { self.take_side(chunk, layout) } else { self.go_on_in(chunk, layout) }
    }

    /// Counts a chunk that is about to be obtained because others have the rest of the chunks there are. Returns how many
    /// there were before, since memory last grew.
    fn note_apart(&self, full: bool) -> u32 {
        let root = self.root();
        let before = root.apart.get();
        let chunk = self.held.chunk.get();
        let others_have_it = match chunk.is_none() {
            true => !root.chunks.get().is_none(),
            false => self.cursor.end() != root.record(chunk).top.get(),
        };
        if full {
            root.apart.set(before.min(1));
        } else if others_have_it {
            root.apart.set(before.saturating_add(1));
        }
        before.saturating_sub(1)
    }

    /// Makes room in place for a block of `footprint` bytes aligned to `align`, for which the window has none.
    pub(super) fn extend(&self, footprint: usize, align: usize) -> bool {
        let chunk = self.held.chunk.get();
        if !B::GROWS_IN_PLACE || chunk.is_none() {
            return false;
        }
        let root = self.root();
        let record = root.record(chunk);
        // What lies between the end of the window and the top of the chunk is somebody else's.
        let end = self.cursor.end();
        if end != record.top.get() {
            return false;
        }
        let pos = self.cursor.pos().addr();
        let Some(placed) = addr::place(pos, usize::MAX, footprint, align) else { return false };
        let need = placed.advance - self.cursor.room();
        // The backing may have called a child into being that has the tail now, and with it what was added.
        if root.extend(chunk, need).is_err() || self.held.chunk.get() != chunk || self.cursor.end() != end {
            return false;
        }
        // SAFETY: the window ends where the top of the chunk was, and the bytes above it, up to the new top, were nobody's;
        // the top is a multiple of `M`.
        unsafe { self.cursor.set_end(record.top.get()) };
        true
    }

    /// Goes on in a stretch of this handle's, or in a chunk that nobody holds, in which such a block fits.
    fn enter_spare(&self, footprint: usize, align: usize) -> bool {
        if let Some((start, end, chunk)) = self.held.spares.take(footprint, align) {
            self.leave_window();
            self.held.chunk.set(chunk);
            // SAFETY: a stretch from the list is free and this handle's; its ends were those of windows.
            unsafe { self.cursor.enter(start, end) };
            return true;
        }
        let root = self.root();
        let fits = |chunk: ChunkId| {
            let record = root.record(chunk);
            addr::place(record.base.addr(), record.top.get().addr(), footprint, align).is_some()
        };
        match root.take_spare(fits) {
            Some(chunk) => {
                self.enter_chunk(chunk);
                true
            }
            None => false,
        }
    }

    /// Takes `chunk`, which is empty and nobody's, for this handle's own, and a block from it.
    fn go_on_in(&self, chunk: ChunkId, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        self.enter_chunk(chunk);
        self.cursor.take_any(layout).ok_or(AllocError)
    }

    /// Takes `chunk`, which is empty and nobody's, for this handle's own and goes on in it.
    pub(super) fn enter_chunk(&self, chunk: ChunkId) {
        self.leave_window();
        let record = self.root().record(chunk);
        self.held.own.push(chunk, record);
        self.held.chunk.set(chunk);
        // SAFETY: the chunk is nobody else's, so `[base, top)` is free, and it is as the invariants of chunks say.
        unsafe { self.cursor.enter(record.base, record.top.get()) };
    }

    /// Takes a block from `chunk`, which was obtained for it alone, and goes on in the present window.
    fn take_side(&self, chunk: ChunkId, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let record = self.root().record(chunk);
        self.held.own.push(chunk, record);
        let side = raw::Cursor::<M>::empty();
        // SAFETY: the chunk is nobody else's, so `[base, top)` is free, and no other cursor gets it.
        unsafe { side.enter(record.base, record.top.get()) };
        let block = side.take_any(layout).ok_or(AllocError)?;
        record.filled.set(side.pos());
        record.soil(side.pos());
        self.held.left.set(self.held.left.get() + side.used());
        Ok(block)
    }

    /// Writes down what is to be known of the window before the cursor leaves it for another one.
    pub(super) fn leave_window(&self) {
        let chunk = self.held.chunk.get();
        if chunk.is_none() {
            return;
        }
        let root = self.root();
        root.note_peak(self.most_used());
        self.held.left.set(self.held.left.get() + self.cursor.used());
        let record = root.record(chunk);
        let (pos, end) = (self.cursor.pos(), self.cursor.end());
        record.filled.set(record.filled.get().max(pos));
        record.soil(self.cursor.peak().max(SpareList::soiled(pos, end)));
        // SAFETY: the tail is free and this handle's, and the cursor is about to forget it.
        let lost = unsafe { self.held.spares.push(pos, end, chunk) };
        root.wasted.set(root.wasted.get() + lost);
    }

    /// Writes down what may have been written, as far as the cursor knows and the chunks do not.
    #[cold]
    #[inline]
    pub(super) fn flush(&self) {
        if !B::FRESH_IS_ZERO {
            return;
        }
        let root = self.root();
        let chunk = self.held.chunk.get();
        if !chunk.is_none() {
            root.record(chunk).soil(self.cursor.peak());
        }
        // A child that was forgotten: nobody knows what it wrote.
        if self.held.children.any() {
            root.soil_all();
        }
    }

    /// Makes sure that blocks of `bytes` bytes in all, of at most the minimum alignment each, come from the window.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the memory is not to be had.
    pub(super) fn make_room(&self, bytes: usize) -> Result<(), AllocError> {
        let bytes = addr::align_up(bytes, M).ok_or(AllocError)?;
        if bytes <= self.cursor.room() {
            return Ok(());
        }
        let root = self.root();
        if root.is_busy() || self.held.sealed.get() {
            return Err(AllocError);
        }
        if self.extend(bytes, M) || self.enter_spare(bytes, M) {
            return Ok(());
        }
        let Ok((chunk, _)) = root.obtain(bytes, Purpose::Exact) else {
            if let Ok(layout) = Layout::from_size_align(bytes, M) {
                self.tell_refused(layout);
            }
            return Err(AllocError);
        };
        self.enter_chunk(chunk);
        Ok(())
    }

    /// Whether [`refill`](Self::refill) could find room for such a block, as far as can be told without trying.
    pub(super) fn could_get(&self, footprint: usize, align: usize, need: usize) -> bool {
        let root = self.root();
        if root.is_busy() || self.held.sealed.get() {
            return false;
        }
        let fits = |start: usize, end: usize| addr::place(start, end, footprint, align).is_some();
        let mut found = self.held.spares.has(footprint, align);
        let mut chunk = root.spare.head();
        while !chunk.is_none() && !found {
            let record = root.record(chunk);
            found = fits(record.base.addr(), record.top.get().addr());
            chunk = record.link.get();
        }
        let chunk = self.held.chunk.get();
        let at_top =
            B::GROWS_IN_PLACE && !chunk.is_none() && self.cursor.end() == root.record(chunk).top.get();
        let pos = self.cursor.pos().addr();
        let in_place = at_top
            && addr::place(pos, usize::MAX, footprint, align)
                .is_some_and(|placed| root.could_extend(chunk, placed.advance - self.cursor.room()));
        found || in_place || root.could_obtain(need)
    }
}
