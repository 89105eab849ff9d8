//! A second window: where a region goes on with what is longer than a line while its first window is a hole.
//!
//! Holes are narrow. If a longer block closed each that it does not fit in, most of the memory that was found would be lost
//! again, and the search for it.

use core::ptr;

use super::core::{Core, freed_twice};
use super::line::{BLOCK, LARGE, LINE};
use super::stack::NONE;
use crate::track;

impl Core {
    /// A block of `bytes` bytes, a footprint, from the second window. `None` if it is not needed, or not to be had.
    pub(super) fn take_overflow(&self, bytes: usize) -> Option<*mut u8> {
        if !self.in_hole.get() || bytes <= LINE || bytes > LARGE {
            return None;
        }
        if bytes > self.overflow_room() && !self.open_overflow() {
            return None;
        }
        let start = self.overflow_pos.get();
        self.overflow_pos.set(start.wrapping_add(bytes));
        Some(start)
    }

    /// Bytes that are left of both windows.
    pub(super) fn room(&self) -> usize {
        self.end.get().addr() - self.pos.get().addr() + self.overflow_room()
    }

    /// Bytes that are left of the second window.
    fn overflow_room(&self) -> usize {
        self.overflow_end.get().addr() - self.overflow_pos.get().addr()
    }

    /// Opens an empty block as the second window, unless the region has memory enough beside what is in use.
    fn open_overflow(&self) -> bool {
        #[cfg(feature = "escapes")]
        if self.sampling().is_some() {
            // A sample stands for what comes from the first window.
            return false;
        }
        self.leave_overflow();
        if self.is_roomy() || self.allowed() < BLOCK {
            return false;
        }
        let Some(block) = self.pop_spare().or_else(|| self.home().obtain()) else { return false };
        block.open_all(self.id());
        self.link(&block);
        // What is left of a window counts as handed out: it says nothing before it is closed.
        block.wake_when_empty();
        self.held.set(self.held.get() + BLOCK as isize);
        let start = block.block().start();
        track::poison(start, BLOCK);
        self.overflow.set(block.block().index());
        self.overflow_pos.set(start);
        self.overflow_end.set(start.wrapping_add(BLOCK));
        true
    }

    /// Gives what is left of the second window back.
    pub(super) fn leave_overflow(&self) {
        let (index, pos, room) = (self.overflow.get(), self.overflow_pos.get(), self.overflow_room());
        if index == NONE {
            return;
        }
        self.forget_overflow();
        let block = self.owned(index);
        block.set_dirty(true);
        if room > 0 {
            self.held.set(self.held.get() - room as isize);
            match block.free(block.block().offset(pos), room) {
                Ok(0) => return self.emptied(block),
                Ok(_) => {}
                Err(_) => freed_twice(),
            }
        }
        block.wake_after(4);
    }

    /// No second window from now on.
    pub(super) fn forget_overflow(&self) {
        self.overflow.set(NONE);
        self.overflow_pos.set(ptr::null_mut());
        self.overflow_end.set(ptr::null_mut());
    }
}
