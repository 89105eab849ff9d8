//! The cursor: a window of memory handed out from front to back.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

use crate::addr::{self, LOW_HALF, SMALL};
use crate::track;

/// Bytes that a block of `size` bytes takes from a cursor whose position is always a multiple of `M`.
///
/// # Invariants
///
/// `size` is that of a valid `Layout`, so neither addition wraps (the largest minimum alignment is [`SMALL`]).
#[inline(always)]
pub(crate) const fn footprint<const M: usize>(size: usize) -> usize {
    (size + track::GAP + (M - 1)) & !(M - 1)
}

/// A window `[start, end)` of memory and the position `pos` in it: bytes below `pos` are handed out, bytes from `pos`
/// on are free.
///
/// # Invariants
///
/// * `start <= pos <= end`, all multiples of `M`, none null, and `end` is what
///   [`addr::clip_end`] allows.
/// * `[start, end)` lies in one allocation, for which all of them have provenance, and belongs to this cursor alone: no
///   other cursor's window and no spare span overlaps it. Or the window is empty and they have no provenance.
/// * `peak` is the largest position that this window was ever retreated from.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Cursor<const M: usize> {
    pos: Cell<*mut u8>,
    end: Cell<*mut u8>,
    start: Cell<*mut u8>,
    peak: Cell<*mut u8>,
}

impl<const M: usize> Cursor<M> {
    /// Checks the parameter, at compile time.
    const M_IS_VALID: () = assert!(
        M.is_power_of_two() && M <= SMALL,
        "the minimum alignment must be a power of two and at most 4096"
    );

    /// A cursor without memory. Its position is not null, so that it can stand for an empty block.
    #[inline(always)]
    pub(crate) const fn empty() -> Self {
        const { Self::M_IS_VALID };
        let nowhere = ptr::without_provenance_mut(M);
        Cursor {
            pos: Cell::new(nowhere),
            end: Cell::new(nowhere),
            start: Cell::new(nowhere),
            peak: Cell::new(nowhere),
        }
    }

    #[inline(always)]
    pub(crate) fn pos(&self) -> *mut u8 {
        self.pos.get()
    }

    #[inline(always)]
    pub(crate) fn end(&self) -> *mut u8 {
        self.end.get()
    }

    #[inline(always)]
    pub(crate) fn start(&self) -> *mut u8 {
        self.start.get()
    }

    /// Bytes from the position to the end.
    #[inline(always)]
    pub(crate) fn room(&self) -> usize {
        self.end.get().addr() - self.pos.get().addr()
    }

    /// Tells the optimiser, after a call that may have moved the cursor, what it holds now. No code comes of it; but as
    /// position and end are read here, off the short path, the short path need not read them again: the position of an
    /// arena that never leaves its function stays in a register.
    #[inline(always)]
    pub(crate) fn look_again(&self) {
        // SAFETY: an invariant of the type.
        unsafe { core::hint::assert_unchecked(self.pos.get() <= self.end.get()) };
    }

    /// Bytes handed out from this window and not given back.
    #[inline(always)]
    pub(crate) fn used(&self) -> usize {
        self.pos.get().addr() - self.start.get().addr()
    }

    /// The most bytes that were ever handed out from this window at once.
    #[inline]
    pub(crate) fn most_used(&self) -> usize {
        self.peak().addr() - self.start.get().addr()
    }

    /// The highest position that this window ever had.
    #[inline(always)]
    pub(crate) fn peak(&self) -> *mut u8 {
        if self.peak.get() > self.pos.get() { self.peak.get() } else { self.pos.get() }
    }

    /// Hands out a block for a `T`, which must not be of size zero.
    #[inline(always)]
    pub(crate) fn take_type<T>(&self) -> Option<NonNull<u8>> {
        if const { align_of::<T>() <= M && size_of::<T>() <= SMALL } {
            let pos = self.pos.get();
            // Cannot wrap: a window never ends within `SMALL` bytes of the top, gaps and rounding included.
            let next = pos.wrapping_add(const { footprint::<M>(size_of::<T>()) });
            if next <= self.end.get() { Some(self.hand_out(pos, next, size_of::<T>())) } else { None }
        } else {
            self.take_any(Layout::new::<T>())
        }
    }

    /// Hands out a block of `size` bytes for `T`s; `size` is that of a valid layout.
    #[inline(always)]
    pub(crate) fn take_slice<T>(&self, size: usize) -> Option<NonNull<u8>> {
        if const { align_of::<T>() <= M } {
            self.take_packed(size)
        } else {
            // SAFETY: `size` is that of a valid layout for `T`s, whose alignment is a power of two.
            let layout = unsafe { Layout::from_size_align_unchecked(size, align_of::<T>()) };
            self.take_any(layout)
        }
    }

    /// Hands out a block, unless its alignment is above `M`: such a block is [`take_any`](Self::take_any)'s business,
    /// off the path that must be short.
    #[inline(always)]
    pub(crate) fn take_layout(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() <= M { self.take_packed(layout.size()) } else { None }
    }

    /// Hands out a block for any layout.
    #[inline]
    pub(crate) fn take_any(&self, layout: Layout) -> Option<NonNull<u8>> {
        let pos = self.pos.get();
        let footprint = footprint::<M>(layout.size());
        let placed = addr::place(pos.addr(), self.end.get().addr(), footprint, layout.align())?;
        let block = pos.wrapping_add(placed.padding);
        Some(self.hand_out(block, pos.wrapping_add(placed.advance), layout.size()))
    }

    /// Hands out a block aligned to `M`.
    #[inline(always)]
    fn take_packed(&self, size: usize) -> Option<NonNull<u8>> {
        let pos = self.pos.get();
        let footprint = footprint::<M>(size);
        let fits = if LOW_HALF {
            // Cannot wrap: both summands lie in the lower half of the address space.
            pos.wrapping_add(footprint) <= self.end.get()
        } else {
            footprint <= self.room()
        };
        if fits { Some(self.hand_out(pos, pos.wrapping_add(footprint), size)) } else { None }
    }

    /// Moves the position to `next` and returns the block, of `size` bytes, that lies before it.
    #[inline(always)]
    fn hand_out(&self, block: *mut u8, next: *mut u8, size: usize) -> NonNull<u8> {
        self.pos.set(next);
        // SAFETY: the bytes lie in the window and are a block that nobody has yet.
        unsafe { track::occupy(block, size) };
        // SAFETY: positions are not null (invariant), and the block is at or above one.
        unsafe { NonNull::new_unchecked(block) }
    }

    /// Whether `block`, of `size` bytes, is the last that was handed out from this window.
    ///
    /// Both halves are needed: two windows can be neighbours, and without the lower bound the last block of the one
    /// before would pass for a block of this one.
    #[inline(always)]
    pub(crate) fn is_last(&self, block: NonNull<u8>, size: usize) -> bool {
        block.addr().get().wrapping_add(footprint::<M>(size)) == self.pos.get().addr()
            && block.as_ptr() >= self.start.get()
    }

    /// Takes back `block`, of `size` bytes, if it is the last.
    ///
    /// # Safety
    ///
    /// The block came from the arena that this cursor serves, with a layout of that size, and is used no more.
    #[inline(always)]
    pub(crate) unsafe fn give_back(&self, block: NonNull<u8>, size: usize) {
        if self.is_last(block, size) {
            // SAFETY: `block` is in `[start, pos]`, and what lies from it to `pos` is the block alone. It is a
            // multiple of `M`, as every block is.
            unsafe { self.retreat(block.addr().get()) };
        } else {
            track::poison(block.as_ptr(), size);
        }
    }

    /// Moves the position back to the address `to`.
    ///
    /// # Safety
    ///
    /// `to` is a multiple of `M` in `[start, pos]`, and no block at or above it is in use.
    #[inline(always)]
    pub(crate) unsafe fn retreat(&self, to: usize) {
        let pos = self.pos.get();
        self.peak.set(self.peak());
        let to = pos.with_addr(to);
        // SAFETY: `[to, pos)` lies in the window, and no block in it is in use (this function's contract).
        unsafe { track::vacate(to, pos) };
        self.pos.set(to);
    }

    /// Makes `block` `new_size` bytes long where it stands, if it is the last and there is room. Returns it with the
    /// window's provenance, which a block of size zero may have lacked.
    ///
    /// # Safety
    ///
    /// As for [`give_back`](Self::give_back), but that the first `min(old_size, new_size)` bytes stay in use.
    /// `new_size` is that of a valid layout.
    #[inline(always)]
    pub(crate) unsafe fn resize_last(
        &self,
        block: NonNull<u8>,
        old_size: usize,
        new_size: usize,
    ) -> Option<NonNull<u8>> {
        if !self.is_last(block, old_size) {
            return None;
        }
        let pos = self.pos.get();
        let room = self.end.get().addr() - block.addr().get();
        let footprint = footprint::<M>(new_size);
        if footprint > room {
            return None;
        }
        let block = pos.with_addr(block.addr().get());
        let next = block.wrapping_add(footprint);
        if next < pos {
            self.peak.set(self.peak());
        }
        self.pos.set(next);
        if new_size < old_size {
            // SAFETY: the end of a block whose owner gives it up (this function's contract).
            unsafe { track::vacate(block.wrapping_add(new_size), block.wrapping_add(old_size)) };
        } else {
            // SAFETY: the bytes lie in the window, behind its last block, so nobody has them.
            unsafe { track::occupy(block.wrapping_add(old_size), new_size - old_size) };
        }
        // SAFETY: at or above `start`, which is not null.
        Some(unsafe { NonNull::new_unchecked(block) })
    }

    /// Leaves the present window for `[start, end)`, with everything in it free.
    ///
    /// # Safety
    ///
    /// The window satisfies the invariants of the type.
    #[inline(always)]
    pub(crate) unsafe fn enter(&self, start: *mut u8, end: *mut u8) {
        debug_assert!(start <= end && start.addr() % M == 0 && end.addr() % M == 0);
        self.start.set(start);
        self.pos.set(start);
        self.peak.set(start);
        self.end.set(end);
    }

    /// As [`enter`](Self::enter), and hands out a block of `size` bytes at the start, if it has room.
    ///
    /// # Safety
    ///
    /// As for [`enter`](Self::enter); `size` is that of a valid layout.
    #[inline(always)]
    pub(crate) unsafe fn begin(&self, start: *mut u8, end: *mut u8, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.enter(start, end) };
        let footprint = footprint::<M>(size);
        if footprint > end.addr() - start.addr() {
            return None;
        }
        Some(self.hand_out(start, start.wrapping_add(footprint), size))
    }

    /// Counts everything below `pos` as handed out, and nothing else.
    ///
    /// # Safety
    ///
    /// `pos` is a multiple of `M` in the window, which was entered just now, and no block above it is in use.
    #[inline]
    pub(crate) unsafe fn advance_to(&self, pos: *mut u8) {
        let pos = self.pos.get().with_addr(pos.addr());
        // SAFETY: the bytes lie in the window, and no block in them is in use (this function's contract).
        unsafe { track::vacate(pos, self.end.get()) };
        self.pos.set(pos);
    }

    /// Leaves the present window for none.
    #[inline]
    pub(crate) fn leave(&self) {
        let nowhere = ptr::without_provenance_mut(M);
        // SAFETY: an empty window at a multiple of `M` that is not null: there is no byte that would have to be free.
        unsafe { self.enter(nowhere, nowhere) };
    }

    /// Moves the end of the window.
    ///
    /// # Safety
    ///
    /// `end` is a multiple of `M` at or above the position, and `[start, end)` satisfies the invariants of the type.
    #[inline(always)]
    pub(crate) unsafe fn set_end(&self, end: *mut u8) {
        debug_assert!(end >= self.pos.get() && end.addr() % M == 0);
        self.end.set(end);
    }

    /// Bytes of this window below this one may have been written, apart from those that the position passed for the first
    /// time.
    #[inline]
    pub(crate) fn soiled(&self) -> *mut u8 {
        self.peak.get()
    }

    /// Whether the address lies in what this window has handed out.
    #[inline]
    pub(crate) fn has(&self, block: NonNull<u8>) -> bool {
        block.as_ptr() >= self.start.get() && block.as_ptr() < self.pos.get()
    }

    /// Counts `peak`, a position that a child reached in the tail of this window, as one of this window's own.
    #[inline(always)]
    pub(crate) fn raise_peak(&self, peak: *mut u8) {
        if peak > self.peak.get() {
            self.peak.set(peak);
        }
    }
}
