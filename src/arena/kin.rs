//! Which handles are of one arena, and whether one had to go on elsewhere.

use core::ptr;

use super::Arena;
use crate::backing::Backing;

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Whether both are handles of one arena: the arena, or children of it.
    pub(crate) fn is_kin(&self, other: &Self) -> bool {
        ptr::eq(self.root(), other.root())
    }

    /// The address at which this handle's window starts. Another one later: the handle has taken another window.
    pub(crate) fn window(&self) -> usize {
        self.cursor.start().addr()
    }
}
