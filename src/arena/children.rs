//! How many children of a handle have not ended.

use core::cell::Cell;

/// Children that have not ended; forgotten ones never do.
///
/// The count stays where it is once it is at its largest, so that it is never zero while there is a child that has not ended:
/// what a forgotten child wrote would pass for zero.
pub(super) struct Children(Cell<u32>);

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
        self.0.set(self.0.get().saturating_add(1));
    }

    /// A child ends that has [begun](Self::begin).
    #[inline(always)]
    pub(super) fn end(&self) {
        let number = self.0.get();
        self.0.set(number.wrapping_sub(u32::from(number != u32::MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Children};

    #[test]
    fn children_that_were_not_counted_are_not_forgotten() {
        let children = Children(Cell::new(u32::MAX - 1));
        children.begin();
        // One that could not be counted, and never ends.
        children.begin();
        for _ in 0..3 {
            children.end();
        }
        assert_eq!(children.0.get(), u32::MAX);
        let children = Children::none();
        (0..5).for_each(|_| children.begin());
        (0..4).for_each(|_| children.end());
        assert!(children.any());
        children.end();
        assert!(!children.any());
    }
}
