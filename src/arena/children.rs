//! How many children of a handle have not ended.

use core::cell::Cell;

/// Children that have not ended; forgotten ones never do.
///
/// In 64 bits, so that the count is never zero while there is a child that has not ended: what a forgotten child wrote would
/// pass for zero. In 32 bits it would wrap after seconds of forgetting.
pub(super) struct Children(Cell<u64>);

impl Children {
    #[inline(always)]
    pub(super) const fn none() -> Self {
        Children(Cell::new(0))
    }

    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        self.0.get() != 0
    }

    /// A child begins.
    #[inline(always)]
    pub(super) fn begin(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }

    /// A child ends that has [begun](Self::begin).
    #[inline(always)]
    pub(super) fn end(&self) {
        self.0.set(self.0.get().wrapping_sub(1));
    }
}
