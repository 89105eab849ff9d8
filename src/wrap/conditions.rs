//! [`Conditions`].

use crate::random;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Chances are multiples of one in so many, which fits into a `usize` on every system.
const CERTAIN: usize = 1 << 31;

/// Which requests are refused: part of [`Failing`](super::Failing), which has one for all requests and one for resizes.
///
/// To begin with nothing is refused. Conditions add up: a request is refused as soon as one of them says so, until
/// [`succeed`](Self::succeed) takes them all back. Each condition that counts requests starts counting when it is set.
#[derive(Debug)]
pub struct Conditions {
    requests: AtomicUsize,
    refused: AtomicUsize,
    /// How many requests there had been when a condition was last set; and when each of those was that counts them.
    since: AtomicUsize,
    run_since: AtomicUsize,
    every_since: AtomicUsize,
    chance_since: AtomicUsize,
    /// The first and the last request of the run that is refused, counted from 1; none is where `first` is 0.
    first: AtomicUsize,
    last: AtomicUsize,
    /// Every how many requests one is refused; 0 for never.
    every: AtomicUsize,
    /// The largest size in bytes that is not refused.
    above: AtomicUsize,
    /// How many requests of [`CERTAIN`] are refused.
    chance: AtomicUsize,
    seed: AtomicUsize,
}

impl Conditions {
    pub(super) const fn new() -> Self {
        Self {
            requests: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            since: AtomicUsize::new(0),
            run_since: AtomicUsize::new(0),
            every_since: AtomicUsize::new(0),
            chance_since: AtomicUsize::new(0),
            first: AtomicUsize::new(0),
            last: AtomicUsize::new(0),
            every: AtomicUsize::new(0),
            above: AtomicUsize::new(usize::MAX),
            chance: AtomicUsize::new(0),
            seed: AtomicUsize::new(0),
        }
    }

    /// Refuses the `n`-th request from now, and only that: 1 is the next one, 0 refuses none.
    pub fn fail_nth(&self, n: usize) {
        self.set_run(n, n);
    }

    /// Lets the next `n` requests through and refuses all that follow.
    pub fn fail_after(&self, n: usize) {
        self.set_run(n.saturating_add(1), usize::MAX);
    }

    /// Refuses every request.
    pub fn fail_always(&self) {
        self.fail_after(0);
    }

    /// Refuses every `n`-th request from now: with 3 the third, the sixth and so on. 0 takes the condition back.
    pub fn fail_every(&self, n: usize) {
        self.begin(&self.every_since);
        self.every.store(n, Relaxed);
    }

    /// Refuses every request for more than `bytes`. `usize::MAX` takes the condition back.
    pub fn fail_above(&self, bytes: usize) {
        self.above.store(bytes, Relaxed);
    }

    /// Refuses each request with this probability, from 0, which takes the condition back, to 1. What is more, or less, or
    /// not a number counts as the nearest of them, the last as 0.
    ///
    /// Whether the `n`-th request from now is refused depends on `n` and `seed` alone, so the same seed refuses the same
    /// requests in each run of a program that makes them in the same order.
    pub fn fail_with_probability(&self, probability: f64, seed: u64) {
        self.begin(&self.chance_since);
        self.seed.store((seed ^ (seed >> 32)) as usize, Relaxed);
        self.chance.store((probability.clamp(0.0, 1.0) * CERTAIN as f64) as usize, Relaxed);
    }

    /// Takes back every condition.
    pub fn succeed(&self) {
        self.set_run(0, 0);
        self.fail_every(0);
        self.fail_above(usize::MAX);
        self.fail_with_probability(0.0, 0);
    }

    /// Requests since a condition was last set, refused ones included.
    pub fn requests(&self) -> usize {
        Self::number(self.requests.load(Relaxed), &self.since)
    }

    /// Requests that these conditions refused since the wrapper was made.
    pub fn refused(&self) -> usize {
        self.refused.load(Relaxed)
    }

    fn set_run(&self, first: usize, last: usize) {
        self.begin(&self.run_since);
        self.first.store(first, Relaxed);
        self.last.store(last, Relaxed);
    }

    /// Counts from now on.
    fn begin(&self, since: &AtomicUsize) {
        let requests = self.requests.load(Relaxed);
        since.store(requests, Relaxed);
        self.since.store(requests, Relaxed);
    }

    /// A request's number for whom counts from then on.
    fn number(request: usize, since: &AtomicUsize) -> usize {
        request.wrapping_sub(since.load(Relaxed))
    }

    /// Counts a request, and says whether to refuse it.
    pub(super) fn refuse(&self, bytes: usize) -> bool {
        let request = self.requests.fetch_add(1, Relaxed).wrapping_add(1);
        let (first, last) = (self.first.load(Relaxed), self.last.load(Relaxed));
        let in_run = first != 0 && (first..=last).contains(&Self::number(request, &self.run_since));
        let every = self.every.load(Relaxed);
        let in_turn = every != 0 && Self::number(request, &self.every_since) % every == 0;
        let chance = self.chance.load(Relaxed);
        let by_chance = chance != 0 && {
            let number = Self::number(request, &self.chance_since);
            let drawn = random::nth(self.seed.load(Relaxed) as u64, number as u64);
            drawn % (CERTAIN as u64) < chance as u64
        };
        let refused = in_run || in_turn || by_chance || bytes > self.above.load(Relaxed);
        if refused {
            self.refused.fetch_add(1, Relaxed);
        }
        refused
    }
}
