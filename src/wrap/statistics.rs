//! What a [`Counting`](super::Counting) counts, chosen by a type.

use super::calls::Granted;
use super::counting::Counts;
use super::forward::Request;
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a [`Counting`](super::Counting) counts: its second type parameter.
///
/// [`CallCounters`], [`LiveCounters`], both as a pair, or `()` for nothing. What is not chosen takes no memory and runs no
/// instruction. The trait is sealed: name it in bounds.
///
/// ```
/// use arenite::wrap::{CallCounters, Counting, LiveCounters};
///
/// assert_eq!(size_of::<Counting<(), ()>>(), 0);
/// assert!(size_of::<Counting<(), LiveCounters>>() < size_of::<Counting<(), CallCounters>>());
/// ```
pub trait Statistics: sealed::Tally {}

impl Statistics for () {}
impl Statistics for CallCounters {}
impl Statistics for LiveCounters {}
impl<S: Statistics, T: Statistics> Statistics for (S, T) {}

/// Counts calls by kind, failures, and resizes by what became of the block: one or two relaxed additions a call.
#[derive(Debug)]
pub struct CallCounters {
    allocate: AtomicUsize,
    allocate_zeroed: AtomicUsize,
    deallocate: AtomicUsize,
    grow: AtomicUsize,
    grow_zeroed: AtomicUsize,
    shrink: AtomicUsize,
    failed: AtomicUsize,
    in_place: AtomicUsize,
    moved: AtomicUsize,
}

/// Counts blocks and bytes that are live, and the most bytes that were: two or three relaxed additions a call.
#[derive(Debug)]
pub struct LiveCounters {
    blocks: AtomicUsize,
    bytes: AtomicUsize,
    peak: AtomicUsize,
}

mod sealed {
    use super::{Counts, Granted, Layout, Request};

    #[expect(private_interfaces, reason = "nobody else can name, call or implement it")]
    pub trait Tally {
        /// Nothing counted yet.
        const NEW: Self;
        /// Counts a request and what became of it.
        fn after(&self, request: Request, result: Granted);
        /// Counts a block that goes back.
        fn freed(&self, layout: Layout);
        /// Writes what was counted to where it belongs.
        fn read(&self, counts: &mut Counts);
        /// Forgets what happened, but not what is live.
        fn reset(&self);
    }
}

use sealed::Tally;

fn increment(counter: &AtomicUsize) {
    counter.fetch_add(1, Relaxed);
}

#[expect(private_interfaces, reason = "as the trait")]
impl Tally for () {
    const NEW: Self = ();
    #[inline]
    fn after(&self, _request: Request, _result: Granted) {}
    #[inline]
    fn freed(&self, _layout: Layout) {}
    fn read(&self, _counts: &mut Counts) {}
    fn reset(&self) {}
}

#[expect(private_interfaces, reason = "as the trait")]
impl<S: Tally, T: Tally> Tally for (S, T) {
    const NEW: Self = (S::NEW, T::NEW);

    #[inline]
    fn after(&self, request: Request, result: Granted) {
        self.0.after(request, result);
        self.1.after(request, result);
    }

    #[inline]
    fn freed(&self, layout: Layout) {
        self.0.freed(layout);
        self.1.freed(layout);
    }

    fn read(&self, counts: &mut Counts) {
        self.0.read(counts);
        self.1.read(counts);
    }

    fn reset(&self) {
        self.0.reset();
        self.1.reset();
    }
}

impl CallCounters {
    fn resized(&self, from: NonNull<u8>, to: NonNull<u8>) {
        increment(if from == to { &self.in_place } else { &self.moved });
    }
}

#[expect(private_interfaces, reason = "as the trait")]
impl Tally for CallCounters {
    const NEW: Self = Self {
        allocate: AtomicUsize::new(0),
        allocate_zeroed: AtomicUsize::new(0),
        deallocate: AtomicUsize::new(0),
        grow: AtomicUsize::new(0),
        grow_zeroed: AtomicUsize::new(0),
        shrink: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
        in_place: AtomicUsize::new(0),
        moved: AtomicUsize::new(0),
    };

    fn after(&self, request: Request, result: Granted) {
        increment(match request {
            Request::Allocate { zeroed: false, .. } => &self.allocate,
            Request::Allocate { zeroed: true, .. } => &self.allocate_zeroed,
            Request::Grow { zeroed: false, .. } => &self.grow,
            Request::Grow { zeroed: true, .. } => &self.grow_zeroed,
            Request::Shrink { .. } => &self.shrink,
        });
        match (request, result) {
            (_, Err(_)) => increment(&self.failed),
            (Request::Allocate { .. }, Ok(_)) => {}
            (Request::Grow { block, .. } | Request::Shrink { block, .. }, Ok(to)) => self.resized(block, to),
        }
    }

    fn freed(&self, _layout: Layout) {
        increment(&self.deallocate);
    }

    fn read(&self, counts: &mut Counts) {
        counts.allocate = self.allocate.load(Relaxed);
        counts.allocate_zeroed = self.allocate_zeroed.load(Relaxed);
        counts.deallocate = self.deallocate.load(Relaxed);
        counts.grow = self.grow.load(Relaxed);
        counts.grow_zeroed = self.grow_zeroed.load(Relaxed);
        counts.shrink = self.shrink.load(Relaxed);
        counts.failed = self.failed.load(Relaxed);
        counts.resized_in_place = self.in_place.load(Relaxed);
        counts.resized_moved = self.moved.load(Relaxed);
    }

    fn reset(&self) {
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
    }
}

impl LiveCounters {
    fn add(&self, bytes: usize) {
        let live = self.bytes.fetch_add(bytes, Relaxed).wrapping_add(bytes);
        self.peak.fetch_max(live, Relaxed);
    }
}

#[expect(private_interfaces, reason = "as the trait")]
impl Tally for LiveCounters {
    const NEW: Self =
        Self { blocks: AtomicUsize::new(0), bytes: AtomicUsize::new(0), peak: AtomicUsize::new(0) };

    fn after(&self, request: Request, result: Granted) {
        match request {
            _ if result.is_err() => {}
            Request::Allocate { layout, .. } => {
                increment(&self.blocks);
                self.add(layout.size());
            }
            Request::Grow { old, new, .. } => self.add(new.size().wrapping_sub(old.size())),
            Request::Shrink { old, new, .. } => {
                self.bytes.fetch_sub(old.size().wrapping_sub(new.size()), Relaxed);
            }
        }
    }

    fn freed(&self, layout: Layout) {
        self.blocks.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(layout.size(), Relaxed);
    }

    fn read(&self, counts: &mut Counts) {
        counts.blocks_live = self.blocks.load(Relaxed);
        counts.bytes_live = self.bytes.load(Relaxed);
        counts.bytes_peak = self.peak.load(Relaxed);
    }

    fn reset(&self) {
        self.peak.store(self.bytes.load(Relaxed), Relaxed);
    }
}
