//! Checkpoints: going back without a scope.

use super::Arena;
use super::ends::Link;
use crate::backing::Backing;
use crate::raw::ChunkId;

/// A place in an arena to which [`Arena::rewind`] goes back.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint {
    chunk: ChunkId,
    start: *mut u8,
    pos: *mut u8,
    end: *mut u8,
    /// Whether the window reached to the top of its chunk.
    was_top: bool,
    /// The newest chunk of the handle's own.
    own: ChunkId,
    left: usize,
    /// The newest entry to be ended.
    ends: *mut Link,
    generation: u64,
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Remembers how far this arena has got. O(1).
    ///
    /// Prefer [`scope`](Self::scope), which needs no `unsafe`. Checkpoints are for stacks that are driven by hand, and for
    /// foreign languages.
    pub fn checkpoint(&self) -> Checkpoint {
        let chunk = self.held.chunk.get();
        let root = self.root();
        Checkpoint {
            chunk,
            start: self.cursor.start(),
            pos: self.cursor.pos(),
            end: self.cursor.end(),
            was_top: !chunk.is_none() && self.cursor.end() == root.record(chunk).top.get(),
            own: self.held.own.head(),
            left: self.held.left.get(),
            ends: self.held.ends.newest(),
            generation: root.generation,
        }
    }

    /// Takes back everything that was handed out since `mark`. O(1), and O(chunks obtained since). What the arena
    /// [owns](#ends-of-life) since then is dropped, and what was deferred is called.
    ///
    /// Chunks obtained since are kept for later use. Stretches of memory that could not be used to their ends may
    /// stay idle until the next reset.
    ///
    /// # Panics
    ///
    /// Panics if the arena was reset since.
    ///
    /// # Safety
    ///
    /// * `mark` was made by this very arena (a child's by that child), and not rewound past since.
    /// * Nothing that was handed out since is used any more, allocators held by collections included, and no block from
    ///   before was grown or shrunk since.
    /// * No child made since is alive.
    /// * What is dropped and called meanwhile, if it can reach the arena, keeps nothing that the arena hands it out, and
    ///   leaves no child.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// let kept = arena.alloc(1);
    /// let mark = arena.checkpoint();
    /// arena.alloc_str("gone soon");
    /// // SAFETY: the string is not used any more.
    /// unsafe { arena.rewind(mark) };
    /// assert_eq!(*kept, 1);
    /// assert_eq!(arena.stats().used, 8);
    /// ```
    pub unsafe fn rewind(&self, mark: Checkpoint) {
        let root = self.root();
        assert_eq!(mark.generation, root.generation, "the arena was reset since the checkpoint was made");
        if mark.ends != self.held.ends.newest() {
            // SAFETY: the caller's promise is the callee's.
            return unsafe { self.rewind_late(mark) };
        }
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.go_back(mark) };
    }

    /// As [`rewind`](Self::rewind), with entries to be ended before.
    ///
    /// # Safety
    ///
    /// As for [`rewind`](Self::rewind).
    #[cold]
    #[inline(never)]
    unsafe fn rewind_late(&self, mark: Checkpoint) {
        /// Goes back whether or not an entry panics.
        struct Last<'a, B: Backing, const M: usize>(&'a Arena<B, M>, Checkpoint);

        impl<B: Backing, const M: usize> Drop for Last<'_, B, M> {
            fn drop(&mut self) {
                // SAFETY: the promise of `rewind_late`'s caller.
                unsafe { self.0.go_back(self.1) };
            }
        }

        let last = Last(self, mark);
        // SAFETY: what was handed out since the mark is not used any more. The entry that was the newest when it was made is
        // still on the list, as the arena was not rewound past it (this function's contract).
        unsafe { last.0.held.ends.run_down_to(mark.ends) };
    }

    /// The rest of [`rewind`](Self::rewind).
    ///
    /// # Safety
    ///
    /// As for [`rewind`](Self::rewind).
    unsafe fn go_back(&self, mark: Checkpoint) {
        let root = self.root();
        let same_window = self.held.chunk.get() == mark.chunk
            && self.cursor.start() == mark.start
            // It may have been left, and entered again.
            && self.held.left.get() == mark.left
            && self.held.own.head() == mark.own;
        if same_window {
            // The cursor may stand below the mark: what was the last block then has been given back since.
            let to = mark.pos.min(self.cursor.pos());
            // SAFETY: a position of this window's at or below the present one, and nothing above it is in use (this
            // function's contract).
            unsafe { self.cursor.retreat(to.addr()) };
            return;
        }
        root.note_peak(self.most_used());
        self.flush();
        // They may lie in what becomes free now.
        self.held.spares.clear();
        let mut chunk = self.held.own.head();
        while chunk != mark.own {
            let record = root.record(chunk);
            self.held.own.pop(record);
            root.add_spare(chunk);
            chunk = self.held.own.head();
        }
        self.held.chunk.set(mark.chunk);
        self.held.left.set(mark.left);
        if mark.chunk.is_none() {
            self.cursor.leave();
            return;
        }
        let end = if mark.was_top { root.record(mark.chunk).top.get() } else { mark.end };
        // SAFETY: the window was this cursor's when the mark was made; what was lent or kept of it since has come back,
        // as no child made since is alive and the list of stretches is empty. Above `mark.end` there is only what the
        // chunk was made longer by, for this window or for its children.
        unsafe { self.cursor.enter(mark.start, end) };
        // SAFETY: what lies from the mark's position to the end of the window is not in use (this function's contract).
        unsafe { self.cursor.advance_to(mark.pos) };
        if self.held.sealed.get() {
            self.close_window();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::arena::root::Home;
    use crate::{Arena, Buffer, Fixed};

    /// As many resets as a word of 32 bits counts before it begins anew, all but one of them by hand.
    #[test]
    #[should_panic = "the arena was reset since the checkpoint was made"]
    fn a_mark_is_known_to_be_old_however_many_resets_there_were() {
        let mut buffer = Buffer::<256>::new();
        let mut arena = Arena::new_in(Fixed::from(&mut buffer));
        arena.alloc(1_u64);
        let mark = arena.checkpoint();
        let Home::Root(root) = &mut arena.home else { return };
        root.generation = root.generation.wrapping_add(u32::MAX.into());
        arena.reset();
        // SAFETY: the mark is this arena's, nothing handed out since is used, and there is no child. That it is too old is what
        // is tested.
        unsafe { arena.rewind(mark) };
    }
}
