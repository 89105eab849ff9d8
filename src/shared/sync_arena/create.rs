//! Making shared arenas, and what is set on them.

use core::cell::Cell;

use super::window::Windows;
use super::{Core, SyncArena};
use crate::arena::Arena;
use crate::backing::{Auto, Backing};
use crate::shared::lock::Lock;

impl SyncArena<Auto, 8> {
    /// An arena with the default backing. Nothing is allocated yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::shared::SyncArena;
    ///
    /// static ARENA: SyncArena = SyncArena::new();
    ///
    /// let name: &'static str = std::thread::spawn(|| &*ARENA.alloc_str("sand")).join().unwrap();
    /// assert_eq!(name, "sand");
    /// ```
    #[inline]
    pub const fn new() -> Self {
        SyncArena::new_in(Auto::new())
    }
}

impl Default for SyncArena<Auto, 8> {
    fn default() -> Self {
        SyncArena::new()
    }
}

impl<B: Backing> SyncArena<B, 8> {
    /// An arena over `backing`. Nothing is obtained from it yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Buffer, Fixed};
    /// use arenite::shared::SyncArena;
    ///
    /// let mut buffer = Buffer::<1024>::new();
    /// let arena = SyncArena::new_in(Fixed::from(&mut buffer));
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| arena.alloc(1));
    ///     scope.spawn(|| arena.alloc(2));
    /// });
    /// ```
    #[inline]
    pub const fn new_in(backing: B) -> Self {
        SyncArena::with_min_align_in(backing)
    }
}

impl<B: Backing, const M: usize> SyncArena<B, M> {
    /// An arena over `backing` with a minimum alignment of `M` bytes. Nothing is obtained from it yet.
    #[inline]
    pub const fn with_min_align_in(backing: B) -> Self {
        SyncArena::over(Arena::with_min_align_in(backing))
    }

    const fn over(arena: Arena<B, M>) -> Self {
        SyncArena { windows: Windows::new(), core: Lock::new(Core { arena, lost: Cell::new(0) }) }
    }

    /// The arena underneath, with all memory. What was handed out is taken back.
    pub fn into_inner(mut self) -> Arena<B, M> {
        self.leave_windows();
        let mut arena = self.core.into_inner().arena;
        arena.reset();
        arena
    }

    /// Sets the allocation limit: see [`set_allocation_limit`](Self::set_allocation_limit).
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::shared::SyncArena::new().limit(100);
    /// assert!(arena.try_alloc([0_u8; 96]).is_ok());
    /// assert!(arena.try_alloc(0_u64).is_err());
    /// ```
    #[must_use]
    pub fn limit(self, bytes: usize) -> Self {
        self.set_allocation_limit(Some(bytes));
        self
    }

    /// Sets how many bytes the arena may hold, to the byte (rounded down to the minimum alignment); `None` for no limit. What
    /// threads have in their windows, used or not, is counted: close to the limit windows are smaller, down to a block. An
    /// allocation that would exceed the limit fails.
    pub fn set_allocation_limit(&self, limit: Option<usize>) {
        self.with_core(|core| core.arena.set_allocation_limit(limit));
    }

    /// The allocation limit in bytes, if there is one.
    pub fn allocation_limit(&self) -> Option<usize> {
        self.with_core(|core| core.arena.allocation_limit())
    }
}

/// An arena with its memory, for all threads.
///
/// ```
/// use arenite::Arena;
/// use arenite::shared::SyncArena;
///
/// let arena = SyncArena::from(Arena::with_capacity(1 << 20));
/// assert!(arena.stats().committed >= 1 << 20);
/// ```
impl<B: Backing, const M: usize> From<Arena<B, M>> for SyncArena<B, M> {
    fn from(mut arena: Arena<B, M>) -> Self {
        arena.reset();
        SyncArena::over(arena)
    }
}
