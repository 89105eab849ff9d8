//! [`Counting`].

use super::calls::Granted;
use super::forward::{Observe, Request};
use super::statistics::{CallCounters, LiveCounters, Statistics};
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// Counts the calls that pass through it, and the blocks and bytes that are live.
///
/// Costs a few relaxed atomic additions a call, and no memory besides itself. Every block is handed out exactly as
/// long as it was asked for, even where the inner allocator has more to give: so the bytes that come back are the
/// bytes that went out. `Send` and `Sync` where `A` is; share it by reference. While other threads allocate, a
/// snapshot may catch a call half counted.
///
/// `S` is [what it counts](Statistics), which is everything unless you [choose](Self::with_statistics) less.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, vec::Vec};
/// use arenite::wrap::Counting;
///
/// let allocator = Counting::new(Global);
/// let mut numbers = Vec::with_capacity_in(4, &allocator);
/// numbers.extend(0..4u32);
/// assert_eq!(allocator.counts().bytes_live, 16);
/// drop(numbers);
///
/// let counts = allocator.counts();
/// assert_eq!((counts.allocate, counts.deallocate), (1, 1));
/// assert_eq!((counts.blocks_live, counts.bytes_peak), (0, 16));
/// println!("{counts}");
/// # }
/// ```
#[derive(Debug)]
pub struct Counting<A, S = (CallCounters, LiveCounters)> {
    inner: A,
    tally: S,
}

/// What a [`Counting`] has counted so far.
///
/// The first six fields count calls, failed ones included. Bytes are those of the layouts asked for. A counter
/// wraps around at `usize::MAX`. What is not [counted](Statistics) stays 0.
///
/// ```
/// use arenite::wrap::Counts;
///
/// let counts = Counts::default();
/// assert_eq!(counts.requests(), 0);
/// assert!(counts.to_string().contains("bytes live"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Counts {
    /// Calls to `allocate`.
    pub allocate: usize,
    /// Calls to `allocate_zeroed`.
    pub allocate_zeroed: usize,
    /// Calls to `deallocate`.
    pub deallocate: usize,
    /// Calls to `grow`.
    pub grow: usize,
    /// Calls to `grow_zeroed`.
    pub grow_zeroed: usize,
    /// Calls to `shrink`.
    pub shrink: usize,
    /// Calls of any kind that returned an error.
    pub failed: usize,
    /// Resizes (grow or shrink) that left the block where it was.
    pub resized_in_place: usize,
    /// Resizes that moved the block.
    pub resized_moved: usize,
    /// Blocks handed out and not yet given back, those of no bytes included.
    pub blocks_live: usize,
    /// Bytes handed out and not yet given back.
    pub bytes_live: usize,
    /// The most that `bytes_live` has been.
    pub bytes_peak: usize,
}

impl Counts {
    /// Calls that could have failed: everything but `deallocate`.
    #[must_use]
    pub const fn requests(&self) -> usize {
        self.allocate
            .wrapping_add(self.allocate_zeroed)
            .wrapping_add(self.grow)
            .wrapping_add(self.grow_zeroed)
            .wrapping_add(self.shrink)
    }
}

/// A table of two columns, one figure a line.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("allocate", self.allocate),
            ("allocate_zeroed", self.allocate_zeroed),
            ("deallocate", self.deallocate),
            ("grow", self.grow),
            ("grow_zeroed", self.grow_zeroed),
            ("shrink", self.shrink),
            ("failed", self.failed),
            ("resized in place", self.resized_in_place),
            ("resized, moved", self.resized_moved),
            ("blocks live", self.blocks_live),
            ("bytes live", self.bytes_live),
            ("bytes at peak", self.bytes_peak),
        ];
        for (line, (name, figure)) in rows.into_iter().enumerate() {
            let end_of_last = if line == 0 { "" } else { "\n" };
            write!(f, "{end_of_last}{name:<16} {figure:>12}")?;
        }
        Ok(())
    }
}

impl<A> Counting<A> {
    /// Counts everything that passes to `inner` from now on.
    pub const fn new(inner: A) -> Self {
        Self::with_statistics(inner)
    }
}

impl<A, S: Statistics> Counting<A, S> {
    /// Counts what `S` says of all that passes to `inner` from now on.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use allocator_api2::{alloc::Global, boxed::Box};
    /// use arenite::wrap::{Counting, LiveCounters};
    ///
    /// let allocator = Counting::<_, LiveCounters>::with_statistics(Global);
    /// drop(Box::new_in(1_u64, &allocator));
    /// let counts = allocator.counts();
    /// assert_eq!((counts.bytes_peak, counts.bytes_live), (8, 0));
    /// assert_eq!(counts.allocate, 0, "nobody wanted to know");
    /// # }
    /// ```
    pub const fn with_statistics(inner: A) -> Self {
        Self { inner, tally: S::NEW }
    }

    /// The allocator underneath. What is allocated through it is not counted.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the counters.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// A snapshot of the counters.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.tally.read(&mut counts);
        counts
    }

    /// Sets what counts calls to zero, and the peak to what is live. What is live stays live.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use allocator_api2::{alloc::Global, boxed::Box};
    /// use arenite::wrap::Counting;
    ///
    /// let allocator = Counting::new(Global);
    /// let kept = Box::new_in(1u64, &allocator);
    /// allocator.reset();
    /// assert_eq!((allocator.counts().allocate, allocator.counts().bytes_live), (0, 8));
    /// drop(kept);
    /// assert_eq!(allocator.counts().bytes_live, 0);
    /// # }
    /// ```
    pub fn reset(&self) {
        self.tally.reset();
    }
}

impl<A: Default, S: Statistics> Default for Counting<A, S> {
    fn default() -> Self {
        Self::with_statistics(A::default())
    }
}

impl<A, S: Statistics> Observe for Counting<A, S> {
    #[inline]
    fn after(&self, request: Request, result: Granted) {
        self.tally.after(request, result);
    }

    #[inline]
    fn freed(&self, _block: NonNull<u8>, layout: Layout) {
        self.tally.freed(layout);
    }
}

allocator_by_calls!(Counting, S: Statistics);
