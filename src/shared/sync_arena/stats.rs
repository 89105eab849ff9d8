//! Figures about a shared arena.

use super::{Core, SyncArena};
use crate::arena::Stats;
use crate::backing::Backing;
use crate::shared::thread;

impl<B: Backing, const M: usize> SyncArena<B, M> {
    /// Figures about this arena, on any thread and while others allocate. O(chunks), under the lock.
    ///
    /// A window counts as used in full: `used` and `peak` are upper bounds, up to 32 KiB a thread too high.
    /// [`used`](Self::used) is exact.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::shared::SyncArena::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| arena.alloc([0_u8; 100]));
    /// });
    /// assert!(arena.stats().used >= 100);
    /// println!("{}", arena.stats());
    /// ```
    pub fn stats(&self) -> Stats {
        self.with_core(|core| {
            let mut stats = core.arena.stats();
            stats.wasted += core.lost.get();
            stats
        })
    }

    /// Bytes handed out, rounding included, and not taken back. Exclusive, as it looks at every thread's window. What was
    /// left at the ends of former windows counts as handed out; [`Stats::wasted`] has it. O(chunks + windows).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut arena = arenite::shared::SyncArena::new();
    /// arena.alloc(1_u64);
    /// arena.alloc(1_u8); // takes 8 bytes, the minimum alignment
    /// assert_eq!(arena.used(), 16);
    /// ```
    pub fn used(&mut self) -> usize {
        let mut free = 0;
        self.windows.for_each(|window| free += window.cursor.room());
        self.core.get_mut().arena.stats().used - free
    }

    /// Usable bytes of all chunks that the arena holds, used or not. O(1), under the lock.
    pub fn allocated_bytes(&self) -> usize {
        self.with_core(|core| core.arena.allocated_bytes())
    }

    /// Runs `call` with what all threads share.
    pub(super) fn with_core<R>(&self, call: impl FnOnce(&Core<B, M>) -> R) -> R {
        self.with_core_as(thread::introduce(), call)
    }
}
