//! Scopes: children that borrow the free tail of their parent.

use core::fmt;
use core::mem::{self, ManuallyDrop};
use core::ops::Deref;

use super::root::Home;
use super::{Arena, Held};
use crate::backing::Backing;
use crate::raw::{ChunkId, Cursor, Loan, SpareList};

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Runs `f` with a child arena. What the child hands out is taken back when `f` returns or panics.
    ///
    /// The child is an `Arena` like any other, so whatever takes `&Arena` works in a scope, to any depth. This arena stays
    /// usable meanwhile: collections outside of the scope may grow inside it.
    ///
    /// O(1), no call into the backing. The first time that this arena needs memory while the child lives, it goes on in
    /// another window, as the child has the rest of this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::Arena;
    /// use arenite::collections::Vec;
    ///
    /// let arena = Arena::new();
    /// let mut lengths = Vec::new_in(&arena);
    /// for word in ["a", "grain", "of", "sand"] {
    ///     arena.scope(|inner| {
    ///         let upper = inner.alloc_str(word);
    ///         upper.make_ascii_uppercase();
    ///         lengths.push(upper.len()); // grows in `arena`, not in `inner`
    ///     });
    /// }
    /// assert_eq!(lengths, [1, 5, 2, 4]);
    /// ```
    ///
    /// Nothing of the child's gets out:
    ///
    /// ```compile_fail
    /// let arena = arenite::Arena::new();
    /// let escaped = arena.scope(|inner| inner.alloc(1));
    /// ```
    #[inline]
    pub fn scope<R>(&self, f: impl FnOnce(&Self) -> R) -> R {
        let child = self.bear();
        let loan = self.lend(&child);
        let unwound = Unwound { child: &child, parent: self, loan };
        let result = f(&child);
        mem::forget(unwound);
        self.end(&child, loan);
        result
    }

    /// A child arena as a guard, for scopes that are not shaped like a closure. See [`scope`](Self::scope).
    ///
    /// Children may end in any order. What one handed out is taken back when its guard is dropped; if the guard is
    /// forgotten, when the arena is reset or dropped; what a forgotten child [owns](Self::alloc_owned) is not dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// let (left, right) = (arena.child(), arena.child());
    /// let sum = *left.alloc(1) + *right.alloc(2);
    /// drop(left);
    /// assert_eq!(sum, *right.alloc(3));
    /// ```
    #[inline]
    pub fn child(&self) -> Child<'_, B, M> {
        let arena = self.bear();
        let loan = self.lend(&arena);
        Child { arena, parent: self, loan }
    }

    /// A child, without memory. (A function of its own: unoptimised, a child that is returned together with its loan is
    /// copied once more, and nested scopes need the more of the stack.)
    #[inline(always)]
    fn bear(&self) -> ManuallyDrop<Self> {
        ManuallyDrop::new(Arena {
            cursor: Cursor::empty(),
            held: Held::nothing(),
            home: Home::Child { root: self.root(), parent: self },
        })
    }

    /// Gives `child`, which is new, what is free of this arena's window. Must be followed by [`end`](Self::end), or the
    /// tail is lost until the reset.
    #[inline(always)]
    fn lend(&self, child: &Self) -> Loan {
        if B::FRESH_IS_ZERO {
            self.held.children.begin();
        }
        let chunk = self.held.chunk.get();
        let (start, end) = (self.cursor.pos(), self.cursor.end());
        if start == end || chunk.is_none() {
            // The window of a sealed parent is closed.
            child.held.sealed.set(self.held.sealed.get());
            return Loan::NOTHING;
        }
        let was_top = B::GROWS_IN_PLACE && end == self.root().record(chunk).top.get();
        child.held.chunk.set(chunk);
        // SAFETY: `[start, end)` is the free part of this window, with its invariants, and no longer this window's once
        // its end is moved, in the next statement.
        unsafe { child.cursor.enter(start, end) };
        if B::FRESH_IS_ZERO {
            // The parent may have retreated from what it lends.
            child.cursor.raise_peak(self.cursor.soiled());
        }
        // SAFETY: `start` is this window's position.
        unsafe { self.cursor.set_end(start) };
        Loan { chunk, start, end, was_top }
    }
}

/// A child arena: dereferences to [`Arena`], and gives its memory back when it is dropped. Made by [`Arena::child`].
pub struct Child<'a, B: Backing, const MIN_ALIGN: usize> {
    arena: ManuallyDrop<Arena<B, MIN_ALIGN>>,
    parent: &'a Arena<B, MIN_ALIGN>,
    loan: Loan,
}

/// Never `DerefMut`: a child that was swapped with a root would outlive its parent.
impl<B: Backing, const M: usize> Deref for Child<'_, B, M> {
    type Target = Arena<B, M>;

    #[inline(always)]
    fn deref(&self) -> &Arena<B, M> {
        &self.arena
    }
}

impl<B: Backing, const M: usize> Drop for Child<'_, B, M> {
    #[inline]
    fn drop(&mut self) {
        self.parent.end(&self.arena, self.loan);
    }
}

/// Ends a child when its scope panics. It stands beside the child, and drops by one call of values, so that the optimiser
/// has no reason to put the loan into memory.
struct Unwound<'a, B: Backing, const M: usize> {
    child: &'a Arena<B, M>,
    parent: &'a Arena<B, M>,
    loan: Loan,
}

impl<B: Backing, const M: usize> Drop for Unwound<'_, B, M> {
    #[inline(always)]
    fn drop(&mut self) {
        let Loan { chunk, start, end, was_top } = self.loan;
        self.parent.end_cold(self.child, chunk, start, end, was_top);
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Hands the chunks that this handle, which ends, obtained to whoever needs one next.
    #[cold]
    #[inline(never)]
    fn give_chunks_up(&self) {
        self.note_peak();
        let root = self.root();
        self.flush();
        let mut chunk = self.held.own.head();
        while !chunk.is_none() {
            let record = root.record(chunk);
            let next = record.link.get();
            root.add_spare(chunk);
            chunk = next;
        }
    }

    #[cold]
    #[inline(never)]
    fn end_cold(&self, child: &Self, chunk: ChunkId, start: *mut u8, end: *mut u8, was_top: bool) {
        self.end(child, Loan { chunk, start, end, was_top });
    }

    /// Ends `child`: what it owns, and what it has of this arena.
    #[inline(always)]
    fn end(&self, child: &Self, loan: Loan) {
        if child.held.ends.any() {
            let Loan { chunk, start, end, was_top } = loan;
            return self.end_child_late(child, chunk, start, end, was_top);
        }
        self.take_leave(child, loan);
    }

    /// As [`end`](Self::end), of a child that has entries to be ended first. They may use this arena; the child, nobody can
    /// reach any more.
    #[cold]
    #[inline(never)]
    fn end_child_late(&self, child: &Self, chunk: ChunkId, start: *mut u8, end: *mut u8, was_top: bool) {
        /// Takes leave of the child whether or not an entry panics.
        struct Leave<'a, B: Backing, const M: usize> {
            child: &'a Arena<B, M>,
            parent: &'a Arena<B, M>,
            loan: Loan,
        }

        impl<B: Backing, const M: usize> Drop for Leave<'_, B, M> {
            #[inline(always)]
            fn drop(&mut self) {
                self.parent.take_leave(self.child, self.loan);
            }
        }

        let _leave = Leave { child, parent: self, loan: Loan { chunk, start, end, was_top } };
        // SAFETY: what the child handed out borrows it, and the child ends.
        unsafe { child.held.ends.run() };
    }

    /// Takes back what `child`, which ends and owns nothing, has of this arena.
    #[inline(always)]
    fn take_leave(&self, child: &Self, loan: Loan) {
        #[cfg(arenite_zeal)]
        child.check();
        if B::FRESH_IS_ZERO {
            self.held.children.end();
        }
        if !child.held.own.head().is_none() || (B::FRESH_IS_ZERO && child.held.children.any()) {
            child.give_chunks_up();
        }
        if loan.chunk.is_none() {
            return;
        }
        // The child may have left the loan's window, or made it longer; whatever it did, the loan is free now. (Where a
        // window starts, no other one does.)
        let reached = if child.cursor.start() == loan.start && child.held.left.get() == 0 {
            child.cursor.peak()
        } else {
            child.note_peak();
            child.flush();
            loan.start
        };
        self.take_back(loan, reached);
    }

    #[cold]
    fn note_peak(&self) {
        self.root().note_peak(self.most_used());
    }

    /// Takes the tail that a child had, in which it got as far as `reached`.
    #[inline(always)]
    fn take_back(&self, loan: Loan, reached: *mut u8) {
        let end = if B::GROWS_IN_PLACE && loan.was_top {
            self.root().record(loan.chunk).top.get()
        } else {
            loan.end
        };
        // SAFETY: nobody uses what the child handed out, and the tail is writable.
        unsafe { crate::track::vacate(loan.start, end) };
        if self.held.chunk.get() == loan.chunk && self.cursor.end() == loan.start {
            self.cursor.raise_peak(reached);
            // SAFETY: the tail begins where this window ends, in the same chunk, and was this handle's before it was
            // lent; the child that had it has ended. If it reached to the top, what was added to the chunk meanwhile
            // was the child's.
            unsafe { self.cursor.set_end(end) };
        } else {
            self.keep_tail(loan.chunk, loan.start, end, reached);
        }
        #[cfg(arenite_zeal)]
        self.check();
    }

    /// Keeps a tail that cannot go back to the window from which it was lent, and in which a child got as far as
    /// `reached`.
    #[cold]
    #[inline(never)]
    fn keep_tail(&self, chunk: ChunkId, start: *mut u8, end: *mut u8, reached: *mut u8) {
        self.root().record(chunk).soil(reached.max(SpareList::soiled(start, end)));
        let root = self.root();
        // The window's own peak is another one's by now.
        root.note_peak(self.used() + (reached.addr() - start.addr()));
        // SAFETY: as in `take_back`: the tail is free and this handle's.
        let lost = unsafe { self.held.spares.push(start, end, chunk) };
        root.wasted.set(root.wasted.get() + lost);
    }
}

impl<B: Backing, const M: usize> fmt::Debug for Child<'_, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Child").field(&*self.arena).finish()
    }
}
