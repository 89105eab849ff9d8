//! Arenas that hand out nothing more.

use super::Arena;
use super::root::NO_LIMIT_ANY_MORE;
use crate::backing::Backing;
use crate::raw::ChunkId;

impl<B: Backing, const M: usize> Arena<B, M> {
    /// From now on the arena hands out nothing: every allocation, and every growth of a block, fails as if there were no
    /// memory, until the arena is [unsealed](Self::unseal) or reset. What it has handed out stays valid.
    ///
    /// For memory that is filled once and then only read, and for programs that must not allocate after they have started:
    /// whatever allocates all the same is found out. O(1); the paths that allocate cost what they did.
    ///
    /// * Blocks of no bytes take no memory and can still be had.
    /// * A block that is freed or made shorter stays where it is; its memory is idle until the reset.
    /// * Children made from now on are sealed from the beginning. Each living child goes on until it is sealed itself, and
    ///   so does the parent of a child that is sealed.
    /// * What the arena [owns](#ends-of-life) is dropped at its end as ever.
    ///
    /// A source of memory that seals the arena that it is asked for seals nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut arena = arenite::Arena::new();
    /// let settings = arena.alloc_slice_copy(&[80, 443]);
    /// arena.seal();
    /// assert!(arena.try_alloc(1).is_err());
    /// arena.scope(|inner| assert!(inner.try_alloc_str("scratch").is_err()));
    /// assert_eq!(settings, [80, 443]);
    /// arena.unseal();
    /// assert!(arena.try_alloc(1).is_ok());
    /// ```
    pub fn seal(&self) {
        let root = self.root();
        // What the backing is about to return will be this handle's, or another one's, window.
        if root.is_busy() {
            return;
        }
        self.held.sealed.set(true);
        // The shortest way to a first chunk does not ask who is sealed.
        root.limit.set(root.limit.get().min(NO_LIMIT_ANY_MORE));
        self.close_window();
    }

    /// The arena hands out memory again. What it handed out before it was sealed is not in use any more, or it could not be
    /// borrowed exclusively; nevertheless it is taken back by a [reset](Self::reset) alone.
    pub fn unseal(&mut self) {
        self.held.sealed.set(false);
    }

    /// Whether the arena is [sealed](Self::seal), so that it hands out nothing.
    pub fn is_sealed(&self) -> bool {
        self.held.sealed.get()
    }

    /// Leaves the window for none, so that nothing fits and nothing is the last block. What is left of it is kept for
    /// later.
    pub(super) fn close_window(&self) {
        self.leave_window();
        self.held.chunk.set(ChunkId::NONE);
        self.cursor.leave();
    }
}
