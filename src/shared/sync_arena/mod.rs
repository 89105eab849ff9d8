//! One arena for all threads.

mod blocks;
mod create;
mod failure;
mod refill;
mod slices;
mod stats;
mod typed;
mod window;

use core::cell::Cell;
use core::fmt;

use super::lock::Lock;
use crate::arena::{Arena, ResetMode};
use crate::backing::{Auto, Backing};
use window::Windows;

/// Memory for all threads, handed out by moving a cursor, and taken back all at once.
///
/// `&SyncArena` is an [`Allocator`](allocator_api2::alloc::Allocator) that is `Send` and `Sync`: a `Vec` or `Box` in it may
/// go to another thread, and go on growing there. Each thread has a *window* of the arena, from 512 bytes up to 32 KiB as
/// it uses them up, and moves a cursor of its own in it: no lock and no atomic exchange. A lock is taken for the next
/// window, and for blocks of more than 8 KiB, which come from the arena underneath.
///
/// * `B` is where the memory comes from, `MIN_ALIGN` the minimum alignment: as for [`Arena`].
/// * Values are handed out as `&mut T` and are **not dropped**, and not touched, so that `T` need not be `Send`. Only the
///   reference has to be, to go elsewhere.
/// * The last block of a window grows in place, and goes back when it is freed, on the thread whose window it is. A block
///   that another thread frees is idle until the reset. The last block of more than 8 KiB does both on every thread.
/// * The window of a thread that ends goes to the next thread. So the windows are as many as threads have ever been alive
///   at once.
/// * Memory is kept until the arena is dropped, or reset by [`reset_with`](Self::reset_with) in a mode that keeps less.
///
/// A source of memory that allocates from the arena it serves gets what there is, or
/// [`AllocError`](allocator_api2::alloc::AllocError). One that waits for another thread which does so waits for ever.
///
/// # In a child process
///
/// If a process forks (`libc::fork`) while another of its threads has the lock, the child has a copy in which the lock is held
/// for ever, by a thread that the child does not have, and what it guards may be half changed. In the child, each call that needs the
/// lock waits for ever then: the next window, a block of more than 8 KiB, figures, the limit. What is left of the window of
/// the thread that forked can be handed out. So do not use the arena in the child, unless no other thread was using it; an
/// [`ArenaPool`](super::ArenaPool) has no lock and goes on. (`std::process::Command` is not concerned: its child uses no arena.)
///
/// # Examples
///
/// ```
/// use allocator_api2::vec::Vec;
/// use arenite::shared::SyncArena;
///
/// let mut arena = SyncArena::new();
/// let (mut numbers, text) = std::thread::scope(|scope| {
///     let numbers = scope.spawn(|| {
///         let mut numbers = Vec::new_in(&arena);
///         numbers.extend(0..100);
///         numbers
///     });
///     let text = scope.spawn(|| arena.alloc_str("sand"));
///     (numbers.join().unwrap(), text.join().unwrap())
/// });
/// numbers.push(100);
/// text.make_ascii_uppercase();
/// assert_eq!((numbers.len(), &*text), (101, "SAND"));
/// drop(numbers);
/// arena.reset();
/// ```
///
/// # As the global allocator
///
/// A static arena can serve a whole program, for instance a tool that runs for a moment. What it needs besides its memory, the
/// windows of threads and the table of them, comes from the system's allocator ([`std::alloc::System`]), never from the
/// program's. The backing must not ask the program's allocator either: [`Virtual`](crate::Virtual), [`Fixed`](crate::Fixed) and
/// `Chained<System>` do not; [`Auto`] and `Chained` over the heap do, and then the first allocation fails. On Apple's systems the
/// standard library's locks allocate when they are first used, so there this does not work.
///
/// ```
/// use std::alloc::{GlobalAlloc, Layout, System};
/// use std::ptr::{NonNull, null_mut};
/// use allocator_api2::alloc::Allocator;
/// use arenite::Chained;
/// use arenite::shared::SyncArena;
///
/// struct Bump(SyncArena<Chained<System>>);
///
/// // SAFETY: passes on to an arena that is never reset or dropped, and does not unwind.
/// unsafe impl GlobalAlloc for Bump {
///     unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
///         (&self.0).allocate(layout).map_or(null_mut(), |block| block.cast().as_ptr())
///     }
///     unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
///         // SAFETY: a block of the arena with this layout, so not null (this method's contract).
///         unsafe { (&self.0).deallocate(NonNull::new_unchecked(start), layout) }
///     }
/// }
///
/// # #[cfg(not(target_vendor = "apple"))]
/// #[global_allocator]
/// static GLOBAL: Bump = Bump(SyncArena::new_in(Chained::new_in(System)));
///
/// let words: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
/// # #[cfg(not(target_vendor = "apple"))]
/// assert!(GLOBAL.0.stats().used > words.len() * 3);
/// ```
pub struct SyncArena<B: Backing = Auto, const MIN_ALIGN: usize = 8> {
    // Before the arena whose memory they are in, so that they are dropped first.
    windows: Windows<MIN_ALIGN>,
    core: Lock<Core<B, MIN_ALIGN>>,
}

/// What all threads share, under the lock.
struct Core<B: Backing, const M: usize> {
    /// Windows are blocks of it, and so is every block of more than [`LARGE`].
    arena: Arena<B, M>,
    /// Bytes at the ends of windows that were left with too little room, since the last reset.
    lost: Cell<usize>,
}

/// Blocks of more than this many bytes come from the arena underneath, always. So a block of more is known to be no part of
/// a window; a block of at most so many may be either.
const LARGE: usize = if cfg!(arenite_zeal) { 128 } else { 8 << 10 };

impl<B: Backing, const M: usize> SyncArena<B, M> {
    /// Takes back everything that was handed out, and keeps the memory for what comes next: see [`Arena::reset`]. Values are
    /// not dropped. O(chunks + windows).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut arena = arenite::shared::SyncArena::new();
    /// arena.alloc([0_u8; 1000]);
    /// arena.reset();
    /// assert_eq!(arena.stats().used, 0);
    /// ```
    pub fn reset(&mut self) {
        self.leave_windows();
        self.core.get_mut().arena.reset();
    }

    /// Takes back everything that was handed out, and keeps as much memory as `mode` says.
    pub fn reset_with(&mut self, mode: ResetMode) {
        self.leave_windows();
        self.core.get_mut().arena.reset_with(mode);
    }

    fn leave_windows(&mut self) {
        self.windows.for_each(|window| window.leave());
        self.core.get_mut().lost.set(0);
    }
}

impl<B: Backing, const M: usize> fmt::Debug for SyncArena<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncArena")
            .field("min_align", &M)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
