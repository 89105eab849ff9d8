//! The arena.

mod blocks;
mod boxed;
#[cfg(arenite_zeal)]
mod check;
mod checkpoint;
mod children;
mod chunks;
mod create;
mod ends;
mod failure;
mod fill;
#[cfg(feature = "std")]
mod kin;
mod lineage;
#[cfg(feature = "alloc")]
mod map;
#[cfg(feature = "mapped")]
mod mapped;
mod owned;
mod owns;
#[cfg(feature = "virtual-memory")]
mod prefault;
mod refill;
mod reset;
mod root;
mod scope;
mod seal;
mod slices;
mod spare;
mod stats;
mod text;
mod twins;
mod typed;
#[cfg(feature = "zerocopy")]
mod zeroed;

pub use boxed::ArenaBox;
pub use checkpoint::Checkpoint;
pub use chunks::{ChunkIter, ChunkRawIter};
#[cfg(feature = "std")]
pub(crate) use kin::Settings;
pub use lineage::{Level, Lineage, OutOfMemory};
pub use reset::ResetMode;
pub use scope::Child;
pub use stats::Stats;
#[cfg(feature = "std")]
pub(crate) use twins::twins;
pub use typed::AllocOrInitError;

use core::cell::Cell;
use core::fmt;
use core::mem::ManuallyDrop;

use crate::backing::{Auto, Backing};
use crate::raw::{ChunkId, ChunkList, Cursor, SpareList};
use children::Children;
use ends::Ends;
use root::{Home, Root};

/// Memory that is handed out by moving a cursor, and taken back all at once.
///
/// * `B` is where the memory comes from: [`Auto`] unless chosen, [`Chained`](crate::Chained) chunks of any allocator, a
///   [`Fixed`](crate::Fixed) buffer.
/// * `MIN_ALIGN`, a power of two up to 4096, is what every position of the cursor is a multiple of. A type of at most
///   this alignment needs no rounding when it is allocated; smaller blocks take more room.
///
/// Values are handed out as `&mut T` and are **not dropped**: use [`ArenaBox`], a collection, or
/// [`alloc_owned`](Self::alloc_owned), where that matters.
/// `&Arena` is an [`Allocator`](allocator_api2::alloc::Allocator), so `Vec::new_in(&arena)` and the like work.
///
/// An arena is `Send` if its backing is, and never `Sync`. Nothing is allocated before the first use.
///
/// # Memory that is not in use
///
/// [`reset`](Self::reset) keeps all memory for the next round; [`reset_with`](Self::reset_with) keeps less. A dropped arena
/// gives its chunks back to the heap, or to the allocator that they are from. Reserved memory, which a default arena moves to
/// when it has grown beyond some 85 KiB, goes to a process-wide cache for the next arena: at most 64 MiB, or a quarter of the
/// peak, and less when it is not used. [`Virtual`](crate::Virtual#what-a-dropped-arena-leaves) says how much exactly, and
/// [`Virtual::trim_cache`](crate::Virtual::trim_cache) gives all of it back to the system.
///
/// # Examples
///
/// ```
/// use arenite::Arena;
///
/// struct Node<'a> {
///     value: u32,
///     next: Option<&'a Node<'a>>,
/// }
///
/// let arena = Arena::new();
/// let last = arena.alloc(Node { value: 2, next: None });
/// let first = arena.alloc(Node { value: 1, next: Some(last) });
/// assert_eq!(first.value + first.next.unwrap().value, 3);
/// ```
#[repr(C)]
pub struct Arena<B: Backing = Auto, const MIN_ALIGN: usize = 8> {
    // In front, where the shortest instructions reach it.
    cursor: Cursor<MIN_ALIGN>,
    held: Held,
    home: Home<B, MIN_ALIGN>,
}

/// What a handle holds besides its window.
struct Held {
    /// The chunk in which the window lies.
    chunk: Cell<ChunkId>,
    /// Chunks that this handle obtained.
    own: ChunkList,
    /// Stretches outside of the window that are still free.
    spares: SpareList,
    /// Bytes handed out from windows that this handle has left, and from side chunks.
    left: Cell<usize>,
    /// What is to be dropped and called before the memory is taken back.
    ends: Ends,
    /// Children that have not ended; forgotten ones never do. Counted where fresh memory is zero: nobody knows how much of
    /// its memory a forgotten child wrote.
    children: Children,
    /// Whether it hands out nothing more.
    sealed: Cell<bool>,
    /// What reports call it.
    name: Cell<Option<&'static str>>,
}

impl Held {
    #[inline(always)]
    const fn nothing() -> Self {
        Held {
            chunk: Cell::new(ChunkId::NONE),
            own: ChunkList::new(),
            spares: SpareList::new(),
            left: Cell::new(0),
            name: Cell::new(None),
            sealed: Cell::new(false),
            ends: Ends::none(),
            children: Children::none(),
        }
    }
}

// SAFETY: the pointers lead to memory that the arena owns through its backing, which may go to another thread. Nobody
// else has an eye on it: blocks and children borrow the arena, so there are none while it moves. What it drops and calls at
// its end is `Send`. A child, whose `home` leads to its parent, is never reachable by value.
unsafe impl<B: Backing + Send, const M: usize> Send for Arena<B, M> {}

impl<B: Backing, const M: usize> Arena<B, M> {
    #[inline(always)]
    fn root(&self) -> &Root<B, M> {
        match &self.home {
            Home::Root(root) => root,
            // SAFETY: the root is borrowed, through a chain of parents, for as long as this child lives.
            Home::Child { root, .. } => unsafe { &**root },
        }
    }

    /// Ends the arena, which has something to do before.
    ///
    /// # Safety
    ///
    /// The arena is not used again, nor dropped.
    // `inline`, here and below it, so that every crate sees that the address goes nowhere (ARCHITECTURE.md).
    #[cold]
    #[inline]
    unsafe fn end_late(&mut self) {
        /// Ends the arena whether or not an entry panics.
        struct Last<'a, B: Backing, const M: usize>(&'a mut Arena<B, M>);

        impl<B: Backing, const M: usize> Drop for Last<'_, B, M> {
            #[inline(always)]
            fn drop(&mut self) {
                // SAFETY: the promise of `end_late`'s caller.
                unsafe { self.0.end_told() };
            }
        }

        let last = Last(self);
        // SAFETY: blocks borrow the arena, so none is left in use.
        unsafe { last.0.held.ends.run() };
    }

    /// As [`end_late`](Self::end_late), when there is nothing to do but to tell the backing what it may want to know.
    ///
    /// # Safety
    ///
    /// The arena is not used again, nor dropped.
    #[cold]
    #[inline]
    unsafe fn end_told(&mut self) {
        self.flush();
        if B::OUTLIVES_ARENA {
            self.conclude();
        }
        if let Home::Root(root) = &mut self.home {
            // SAFETY: blocks and children borrow the arena, so none is left in use.
            unsafe { root.release_all() };
            // SAFETY: nobody uses it again (this function's contract).
            unsafe { ManuallyDrop::drop(root) };
        }
    }

    /// The alignment that every position of the cursor has, in bytes: the parameter `MIN_ALIGN`.
    #[inline]
    pub const fn min_align(&self) -> usize {
        M
    }
}

impl<B: Backing, const M: usize> Drop for Arena<B, M> {
    #[inline]
    fn drop(&mut self) {
        // A child's end is its guard's business.
        let Home::Root(root) = &mut self.home else { return };
        if self.held.ends.any() {
            // SAFETY: the arena ends here.
            return unsafe { self.end_late() };
        }
        if root.remembers() {
            // SAFETY: as above.
            return unsafe { self.end_told() };
        }
        // SAFETY: blocks and children borrow the arena, so none is left in use, and the arena ends; its backing
        // remembers nothing.
        unsafe { root.release_each::<true>() };
        // SAFETY: the arena ends here.
        unsafe { ManuallyDrop::drop(root) };
    }
}

impl<B: Backing, const M: usize> fmt::Debug for Arena<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("min_align", &M).field("stats", &self.stats()).finish_non_exhaustive()
    }
}
