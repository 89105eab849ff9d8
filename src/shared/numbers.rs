//! Small numbers, each of which is one thread's at a time.
//!
//! `tests/loom` checks this file by itself.

use crate::sync::atomic::{AtomicUsize, Ordering};

/// How many words of numbers there are, and numbers in each.
// In zeal builds numbers run out, as they do elsewhere with four thousand threads.
const WORDS: usize = if cfg!(loom) {
    1
} else if cfg!(arenite_zeal) {
    2
} else {
    4096 / BITS
};
const BITS: usize = if cfg!(any(loom, arenite_zeal)) { 4 } else { usize::BITS as usize };

/// A word of which every number is taken.
const FULL: usize = usize::MAX >> (usize::BITS as usize - BITS);

/// All numbers are below this one.
pub(super) const MOST: usize = WORDS * BITS;

/// Which numbers are taken: a bit each.
pub(super) struct Numbers {
    taken: [AtomicUsize; WORDS],
}

impl Numbers {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Numbers { taken: [const { AtomicUsize::new(0) }; WORDS] }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Numbers { taken: std::array::from_fn(|_| AtomicUsize::new(0)) }
    }

    /// Takes the lowest number that is free. Whatever the threads that had it before did, until each of them
    /// [released](Self::release) it, has happened for this one.
    ///
    /// `None` if all are taken.
    pub(super) fn claim(&self) -> Option<usize> {
        for (at, word) in self.taken.iter().enumerate() {
            let mut taken = word.load(Ordering::Relaxed);
            while taken != FULL {
                let bit = 1 << (!taken).trailing_zeros();
                // The word is changed by nothing but read-modify-write operations, so this one reads from the last release of
                // the bit, or from what follows it without a gap, and synchronises with it.
                taken = word.fetch_or(bit, Ordering::Acquire);
                if taken & bit == 0 {
                    return Some(at * BITS + bit.trailing_zeros() as usize);
                }
            }
        }
        None
    }

    /// Gives a number back, which the caller had from [`claim`](Self::claim).
    pub(super) fn release(&self, number: usize) {
        self.taken[number / BITS].fetch_and(!(1 << (number % BITS)), Ordering::Release);
    }
}
