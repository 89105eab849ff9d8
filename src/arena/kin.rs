//! What scratch arenas ask of an arena: which handles are of it, whether one had to go on elsewhere, what was set.

use core::ptr;

use super::{Arena, OutOfMemory};
use crate::backing::Backing;

/// What all handles of an arena can set, for all of them, through a shared reference.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    limit: Option<usize>,
    hook: Option<fn(&OutOfMemory)>,
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Whether both are handles of one arena: the arena, or children of it.
    pub(crate) fn is_kin(&self, other: &Self) -> bool {
        ptr::eq(self.root(), other.root())
    }

    /// The address at which this handle's window starts. Another one later: the handle has taken another window.
    pub(crate) fn window(&self) -> usize {
        self.cursor.start().addr()
    }

    #[inline]
    pub(crate) fn settings(&self) -> Settings {
        let root = self.root();
        Settings { limit: self.allocation_limit(), hook: root.hook.get() }
    }

    /// Sets everything to what it was once.
    #[inline]
    pub(crate) fn set(&self, settings: Settings) {
        let Settings { limit, hook } = settings;
        let root = self.root();
        root.set_limit(limit);
        root.hook.set(hook);
    }
}
