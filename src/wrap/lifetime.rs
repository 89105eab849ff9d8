//! What a [`Histogram`](super::Histogram) measures lifetimes in, chosen by a type.

use super::histogram::{class, picture};
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Class 0 holds lives of no length; class `n`, those of `2^(n-1)` up to all that are shorter than `2^n`.
const CLASSES: usize = u64::BITS as usize + 1;

/// What a [`Histogram`](super::Histogram) measures lifetimes in: its second type parameter.
///
/// `()` does not measure them, and costs nothing. [`AllocationClock`] counts the blocks made meanwhile;
/// `TimeClock` (feature `std`), the time. The trait is sealed: name it in bounds.
pub trait Clock: sealed::Watch {}

mod sealed {
    use core::fmt;

    pub trait Watch {
        /// Bytes behind each block, in which its birth is kept: 8, or 0 for a clock that does not go.
        const STAMP: usize;
        /// Nobody has lived yet.
        const NEW: Self;
        /// A block is made: when.
        fn born(&self) -> u64;
        /// A block goes that was born then.
        fn died(&self, birth: u64);
        /// How many blocks lived as long as the class of this length.
        fn lived(&self, length: u64) -> usize;
        /// Draws the lives that ended.
        fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    }
}

use sealed::Watch;

impl Clock for () {}

impl Watch for () {
    const STAMP: usize = 0;
    const NEW: Self = ();
    fn born(&self) -> u64 {
        0
    }
    fn died(&self, _birth: u64) {}
    fn lived(&self, _length: u64) -> usize {
        0
    }
    fn draw(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// How many lives there were of each class of lengths.
#[derive(Debug)]
struct Lives([AtomicUsize; CLASSES]);

impl Lives {
    const fn new() -> Self {
        Lives([const { AtomicUsize::new(0) }; CLASSES])
    }

    fn add(&self, length: u64) {
        self.0[class(length)].fetch_add(1, Relaxed);
    }

    fn of(&self, length: u64) -> usize {
        self.0[class(length)].load(Relaxed)
    }

    fn draw<D: fmt::Display>(
        &self,
        f: &mut fmt::Formatter<'_>,
        heading: &str,
        length: impl Fn(u64) -> D,
    ) -> fmt::Result {
        write!(f, "\n\n{heading:>10} {:>10}", "blocks")?;
        picture(
            f,
            CLASSES,
            |class| self.0[class].load(Relaxed),
            |f, class, count| {
                let from = if class == 0 { 0 } else { 1 << (class - 1) };
                write!(f, "{:>10} {count:>10}", length(from))
            },
        )
    }
}

/// Measures lives in blocks made meanwhile, by the same [`Histogram`](super::Histogram).
///
/// Costs 8 bytes a block and one relaxed addition a call.
#[derive(Debug)]
pub struct AllocationClock {
    made: AtomicUsize,
    lives: Lives,
}

impl Clock for AllocationClock {}

impl Watch for AllocationClock {
    const STAMP: usize = size_of::<u64>();
    const NEW: Self = Self { made: AtomicUsize::new(0), lives: Lives::new() };

    fn born(&self) -> u64 {
        self.made.fetch_add(1, Relaxed).wrapping_add(1) as u64
    }

    fn died(&self, birth: u64) {
        self.lives.add((self.made.load(Relaxed) as u64).wrapping_sub(birth));
    }

    fn lived(&self, length: u64) -> usize {
        self.lives.of(length)
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lives.draw(f, "lived from", |blocks| blocks)
    }
}

#[cfg(feature = "std")]
pub use time::TimeClock;

#[cfg(feature = "std")]
mod time {
    use super::{Clock, Lives, Watch};
    use core::fmt;
    use std::sync::OnceLock;
    use std::time::Instant;

    /// Measures lives in nanoseconds.
    ///
    /// Costs 8 bytes a block, and reads the clock when a block is made and when it goes.
    #[derive(Debug)]
    pub struct TimeClock {
        start: OnceLock<Instant>,
        lives: Lives,
    }

    impl TimeClock {
        fn now(&self) -> u64 {
            let since = self.start.get_or_init(Instant::now).elapsed();
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        }
    }

    impl Clock for TimeClock {}

    impl Watch for TimeClock {
        const STAMP: usize = size_of::<u64>();
        const NEW: Self = Self { start: OnceLock::new(), lives: Lives::new() };

        fn born(&self) -> u64 {
            self.now()
        }

        fn died(&self, birth: u64) {
            self.lives.add(self.now().saturating_sub(birth));
        }

        fn lived(&self, length: u64) -> usize {
            self.lives.of(length)
        }

        fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.lives.draw(f, "lived from", |nanoseconds| {
                let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "µs")];
                let unit = units.into_iter().find(|&(unit, _)| nanoseconds >= unit);
                let (unit, name) = unit.unwrap_or((1, "ns"));
                format!("{} {name}", nanoseconds / unit)
            })
        }
    }
}
