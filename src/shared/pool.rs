//! An arena for each thread.

use core::fmt;
use std::alloc::System;

use allocator_api2::alloc::AllocError;
use allocator_api2::boxed::Box;

use super::entries::{Entries, Entry};
use super::slots::Slots;
use super::thread;
use crate::arena::{Arena, ResetMode, Stats};
use crate::backing::{Auto, Backing};
use crate::size::Bytes;

/// Arenas for threads: [`local`](Self::local) gives each thread its own, which lives as long as the pool.
///
/// What a thread allocates borrows the pool. So a task may return it, and it outlives the task and the thread. There is no
/// guard to be kept, and none to be forgotten.
///
/// * `B` is where the memory of each arena comes from, and `F` makes a backing for each: see
///   [`with_backing`](Self::with_backing).
/// * `MIN_ALIGN` is the minimum alignment, as for [`Arena`].
///
/// # How many arenas there are
///
/// As many as threads have called `local` between two resets, at the most: a reset takes each arena from its thread, and the
/// next thread that calls gets it, its own former one if it is still free. The arena of a thread that has ended is not
/// handed on before, because nobody can tell when the last of a thread's destructors has run. Tasks of rayon, or of any
/// other pool of threads, share as many arenas as there are workers.
///
/// Each arena keeps its memory until the pool is dropped, in use or not; [`reset_with`](Self::reset_with) gives back what
/// the mode does not keep.
///
/// A pool is `Sync` if its backings are `Send`. It can be a `static`.
///
/// # Examples
///
/// With rayon: the words of many texts, as slices that outlive the tasks.
///
/// ```
/// use arenite::shared::ArenaPool;
/// use rayon::prelude::*;
///
/// let texts = ["sand and stone", "a grain of sand"];
/// let mut pool = ArenaPool::new();
/// let words: Vec<&[&str]> = texts
///     .par_iter()
///     .map(|text| {
///         let arena = pool.local();
///         &*arena.alloc_from_iter(text.split(' ').map(|word| &*arena.alloc_str(word)))
///     })
///     .collect();
/// assert_eq!(words[1], ["a", "grain", "of", "sand"]);
/// println!("{}", pool.stats());
/// pool.reset();
/// ```
///
/// What a thread allocates may go to another one. Its arena may not:
///
/// ```compile_fail,E0277
/// let pool = arenite::shared::ArenaPool::new();
/// let arena = pool.local();
/// std::thread::scope(|scope| {
///     scope.spawn(move || arena.alloc(1));
/// });
/// ```
pub struct ArenaPool<B: Backing = Auto, F = fn() -> B, const MIN_ALIGN: usize = 8> {
    /// The entry that each thread used last.
    slots: Slots<Entry<Arena<B, MIN_ALIGN>>>,
    entries: Entries<Arena<B, MIN_ALIGN>>,
    make: F,
}

impl ArenaPool {
    /// A pool of arenas with the default backing. Nothing is allocated yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::shared::ArenaPool;
    ///
    /// static POOL: ArenaPool = ArenaPool::new();
    ///
    /// let number: &'static mut i32 = std::thread::spawn(|| POOL.local().alloc(7)).join().unwrap();
    /// assert_eq!(*number, 7);
    /// ```
    pub const fn new() -> Self {
        ArenaPool::with_backing(Auto::new)
    }
}

impl Default for ArenaPool {
    fn default() -> Self {
        ArenaPool::new()
    }
}

impl<B: Backing, F: Fn() -> B> ArenaPool<B, F> {
    /// A pool of arenas over the backings that `make` makes, one for each arena.
    ///
    /// # Examples
    ///
    /// All arenas together may hold a megabyte:
    ///
    /// ```
    /// use allocator_api2::alloc::Global;
    /// use arenite::Chained;
    /// use arenite::shared::ArenaPool;
    /// use arenite::wrap::{Budget, Limited};
    ///
    /// let budget = Budget::new(1 << 20);
    /// let pool = ArenaPool::with_backing(|| Chained::new_in(Limited::with_budget(Global, &budget)));
    /// pool.local().alloc([0_u8; 1000]);
    /// assert!(pool.local().try_alloc([0_u8; 1 << 20]).is_err());
    /// ```
    pub const fn with_backing(make: F) -> Self {
        ArenaPool::with_min_align_and_backing(make)
    }
}

impl<B: Backing, F: Fn() -> B, const M: usize> ArenaPool<B, F, M> {
    /// A pool of arenas with a minimum alignment of `M` bytes, over the backings that `make` makes.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::Chained;
    /// use arenite::shared::ArenaPool;
    ///
    /// let pool = ArenaPool::<_, _, 64>::with_min_align_and_backing(Chained::new);
    /// assert_eq!(std::ptr::from_ref(pool.local().alloc(1_u8)).addr() % 64, 0);
    /// ```
    pub const fn with_min_align_and_backing(make: F) -> Self {
        ArenaPool { slots: Slots::new(), entries: Entries::new(), make }
    }

    /// The calling thread's own arena: the same each time, until the pool is reset.
    ///
    /// A few loads, no lock and no atomic exchange, if the thread has been here since the last reset. The first time costs
    /// O(arenas), and makes an arena if none is free.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for a new arena's own fields; [`try_local`](Self::try_local) returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = arenite::shared::ArenaPool::new();
    /// let first = pool.local().alloc(1);
    /// let second = pool.local().alloc(2);
    /// assert_eq!((*first, *second, pool.arenas()), (1, 2, 1));
    /// ```
    #[inline]
    pub fn local(&self) -> &Arena<B, M> {
        match self.try_local() {
            Ok(arena) => arena,
            Err(AllocError) => panic!("pool of arenas: out of memory for another arena"),
        }
    }

    /// As [`local`](Self::local), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for a new arena's own fields.
    #[inline]
    pub fn try_local(&self) -> Result<&Arena<B, M>, AllocError> {
        let here = thread::here();
        // SAFETY: the slots hold entries of this list, and the identity is this thread's.
        match unsafe { self.entries.value_of(self.slots.get(here.number), here.id) } {
            Some(arena) => Ok(arena),
            None => self.find_or_make(),
        }
    }

    /// This thread's arena, which is not in its slot.
    #[cold]
    #[inline(never)]
    fn find_or_make(&self) -> Result<&Arena<B, M>, AllocError> {
        let here = thread::introduce();
        let find = || {
            // SAFETY: as in `try_local`.
            unsafe { self.entries.find_or_claim(self.slots.get(here.number), here.id) }
        };
        let mut entry = find();
        if entry.is_null() {
            let arena = Arena::with_min_align_in((self.make)());
            // What the user's code did may have been to call for this thread's arena.
            entry = find();
            if entry.is_null() {
                // Of the system's allocator: the program's may have called for this arena.
                entry = Box::into_raw(Box::try_new_in(Entries::entry(arena, here.id), System)?);
                // SAFETY: it was boxed just now, and is freed where the list is.
                unsafe { self.entries.push(entry) };
            }
        }
        // A thread without a slot finds its arena this way each time. (The user's code may have outlived the number.)
        _ = self.slots.set(thread::here().number, entry);
        // SAFETY: it is on the list, and the identity is this thread's.
        unsafe { self.entries.value_of(entry, here.id) }.ok_or(AllocError)
    }
}

impl<B: Backing, F, const M: usize> ArenaPool<B, F, M> {
    /// How many arenas there are. O(arenas).
    pub fn arenas(&self) -> usize {
        self.entries.len()
    }

    /// Takes back everything that was handed out, and keeps the memory of each arena for what comes next: see
    /// [`Arena::reset`]. From then on no arena is any thread's.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut pool = arenite::shared::ArenaPool::new();
    /// for _ in 0..3 {
    ///     std::thread::scope(|scope| {
    ///         scope.spawn(|| pool.local().alloc([0_u8; 1000]));
    ///     });
    ///     pool.reset();
    /// }
    /// assert_eq!((pool.arenas(), pool.stats().used), (1, 0));
    /// ```
    pub fn reset(&mut self) {
        self.reset_with(ResetMode::Retain);
    }

    /// Takes back everything that was handed out, and keeps as much memory in each arena as `mode` says.
    pub fn reset_with(&mut self, mode: ResetMode) {
        for arena in self.entries.iter_mut() {
            match mode {
                // Has a short way.
                ResetMode::Retain => arena.reset(),
                _ => arena.reset_with(mode),
            }
        }
        self.entries.disown();
    }

    /// Every arena, in no particular order.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut pool = arenite::shared::ArenaPool::new();
    /// pool.local().alloc(1_u64);
    /// assert!(pool.iter_mut().all(|arena| arena.stats().used == 8));
    /// ```
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Arena<B, M>> {
        self.entries.iter_mut()
    }

    /// Figures about all arenas together. Exclusive, as the figures of an arena are its thread's alone. O(chunks).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut pool = arenite::shared::ArenaPool::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| pool.local().alloc(1_u64));
    ///     scope.spawn(|| pool.local().alloc(2_u64));
    /// });
    /// assert_eq!((pool.stats().arenas, pool.stats().used), (2, 16));
    /// ```
    pub fn stats(&mut self) -> PoolStats {
        let mut sum = PoolStats {
            arenas: 0,
            used: 0,
            peak: 0,
            committed: 0,
            reserved: 0,
            idle: 0,
            wasted: 0,
            chunks: 0,
        };
        for arena in self.entries.iter_mut() {
            let Stats { used, peak, committed, reserved, idle, wasted, chunks, .. } = arena.stats();
            sum.arenas += 1;
            sum.used += used;
            sum.peak += peak;
            sum.committed += committed;
            sum.reserved += reserved;
            sum.idle += idle;
            sum.wasted += wasted;
            sum.chunks += chunks;
        }
        sum
    }
}

impl<B: Backing, F, const M: usize> Drop for ArenaPool<B, F, M> {
    fn drop(&mut self) {
        while let Some(entry) = self.entries.take() {
            // SAFETY: `find_or_make` made it as a box of this allocator, and it is off the list.
            drop(unsafe { Box::from_raw_in(entry, System) });
        }
    }
}

impl<B: Backing, F, const M: usize> fmt::Debug for ArenaPool<B, F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaPool")
            .field("min_align", &M)
            .field("arenas", &self.arenas())
            .finish_non_exhaustive()
    }
}

/// Figures about the arenas of a pool together, in bytes unless said otherwise. Made by [`ArenaPool::stats`].
///
/// `Display` shows them as a line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Arenas: a number.
    pub arenas: usize,
    /// Handed out, rounding included, and not taken back.
    pub used: usize,
    /// The largest values that `used` ever had in each arena, added up: no more than that was in use at once.
    pub peak: usize,
    /// Usable bytes of all chunks.
    pub committed: usize,
    /// Taken from the backings for chunks, records included; for backings of one range, the whole ranges.
    pub reserved: usize,
    /// Kept by the backings in addition to the chunks: see [`Stats::idle`].
    pub idle: usize,
    /// Left behind at the ends of windows, too short to keep, since the last reset.
    pub wasted: usize,
    /// Chunks held: a number.
    pub chunks: usize,
}

impl fmt::Display for PoolStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PoolStats { arenas, used, peak, committed, reserved, idle, wasted, chunks } = *self;
        let plural = |number| if number == 1 { "" } else { "s" };
        write!(f, "{} used (peak {}) of {} ", Bytes(used), Bytes(peak), Bytes(committed))?;
        write!(f, "in {arenas} arena{}, {chunks} chunk{}, ", plural(arenas), plural(chunks))?;
        write!(f, "{} reserved, {} wasted", Bytes(reserved), Bytes(wasted))?;
        if idle == 0 { Ok(()) } else { write!(f, ", {} idle", Bytes(idle)) }
    }
}
