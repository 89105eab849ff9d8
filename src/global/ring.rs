//! The blocks of a region: a ring of those in which something may be in use, a list of empty ones, and how it lets go of
//! them.

use super::block::{Held, Left};
use super::core::Core;
use super::line::{BLOCK, LINE};
use super::stack::NONE;
use crate::sync::atomic::Ordering;

/// Empty blocks that a region keeps while it is entered.
const SPARES: usize = 64;
/// Those that it keeps between two visits.
const IDLE_SPARES: usize = 4;

impl Core {
    /// Puts a block into the ring, behind the hand.
    pub(super) fn link(&self, block: &Held<'static>) {
        let index = block.block().index();
        self.ring_length.set(self.ring_length.get() + 1);
        let next = self.ring.get();
        if next == NONE {
            block.set_prev(index);
            block.block().next.store(index, Ordering::Relaxed);
            self.ring.set(index);
            return;
        }
        let after = self.owned(next);
        let before = self.owned(after.prev());
        block.set_prev(before.block().index());
        block.block().next.store(next, Ordering::Relaxed);
        before.block().next.store(index, Ordering::Relaxed);
        after.set_prev(index);
    }

    pub(super) fn unlink(&self, block: &Held<'static>) {
        let (index, next) = (block.block().index(), block.block().next.load(Ordering::Relaxed));
        self.ring_length.set(self.ring_length.get() - 1);
        if next == index {
            self.ring.set(NONE);
            return;
        }
        let before = block.prev();
        self.owned(before).block().next.store(next, Ordering::Relaxed);
        self.owned(next).set_prev(before);
        if self.ring.get() == index {
            self.ring.set(next);
        }
    }

    /// The region has freed so much of a block that there may be room in it, or all.
    #[cold]
    pub(super) fn roomier(&self, block: Held<'static>, live: i32) {
        if live == 0 {
            return self.emptied(block);
        }
        block.wake_after(2);
        // It is the next to be looked at.
        if self.ring.get() != block.block().index() {
            self.unlink(&block);
            self.link(&block);
            self.ring.set(block.block().index());
        }
    }

    pub(super) fn emptied(&self, block: Held<'static>) {
        self.forget(&block);
        block.clear();
        block.set_dirty(true);
        if block.block().index() == self.current.get() {
            // All of the window is handed out and freed again: it begins anew, as long as the block, or the limit allows.
            let allowed = self.allowed().max(LINE);
            block.open_all(self.id());
            self.open(&block, 0, BLOCK);
            self.clip(allowed);
            return;
        }
        if block.block().index() == self.overflow.get() {
            self.forget_overflow();
        }
        self.unlink(&block);
        self.put_spare(block);
    }

    fn put_spare(&self, block: Held<'static>) {
        if self.spares.get() >= SPARES {
            self.home().put_free(block);
            return;
        }
        block.block().next.store(self.spare.get(), Ordering::Relaxed);
        self.spare.set(block.block().index());
        self.spares.set(self.spares.get() + 1);
    }

    pub(super) fn pop_spare(&self) -> Option<Held<'static>> {
        let index = self.spare.get();
        if index == NONE {
            return None;
        }
        let block = self.owned(index);
        self.spare.set(block.block().next.load(Ordering::Relaxed));
        self.spares.set(self.spares.get() - 1);
        Some(block)
    }

    /// Gives the empty blocks that are kept to everybody, but for a few: the next visit may want them.
    pub(super) fn release_most_spares(&self) {
        while self.spares.get() > IDLE_SPARES {
            let Some(block) = self.pop_spare() else { return };
            self.home().put_free(block);
        }
    }

    /// Gives the empty blocks that are kept to everybody.
    pub(super) fn release_spares(&self) {
        while let Some(block) = self.pop_spare() {
            self.home().put_free(block);
        }
    }

    /// Lets go of a block that is not in the ring (any more).
    pub(super) fn let_go(&self, block: Held<'static>) {
        match block.orphan() {
            Left::Empty(block) => self.home().put_free(block),
            Left::Partly(block) => self.home().list(block),
            Left::Full => {}
        }
    }

    /// Lets go of every block. What is in use of them stays valid.
    pub(super) fn release_all(&self) {
        self.empty_ring(|block| self.let_go(block));
    }

    /// As [`release_all`](Core::release_all), but nothing that the region has handed out counts as in use.
    ///
    /// # Safety
    ///
    /// As for [`Region::reclaim`](super::Region::reclaim).
    pub(super) unsafe fn reclaim(&self) {
        self.empty_ring(|block| {
            // SAFETY: this function's contract.
            if unsafe { block.reclaim() } {
                block.clear();
                self.home().put_free(block);
            } else {
                self.let_go(block);
            }
        });
    }

    /// Takes every block out of the ring, for `let_go`, and has no memory then.
    fn empty_ring(&self, let_go: impl Fn(Held<'static>)) {
        #[cfg(feature = "escapes")]
        self.judge();
        self.leave_windows();
        while self.ring.get() != NONE {
            let block = self.owned(self.ring.get());
            self.unlink(&block);
            let_go(block);
        }
        self.release_spares();
        self.held.set(0);
        self.report();
    }

    /// The blocks that the region owns and may have something in use, at most `most` of them, the ring moving on.
    pub(super) fn each(&self, most: usize, mut call: impl FnMut(Held<'static>)) {
        for _ in 0..most.min(self.ring_length.get()) {
            let index = self.ring.get();
            if index == NONE {
                return;
            }
            let block = self.owned(index);
            self.ring.set(block.block().next.load(Ordering::Relaxed));
            call(block);
        }
    }
}
