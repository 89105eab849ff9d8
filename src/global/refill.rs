//! What happens when a window is full or left, and where a region looks for memory then.

use super::block::Held;
use super::core::Core;
use super::home::Home;
use super::line::{self, BLOCK, LINE, LINES};
use super::stack::NONE;
use crate::sync::atomic::Ordering;
use crate::{abort, track};

/// Blocks that a region looks at before it takes a new one: while it is entered and below its limit, those that other
/// threads have emptied are found in no other way.
const LOOKS: usize = 4;
/// While a region has no more memory than this beside five quarters of what is in use, small holes are left alone: they are
/// full at once, and not worth the search.
const SLACK: usize = 192 * BLOCK;
/// What a hole is to have then.
const WIDE: usize = 4 * LINE;
/// Free lines that a block left behind must have to be worth taking.
const WORTH: u32 = LINES as u32 * 7 / 16;
/// Blocks left behind by others that it looks at.
const ADOPTIONS: usize = 4;

impl Core {
    pub(super) fn home(&self) -> &'static dyn Home {
        match self.home.get() {
            Some(home) => home,
            None => abort::now("a region without an allocator is in use"),
        }
    }

    /// The block with this index, which the region owns.
    pub(super) fn owned(&self, index: u32) -> Held<'static> {
        // SAFETY: the token of a block is its owner's, and no other is in use while this one is: each is made, used and
        // dropped within one step.
        unsafe { Held::assume(self.home().block(index)) }
    }

    /// Opens a window with room for `bytes` bytes, if there is one to be had within the limit.
    #[cold]
    pub(super) fn refill(&self, bytes: usize) -> bool {
        debug_assert!(bytes <= BLOCK);
        self.close();
        let allowed = self.allowance(bytes);
        if allowed < bytes || !self.find_window(bytes) {
            return false;
        }
        #[cfg(feature = "escapes")]
        let allowed = self.sampling().map_or(allowed, |every| allowed.min(every.max(bytes)));
        self.clip(allowed);
        true
    }

    fn find_window(&self, bytes: usize) -> bool {
        let current = self.current.replace(NONE);
        let wanted = if self.is_roomy() { bytes } else { bytes.max(WIDE) };
        if current != NONE {
            let block = self.owned(current);
            // What others left behind was taken for its holes, however small.
            let wanted = if block.is_adopted() { bytes } else { wanted };
            if self.reopen(block, Some(self.holes.get()), wanted) {
                return true;
            }
        }
        // Before one that is empty: what is left in here in turn is then left where something was left already.
        if self.adopt(bytes) {
            return true;
        }
        if let Some(block) = self.pop_spare() {
            self.open_clear(block);
            return true;
        }
        for _ in 0..LOOKS.min(self.ring_length.get()) {
            let index = self.ring.get();
            let block = self.owned(index);
            self.ring.set(block.block().next.load(Ordering::Relaxed));
            if index != self.overflow.get() && self.reopen(block, None, wanted) {
                return true;
            }
        }
        self.open_fresh()
    }

    /// Whether there is memory enough beside what is in use to put up with small holes.
    pub(super) fn is_roomy(&self) -> bool {
        let in_use = self.held.get().max(0) as usize;
        self.ring_length.get() * BLOCK > in_use + in_use / 4 + SLACK
    }

    /// Gives what is left of the window back.
    fn close(&self) {
        let index = self.current.get();
        if index == NONE {
            return;
        }
        let (pos, end) = (self.pos.get(), self.end.get());
        let block = self.owned(index);
        block.set_dirty(true);
        let room = end.addr() - pos.addr();
        // No window from now on, so that nothing that happens here takes it for one.
        self.set_window(pos, pos, pos);
        if room > 0 {
            self.held.set(self.held.get() - room as isize);
            if block.free(block.block().offset(pos), room).is_err() {
                super::core::freed_twice();
            }
        }
        block.wake_after(4);
    }

    /// Closes both windows. A block of which nothing else is in use is given to everybody.
    pub(super) fn leave_windows(&self) {
        self.leave_overflow();
        let current = self.current.get();
        if current == NONE {
            return;
        }
        let block = self.owned(current);
        if block.vacate(self.end.get().addr() - self.pos.get().addr()) {
            block.set_dirty(true);
            self.unlink(&block);
            self.home().put_free(block);
        } else {
            self.close();
        }
        self.current.set(NONE);
        self.set_window(core::ptr::null_mut(), core::ptr::null_mut(), core::ptr::null_mut());
    }

    /// Gives back what of a new window is beyond the limit.
    pub(super) fn clip(&self, allowed: usize) {
        let start = self.pos.get();
        let room = self.end.get().addr() - start.addr();
        let kept = allowed.div_ceil(LINE).saturating_mul(LINE);
        if kept >= room {
            return;
        }
        let end = start.wrapping_add(kept);
        self.end.set(end);
        self.zero.set(self.zero.get().min(end));
        let block = self.owned(self.current.get());
        block.set_dirty(true);
        self.held.set(self.held.get() - (room - kept) as isize);
        if block.free(block.block().offset(end), room - kept).is_err() {
            super::core::freed_twice();
        }
    }

    fn set_window(&self, start: *mut u8, end: *mut u8, zero: *mut u8) {
        self.pos.set(start);
        self.low.set(start);
        self.end.set(end);
        self.zero.set(zero);
    }

    /// Opens `[from, to)`, offsets in a block of the region's.
    pub(super) fn open(&self, block: &Held<'static>, from: usize, to: usize) {
        let start = block.block().start();
        let zero = if block.is_dirty() { to } else { from };
        self.set_window(start.wrapping_add(from), start.wrapping_add(to), start.wrapping_add(zero));
        self.current.set(block.block().index());
        self.holes.set(0);
        self.in_hole.set(to - from < BLOCK);
        // What is left of a window counts as handed out: it says nothing before it is closed.
        block.wake_when_empty();
        self.held.set(self.held.get() + (to - from) as isize);
        #[cfg(feature = "escapes")]
        self.opened(block, from, to);
        track::poison(start.wrapping_add(from), to - from);
    }

    /// Opens a hole of a block of the region's, the whole block if it is empty. `holes` are the lines that are known to be
    /// free, where somebody has looked.
    fn reopen(&self, block: Held<'static>, holes: Option<u64>, bytes: usize) -> bool {
        let in_use = block.in_use();
        if in_use == 0 {
            self.forget(&block);
            block.clear();
            block.open_all(self.id());
            self.open(&block, 0, BLOCK);
            return true;
        }
        // A free under way counts as in use when the hole that it makes has been opened already, so the sum may be more
        // than a block. Until that is over no other hole is opened: what others may free stays less than two blocks.
        if in_use + bytes.max(LINE) > BLOCK {
            return false;
        }
        self.held.set(self.held.get() - block.fold());
        let holes = holes.unwrap_or_else(|| block.free_lines());
        let Some((start, end)) = line::hole(holes, bytes) else { return false };
        block.open(start, end);
        self.open(&block, start, end);
        self.holes.set(holes & !line::run(start / LINE, end / LINE));
        true
    }

    /// What others freed of a block that turned out to be empty is not handed out any more.
    pub(super) fn forget(&self, block: &Held<'static>) {
        #[cfg(feature = "escapes")]
        self.opened(block, 0, BLOCK);
        self.held.set(self.held.get() - block.handed_out());
    }

    fn open_clear(&self, block: Held<'static>) {
        block.open_all(self.id());
        self.link(&block);
        self.open(&block, 0, BLOCK);
    }

    fn open_fresh(&self) -> bool {
        let Some(block) = self.home().obtain() else { return false };
        self.open_clear(block);
        true
    }

    /// Takes over what a region that has ended left behind.
    fn adopt(&self, bytes: usize) -> bool {
        for _ in 0..ADOPTIONS {
            let home = self.home();
            let Some(block) = home.pop(&home.pool().listed) else { return false };
            if block.adopt(self.id()) == 0 {
                block.clear();
                self.open_clear(block);
                return true;
            }
            let free = block.free_lines();
            if free.count_ones() < WORTH {
                block.set_barren(true);
                self.let_go(block);
                continue;
            }
            block.set_barren(false);
            self.link(&block);
            if self.reopen(block, Some(free), bytes) {
                return true;
            }
        }
        false
    }

    /// Bytes in use in blocks of the region: what was handed out and not freed by anybody.
    pub(super) fn in_use(&self) -> usize {
        let mut sum = 0;
        self.each(usize::MAX, |block| sum += block.in_use_by_region());
        sum - self.room().min(sum)
    }

    /// Looks at `most` blocks for what others have freed. Those that are empty are given to everybody.
    pub(super) fn sweep(&self, most: usize) {
        let windows = [self.current.get(), self.overflow.get()];
        self.each(most, |block| {
            if windows.contains(&block.block().index()) || block.in_use() > 0 {
                self.held.set(self.held.get() - block.settle());
                return;
            }
            self.forget(&block);
            self.unlink(&block);
            block.clear();
            self.home().put_free(block);
        });
    }

    /// Tells the account what has changed, and returns what it knows.
    pub(super) fn report(&self) -> isize {
        let held = self.held.get() + self.large.get().max(0);
        self.payer().account.report(held - self.reported.replace(held))
    }

    /// The core whose account the region uses.
    pub(super) fn payer(&self) -> &'static Core {
        // SAFETY: set when the region was made; cores stay where they are for ever.
        unsafe { &*self.payer.get() }
    }

    /// Bytes that may still be handed out, as far as is known without looking at blocks.
    pub(super) fn allowed(&self) -> usize {
        self.payer().account.limit().saturating_sub(self.report().max(0) as usize)
    }

    /// Bytes that may still be handed out. If that is less than `bytes`, the region is over its limit.
    fn allowance(&self, bytes: usize) -> usize {
        let mut allowed = self.allowed();
        if allowed < bytes {
            // What is left of the second window is not in use.
            self.leave_overflow();
            self.look_at_last();
            allowed = self.allowed();
            if allowed < bytes {
                self.payer().account.set_over(true);
            }
        }
        allowed
    }

    /// Before it is too late, counts what others have freed: everywhere the first time, then block by block, or each
    /// allocation beyond the limit would cost as much as the region is large.
    fn look_at_last(&self) {
        self.sweep(if self.payer().account.is_over() { LOOKS } else { usize::MAX });
    }

    /// Whether `bytes` bytes may still be handed out that are not the territory's. What is left of windows is not in use.
    #[cold]
    pub(super) fn has_left(&self, bytes: usize) -> bool {
        let fits = || {
            let total = self.report() - self.room() as isize;
            (total.max(0) as usize).checked_add(bytes).is_some_and(|sum| sum <= self.payer().account.limit())
        };
        fits() || {
            self.look_at_last();
            fits()
        }
    }
}
