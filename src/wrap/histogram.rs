//! [`Histogram`].

use super::calls::Granted;
use super::forward::{Observe, Request};
use crate::size::Bytes;
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Class 0 holds blocks of no bytes; class `n`, those of `2^(n-1)` bytes up to all that are shorter than `2^n`.
const CLASSES: usize = usize::BITS as usize + 1;

/// Counts blocks by size, in classes that double, and draws them.
///
/// A block that is resized counts again, in the class of its new size. Blocks are handed out exactly as long as asked.
/// Costs two relaxed atomic additions a call. Its `Display` is a picture for the terminal, one line a class.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box};
/// use arenite::wrap::Histogram;
///
/// let allocator = Histogram::new(Global);
/// drop(Box::new_in([0_u8; 20], &allocator));
/// let kept = Box::new_in([0_u8; 31], &allocator);
/// assert_eq!(allocator.made(16), 2);
/// assert_eq!(allocator.live(31), 1);
/// assert!(allocator.to_string().contains("16 B"));
/// # drop(kept);
/// # }
/// ```
#[derive(Debug)]
pub struct Histogram<A> {
    inner: A,
    made: [AtomicUsize; CLASSES],
    live: [AtomicUsize; CLASSES],
}

fn class(bytes: usize) -> usize {
    (usize::BITS - bytes.leading_zeros()) as usize
}

impl<A> Histogram<A> {
    /// Counts from now on.
    pub const fn new(inner: A) -> Self {
        let (made, live) =
            ([const { AtomicUsize::new(0) }; CLASSES], [const { AtomicUsize::new(0) }; CLASSES]);
        Self { inner, made, live }
    }

    /// How many blocks were made in the class of `bytes`: those of as many bytes, rounded down to a power of two, up to
    /// twice that.
    pub fn made(&self, bytes: usize) -> usize {
        self.made[class(bytes)].load(Relaxed)
    }

    /// How many blocks of the class of `bytes` are live.
    pub fn live(&self, bytes: usize) -> usize {
        self.live[class(bytes)].load(Relaxed)
    }

    /// The allocator underneath. What is allocated through it is not counted.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the figures.
    pub fn into_inner(self) -> A {
        self.inner
    }

    fn came(&self, layout: Layout) {
        self.made[class(layout.size())].fetch_add(1, Relaxed);
        self.live[class(layout.size())].fetch_add(1, Relaxed);
    }

    fn went(&self, layout: Layout) {
        self.live[class(layout.size())].fetch_sub(1, Relaxed);
    }
}

/// A size, to the right of a column of ten.
struct Column(usize);

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number of a power of two below its unit has up to three digits, or is 512 at most.
        let unit = if self.0 < 1024 { 1 } else { 3 };
        let digits = (self.0.checked_ilog2().unwrap_or(0) % 10 * 3 / 10 + 1) as usize;
        write!(f, "{:>pad$}{}", "", Bytes(self.0), pad = 10 - digits - 1 - unit)
    }
}

/// A line for each class between the smallest and the largest that was used: its smallest size, how many blocks were made
/// and are live, and a bar.
impl<A> fmt::Display for Histogram<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BAR: usize = 40;
        let made = |class: usize| self.made[class].load(Relaxed);
        let most = (0..CLASSES).map(made).max().unwrap_or(0);
        write!(f, "{:>10} {:>10} {:>10}", "bytes from", "made", "live")?;
        let Some(first) = (0..CLASSES).find(|class| made(*class) > 0) else { return Ok(()) };
        let last = (0..CLASSES).rfind(|class| made(*class) > 0).unwrap_or(first);
        for class in first..=last {
            let from = if class == 0 { 0 } else { 1 << (class - 1) };
            let (made, live) = (made(class), self.live[class].load(Relaxed));
            let rest = made as u128 * BAR as u128;
            // A class that was used shows, however small.
            let bar = rest.div_ceil(most.max(1) as u128).min(BAR as u128) as usize;
            write!(f, "\n{} {made:>10} {live:>10}", Column(from))?;
            if bar > 0 {
                write!(f, " {:#<bar$}", "")?;
            }
        }
        Ok(())
    }
}

impl<A> Observe for Histogram<A> {
    fn after(&self, request: Request, result: Granted) {
        if result.is_err() {
            return;
        }
        match request {
            Request::Allocate { layout, .. } => self.came(layout),
            Request::Grow { old, new, .. } | Request::Shrink { old, new, .. } => {
                self.went(old);
                self.came(new);
            }
        }
    }

    fn freed(&self, _block: NonNull<u8>, layout: Layout) {
        self.went(layout);
    }
}

allocator_by_calls!(Histogram);
