//! A slice in the making.

use core::alloc::Layout;
use core::mem;
use core::ptr::{self, NonNull};
use core::slice;

use super::Arena;
use super::failure::Failure;
use crate::adapt::Blocks;
use crate::backing::Backing;

/// A slice in the making, at whatever place in the arena. When it is dropped unfinished, because the user's code
/// panicked or failed, the elements are dropped and the memory is given back if it is the last.
///
/// # Invariants
///
/// `start` is room for `capacity` elements of the arena's, or dangling if that is zero bytes; the first `len` of them
/// are initialised and `len <= capacity`.
pub(super) struct Filling<'a, B: Backing, const M: usize, T> {
    arena: &'a Arena<B, M>,
    start: NonNull<T>,
    len: usize,
    capacity: usize,
}

impl<'a, B: Backing, const M: usize, T> Filling<'a, B, M, T> {
    #[inline]
    pub(super) fn with_capacity<E: Failure>(arena: &'a Arena<B, M>, capacity: usize) -> Result<Self, E> {
        let start = arena.room_for::<E, T>(capacity)?;
        Ok(Filling { arena, start, len: 0, capacity })
    }

    #[inline]
    pub(super) fn push<E: Failure>(&mut self, value: T) -> Result<(), E> {
        if self.len == self.capacity {
            self.grow::<E>(1)?;
        }
        // SAFETY: there is room for one more.
        unsafe { self.push_within_capacity(value) };
        Ok(())
    }

    /// # Safety
    ///
    /// `len < capacity`.
    #[inline(always)]
    pub(super) unsafe fn push_within_capacity(&mut self, value: T) {
        debug_assert!(self.len < self.capacity);
        // SAFETY: `len < capacity` (this function's contract), so this is in the room.
        let place = unsafe { self.start.add(self.len) };
        // SAFETY: aligned room for an element, not initialised yet.
        unsafe { place.write(value) };
        self.len += 1;
    }

    /// Makes room for at least `more` further elements.
    #[cold]
    #[inline(never)]
    fn grow<E: Failure>(&mut self, more: usize) -> Result<(), E> {
        let Some(least) = self.len.checked_add(more) else { return Err(E::too_long()) };
        if size_of::<T>() == 0 {
            self.capacity = usize::MAX;
            return Ok(());
        }
        let roomy = Layout::array::<T>(least.max(self.capacity.saturating_mul(2)).max(4));
        if roomy.is_ok_and(|layout| self.move_to(layout)) {
            return Ok(());
        }
        // What is left may be enough, if not for twice as much.
        let Ok(layout) = Layout::array::<T>(least) else { return Err(E::too_long()) };
        if self.move_to(layout) { Ok(()) } else { Err(E::out_of_memory(self.arena, layout)) }
    }

    /// Makes the room, which is smaller, as large as `layout` says. Returns whether it is.
    fn move_to(&mut self, layout: Layout) -> bool {
        let grown = if self.capacity == 0 {
            self.arena.block(layout)
        } else {
            // SAFETY: the room is a block of this arena's with that layout, and the new one is larger.
            unsafe { self.arena.grow_block(self.start.cast(), self.layout(), layout) }
        };
        let Ok(start) = grown else { return false };
        self.start = start.cast();
        self.capacity = layout.size() / size_of::<T>();
        true
    }

    /// The layout of the room.
    fn layout(&self) -> Layout {
        // SAFETY: the room was allocated with this layout, so it is a valid one.
        unsafe { Layout::from_size_align_unchecked(self.capacity * size_of::<T>(), align_of::<T>()) }
    }

    fn has_room(&self) -> bool {
        size_of::<T>() != 0 && self.capacity != 0
    }

    /// The slice, for as long as the arena is borrowed. What is left of the room is given back if it is the last.
    #[inline]
    pub(super) fn finish(self) -> &'a mut [T] {
        let len = self.len;
        if len < self.capacity && self.has_room() {
            let new_size = len * size_of::<T>();
            // SAFETY: the room is a block of this arena's with that layout, and `len` elements are no more than it has.
            unsafe { self.arena.try_shrink_in_place(self.start.cast(), self.layout(), new_size) };
        }
        let start = self.start.as_ptr();
        mem::forget(self);
        // SAFETY: the first `len` elements are initialised; the room is nobody else's while the arena is borrowed.
        unsafe { slice::from_raw_parts_mut(start, len) }
    }
}

impl<B: Backing, const M: usize> Filling<'_, B, M, u8> {
    #[inline]
    pub(super) fn extend<E: Failure>(&mut self, bytes: &[u8]) -> Result<(), E> {
        if bytes.len() > self.capacity - self.len {
            self.grow::<E>(bytes.len())?;
        }
        // SAFETY: `len <= capacity`.
        let rest = unsafe { self.start.add(self.len) };
        // SAFETY: there is room for that many bytes, which nobody else has: the source cannot overlap it.
        unsafe { rest.copy_from_nonoverlapping(NonNull::from(bytes).cast::<u8>(), bytes.len()) };
        self.len += bytes.len();
        Ok(())
    }
}

impl<B: Backing, const M: usize, T> Drop for Filling<'_, B, M, T> {
    fn drop(&mut self) {
        /// Runs even if an element's drop panics.
        struct GiveBack<'f, 'a, B: Backing, const M: usize, T>(&'f Filling<'a, B, M, T>);

        impl<B: Backing, const M: usize, T> Drop for GiveBack<'_, '_, B, M, T> {
            fn drop(&mut self) {
                let filling = self.0;
                if filling.has_room() {
                    // SAFETY: the room is a block of this arena's with that layout, and its elements are gone.
                    unsafe { filling.arena.free(filling.start.cast(), filling.layout()) };
                }
            }
        }

        let elements = ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.len);
        let _give_back = GiveBack(self);
        // SAFETY: the first `len` elements are initialised, and nobody looks at them again.
        unsafe { ptr::drop_in_place(elements) };
    }
}
