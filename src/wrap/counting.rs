//! [`Counting`].

use super::calls::Granted;
use super::forward::{Observe, Request};
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts the calls that pass through it, and the blocks and bytes that are live.
///
/// Costs a few relaxed atomic additions a call, and no memory besides itself. Every block is handed out exactly as
/// long as it was asked for, even where the inner allocator has more to give: so the bytes that come back are the
/// bytes that went out. `Send` and `Sync` where `A` is; share it by reference. While other threads allocate, a
/// snapshot may catch a call half counted.
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
#[derive(Debug, Default)]
pub struct Counting<A> {
    inner: A,
    allocate: AtomicUsize,
    allocate_zeroed: AtomicUsize,
    deallocate: AtomicUsize,
    grow: AtomicUsize,
    grow_zeroed: AtomicUsize,
    shrink: AtomicUsize,
    failed: AtomicUsize,
    in_place: AtomicUsize,
    moved: AtomicUsize,
    blocks_live: AtomicUsize,
    bytes_live: AtomicUsize,
    bytes_peak: AtomicUsize,
}

/// What a [`Counting`] has counted so far.
///
/// The first six fields count calls, failed ones included. Bytes are those of the layouts asked for. A counter
/// wraps around at `usize::MAX`.
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
    /// Counts what passes to `inner` from now on.
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            allocate: AtomicUsize::new(0),
            allocate_zeroed: AtomicUsize::new(0),
            deallocate: AtomicUsize::new(0),
            grow: AtomicUsize::new(0),
            grow_zeroed: AtomicUsize::new(0),
            shrink: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            in_place: AtomicUsize::new(0),
            moved: AtomicUsize::new(0),
            blocks_live: AtomicUsize::new(0),
            bytes_live: AtomicUsize::new(0),
            bytes_peak: AtomicUsize::new(0),
        }
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
        Counts {
            allocate: self.allocate.load(Relaxed),
            allocate_zeroed: self.allocate_zeroed.load(Relaxed),
            deallocate: self.deallocate.load(Relaxed),
            grow: self.grow.load(Relaxed),
            grow_zeroed: self.grow_zeroed.load(Relaxed),
            shrink: self.shrink.load(Relaxed),
            failed: self.failed.load(Relaxed),
            resized_in_place: self.in_place.load(Relaxed),
            resized_moved: self.moved.load(Relaxed),
            blocks_live: self.blocks_live.load(Relaxed),
            bytes_live: self.bytes_live.load(Relaxed),
            bytes_peak: self.bytes_peak.load(Relaxed),
        }
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
        let calls = [
            &self.allocate,
            &self.allocate_zeroed,
            &self.deallocate,
            &self.grow,
            &self.grow_zeroed,
            &self.shrink,
            &self.failed,
            &self.in_place,
            &self.moved,
        ];
        for counter in calls {
            counter.store(0, Relaxed);
        }
        self.bytes_peak.store(self.bytes_live.load(Relaxed), Relaxed);
    }

    fn add_bytes(&self, bytes: usize) {
        let live = self.bytes_live.fetch_add(bytes, Relaxed).wrapping_add(bytes);
        self.bytes_peak.fetch_max(live, Relaxed);
    }

    fn resized(&self, from: NonNull<u8>, to: NonNull<u8>) {
        let counter = if from == to { &self.in_place } else { &self.moved };
        increment(counter);
    }
}

fn increment(counter: &AtomicUsize) {
    counter.fetch_add(1, Relaxed);
}

impl<A> Observe for Counting<A> {
    fn after(&self, request: Request, result: Granted) {
        increment(match request {
            Request::Allocate { zeroed: false, .. } => &self.allocate,
            Request::Allocate { zeroed: true, .. } => &self.allocate_zeroed,
            Request::Grow { zeroed: false, .. } => &self.grow,
            Request::Grow { zeroed: true, .. } => &self.grow_zeroed,
            Request::Shrink { .. } => &self.shrink,
        });
        let Ok(granted) = result else { return increment(&self.failed) };
        match request {
            Request::Allocate { layout, .. } => {
                increment(&self.blocks_live);
                self.add_bytes(layout.size());
            }
            Request::Grow { block, old, new, .. } => {
                self.add_bytes(new.size().wrapping_sub(old.size()));
                self.resized(block, granted);
            }
            Request::Shrink { block, old, new } => {
                self.bytes_live.fetch_sub(old.size().wrapping_sub(new.size()), Relaxed);
                self.resized(block, granted);
            }
        }
    }

    fn freed(&self, _block: NonNull<u8>, layout: Layout) {
        increment(&self.deallocate);
        self.blocks_live.fetch_sub(1, Relaxed);
        self.bytes_live.fetch_sub(layout.size(), Relaxed);
    }
}

allocator_by_calls!(Counting);
