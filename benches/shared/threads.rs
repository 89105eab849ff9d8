//! Work of one or two threads, timed.

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::contender::Contender;

/// How much work is done.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Samples of each contender.
    pub(crate) rounds: usize,
    /// Batches in a sample, after one that does not count. Before each, everything is reset.
    batches: usize,
}

impl Effort {
    pub(crate) const MEASURE: Effort = Effort { rounds: 41, batches: 12 };

    /// Everything runs, nothing is learnt.
    pub(crate) const TEST: Effort = Effort { rounds: 1, batches: 1 };
}

/// Where threads wait for each other without sleeping: they are to start at the same moment.
struct Line {
    come: AtomicUsize,
    threads: usize,
}

impl Line {
    fn wait(&self) {
        let come = self.come.fetch_add(1, Ordering::AcqRel) + 1;
        let all = come.next_multiple_of(self.threads);
        let mut turns = 0_u32;
        while self.come.load(Ordering::Acquire) < all {
            turns += 1;
            // Somebody else may need the processor on which this turns.
            if turns % 1024 == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
    }
}

/// Nanoseconds that an operation takes each of `threads` threads, when all do `batch`, of `operations` operations, at once.
pub(crate) fn time<C: Contender>(
    threads: usize,
    effort: Effort,
    operations: usize,
    batch: impl Fn(&C) + Sync,
) -> f64 {
    let contender = RwLock::new(C::new());
    let line = Line { come: AtomicUsize::new(0), threads };
    let work = || {
        let mut sum = Duration::ZERO;
        for number in 0..=effort.batches {
            line.wait();
            if let Ok(mut contender) = contender.try_write() {
                contender.reset();
            }
            line.wait();
            let shared = contender.read().expect("nobody panics with it");
            line.wait();
            let start = Instant::now();
            batch(&shared);
            let time = start.elapsed();
            if number > 0 {
                sum += time;
            }
        }
        sum
    };
    let times: Vec<Duration> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let others = others.into_iter().map(|thread| thread.join().expect("it did not panic"));
        [mine].into_iter().chain(others).collect()
    });
    let sum: Duration = times.iter().sum();
    sum.as_secs_f64() * 1e9 / (times.len() * effort.batches * operations) as f64
}
