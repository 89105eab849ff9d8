//! What is measured: one row of the tables each.

use std::hint::black_box;

use allocator_api2::vec::Vec;

use crate::contender::Contender;
use crate::threads::{self, Effort};

/// One row of the tables.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) job: Job,
    /// Whether it means something for pools alone.
    pub(crate) of_a_pool: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Job {
    LocalWord,
    Task,
    Word,
    Line,
    Text,
    Push,
}

const fn row(name: &'static str, job: Job, of_a_pool: bool) -> Row {
    Row { name, job, of_a_pool }
}

pub(crate) const ROWS: &[Row] = &[
    row("local(), one alloc(u64)", Job::LocalWord, true),
    row("local(), 20 alloc_str", Job::Task, true),
    row("alloc(u64)", Job::Word, false),
    row("alloc([u64; 8])", Job::Line, false),
    row("alloc_str", Job::Text, false),
    row("Vec push", Job::Push, false),
];

/// Operations a batch: what they make fits the caches.
const BATCH: usize = 10_000;
/// Vectors a batch, each dropped before the next, and how long they grow.
const VECTORS: usize = 200;
const LENGTH: usize = 1000;
const TEXT: &str = "sand under a lens";

impl Job {
    /// Nanoseconds that an operation takes.
    pub(crate) fn run<C: Contender>(self, threads: usize, effort: Effort) -> f64 {
        match self {
            Job::LocalWord => threads::time::<C>(threads, effort, BATCH, |contender| {
                for i in 0..BATCH as u64 {
                    let contender = black_box(contender);
                    black_box(C::put(&contender.local(), i));
                }
            }),
            Job::Task => threads::time::<C>(threads, effort, BATCH / 20, |contender| {
                for _ in 0..BATCH / 20 {
                    let local = black_box(contender).local();
                    for _ in 0..20 {
                        black_box(C::put_str(&local, black_box(TEXT)));
                    }
                }
            }),
            Job::Word => threads::time::<C>(threads, effort, BATCH, |contender| {
                let local = contender.local();
                (0..BATCH as u64).for_each(|i| _ = black_box(C::put(black_box(&local), i)));
            }),
            Job::Line => threads::time::<C>(threads, effort, BATCH, |contender| {
                let local = contender.local();
                (0..BATCH as u64).for_each(|i| _ = black_box(C::put(black_box(&local), [i; 8])));
            }),
            Job::Text => threads::time::<C>(threads, effort, BATCH, |contender| {
                let local = contender.local();
                (0..BATCH).for_each(|_| _ = black_box(C::put_str(black_box(&local), black_box(TEXT))));
            }),
            Job::Push => threads::time::<C>(threads, effort, VECTORS * LENGTH, |contender| {
                let local = contender.local();
                for _ in 0..VECTORS {
                    let mut list = Vec::new_in(C::allocator(black_box(&local)));
                    (0..LENGTH as u64).for_each(|i| list.push(i));
                    black_box(list.as_ptr());
                }
            }),
        }
    }
}
