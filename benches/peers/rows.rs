//! What is measured: one row of the table each.

use std::hint::black_box;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use allocator_api2::alloc::{AllocError, Allocator, Layout};
use allocator_api2::vec::Vec;
use hashbrown::{DefaultHashBuilder, HashMap};

use crate::contender::Contender;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) job: Job,
    /// Operations in one unit of the job. Figures are per operation.
    pub(crate) operations: u64,
    /// How its samples are taken.
    pub(crate) sampling: Sampling,
    /// Where it is shown, which says who takes part.
    pub(crate) table: Table,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Table {
    /// What takes nanoseconds, beside peers with settings like ours.
    Short,
    /// What takes memory by the megabyte, over each of our kinds of memory.
    Large,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sampling {
    /// A unit is short: as many as fill a sample.
    Many,
    /// A unit takes long: one a sample.
    One,
    /// One unit a process.
    Fresh,
    /// The same, of units so short that a process is soon done.
    FreshShort,
}

#[derive(Clone, Copy)]
pub(crate) enum Job {
    Word,
    Line,
    Text,
    LocalWord,
    LocalLine,
    LocalText,
    LocalRounds,
    Push,
    PushOwn,
    Life,
    Scope,
    Round,
    Insert,
    Lines,
    LinesAgain,
    FreshInsert,
    LongPush,
    LongPushWarm,
    LongPushAgain,
    Raw,
    Zeroed,
    Reset,
}

const BATCH: u64 = 2000;
const ROUND: u64 = 100;
const MILLION: u64 = 1_000_000;
/// Bytes that hold the largest batch.
const WARM: usize = 1 << 20;
/// 64 MiB.
const LONG: Layout = Layout::new::<[u64; 8 << 20]>();
const TEXT: &str = "sand under a lens";

const fn row(name: &'static str, job: Job, operations: u64, sampling: Sampling) -> Row {
    Row { name, job, operations, sampling, table: Table::Short }
}

const fn large(name: &'static str, job: Job, operations: u64, sampling: Sampling) -> Row {
    Row { name, job, operations, sampling, table: Table::Large }
}

pub(crate) const ROWS: &[Row] = &[
    row("alloc(u64), opaque", Job::Word, BATCH, Sampling::Many),
    row("alloc([u64; 8]), opaque", Job::Line, BATCH, Sampling::Many),
    row("alloc_str, opaque", Job::Text, BATCH, Sampling::Many),
    row("alloc(u64), local", Job::LocalWord, BATCH, Sampling::Many),
    row("alloc([u64; 8]), local", Job::LocalLine, BATCH, Sampling::Many),
    row("alloc_str, local", Job::LocalText, BATCH, Sampling::Many),
    row("alloc(u64), local, resets", Job::LocalRounds, BATCH, Sampling::Many),
    row("Vec push", Job::Push, BATCH, Sampling::Many),
    row("Vec push, own Vec", Job::PushOwn, BATCH, Sampling::Many),
    row("made, one value, dropped", Job::Life, 1, Sampling::Many),
    row("scope, one value, left", Job::Scope, 1, Sampling::Many),
    row("round of 100, reset", Job::Round, 1, Sampling::Many),
    row("hashbrown, 1 M pairs", Job::Insert, MILLION, Sampling::One),
    large("fresh: Vec, 20 M pushes", Job::LongPush, 20 * MILLION, Sampling::Fresh),
    large("warm: Vec, 20 M pushes", Job::LongPushWarm, 20 * MILLION, Sampling::Fresh),
    large("again and again: Vec, 20 M pushes", Job::LongPushAgain, 20 * MILLION, Sampling::Fresh),
    large("fresh: 1 M blocks of 64 B", Job::Lines, MILLION, Sampling::Fresh),
    large("again and again: 1 M blocks of 64 B", Job::LinesAgain, MILLION, Sampling::Fresh),
    large("fresh: hashbrown, 1 M pairs", Job::FreshInsert, MILLION, Sampling::Fresh),
    large("made, one value, dropped ", Job::Life, 1, Sampling::Many),
    large("64 MiB, not touched", Job::Raw, 1, Sampling::FreshShort),
    large("64 MiB, zeroed", Job::Zeroed, 1, Sampling::FreshShort),
    large("reset after 1 M blocks", Job::Reset, 1, Sampling::Fresh),
];

impl Job {
    /// Does the job `units` times and returns how long that took, or `None` if the contender cannot do it.
    pub(crate) fn run<C: Contender>(self, units: u64) -> Option<Duration> {
        match self {
            Job::Word => Some(batches::<C>(units, |arena| put_all(arena, |i| i))),
            Job::Line => Some(batches::<C>(units, |arena| put_all(arena, |i| [i; 8]))),
            Job::Text => Some(batches::<C>(units, put_texts)),
            Job::LocalWord => Some(locals::<C, _>(units, |i| i)),
            Job::LocalLine => Some(locals::<C, _>(units, |i| [i; 8])),
            Job::LocalText => Some(time(units, || black_box(local_texts::<C>(BATCH)))),
            Job::LocalRounds => Some(timed(|| black_box(local_rounds::<C>(units)))),
            Job::Push => Some(batches::<C>(units, |arena| push_all(arena, BATCH))),
            Job::PushOwn => push_own::<C>(units),
            Job::Life => Some(time(units, life::<C>)),
            Job::Scope => scopes::<C>(units),
            Job::Round => Some(rounds::<C>(units)),
            Job::Insert => Some(inserts::<C>(units)),
            Job::Lines => Some(timed(|| put_lines(&C::new(), MILLION))),
            Job::LinesAgain => Some(again(|| timed(|| put_lines(&C::new(), MILLION)))),
            Job::FreshInsert => Some(timed(|| insert_all(&C::new(), MILLION))),
            Job::LongPush => Some(timed(|| push_all(&C::new(), 20 * MILLION))),
            Job::LongPushAgain => Some(again(|| timed(|| push_all(&C::new(), 20 * MILLION)))),
            Job::LongPushWarm => Some(long_pushes::<C>()),
            Job::Raw => Some(long_block::<C>(|arena, layout| arena.allocate(layout))),
            Job::Zeroed => Some(long_block::<C>(|arena, layout| arena.allocate_zeroed(layout))),
            Job::Reset => Some(resets::<C>()),
        }
    }
}

/// The time in the middle, of the second half of some runs.
fn again(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: std::vec::Vec<Duration> = (0..14).map(|_| run()).skip(7).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long it takes to get a block of 64 MiB in fresh memory. The code has run before: to find its pages takes as
/// long.
fn long_block<C: Contender>(
    get: impl Fn(&C::Allocator<'_>, Layout) -> Result<NonNull<[u8]>, AllocError>,
) -> Duration {
    let timed = |layout: Layout| {
        let arena = C::new();
        let allocator = arena.allocator();
        let start = Instant::now();
        let block = black_box(get(&allocator, layout).expect("memory"));
        let time = start.elapsed();
        // SAFETY: got from this allocator a moment ago, with this layout.
        unsafe { allocator.deallocate(block.cast(), layout) };
        time
    };
    again(|| {
        arenite::Virtual::trim_cache();
        timed(LONG)
    })
}

fn long_pushes<C: Contender>() -> Duration {
    let mut arena = C::new();
    again(|| {
        let time = timed(|| push_all(&arena, 20 * MILLION));
        arena.reset();
        time
    })
}

fn resets<C: Contender>() -> Duration {
    let mut arena = C::new();
    again(|| {
        put_lines(&arena, MILLION);
        timed(|| arena.reset())
    })
}

fn timed<R>(job: impl FnOnce() -> R) -> Duration {
    let start = Instant::now();
    black_box(job());
    start.elapsed()
}

#[inline(always)]
fn time<R>(units: u64, mut unit: impl FnMut() -> R) -> Duration {
    timed(|| {
        for _ in 0..units {
            black_box(unit());
        }
    })
}

/// Batches in memory that is there already.
fn batches<C: Contender>(units: u64, batch: impl Fn(&C) -> u64) -> Duration {
    let mut arena = C::with_capacity(WARM);
    batch(&arena);
    arena.reset();
    time(units, || {
        let sum = batch(black_box(&arena));
        arena.reset();
        sum
    })
}

#[inline(never)]
fn put_all<C: Contender, T: Copy>(arena: &C, value: impl Fn(u64) -> T) -> u64 {
    let mut sum = 0;
    for i in 0..BATCH {
        sum ^= arena.put(value(i)) as u64;
    }
    sum
}

#[inline(never)]
fn put_texts<C: Contender>(arena: &C) -> u64 {
    let text = black_box(TEXT);
    let mut sum = 0;
    for _ in 0..BATCH {
        sum ^= arena.put_str(text) as u64;
    }
    sum
}

/// Batches in arenas that never leave their function. Making each is part of it.
fn locals<C: Contender, T: Copy>(units: u64, value: impl Fn(u64) -> T + Copy) -> Duration {
    time(units, || black_box(local_batch::<C, T>(BATCH, value)))
}

#[inline(never)]
fn local_batch<C: Contender, T: Copy>(n: u64, value: impl Fn(u64) -> T) -> u64 {
    let arena = C::with_capacity((n as usize + 1) * size_of::<T>());
    let mut sum = 0;
    for i in 0..n {
        sum ^= arena.put(value(i)) as u64;
    }
    sum
}

#[inline(never)]
fn local_texts<C: Contender>(n: u64) -> u64 {
    let arena = C::with_capacity((n as usize + 1) * TEXT.len().next_multiple_of(8));
    let text = black_box(TEXT);
    let mut sum = 0;
    for _ in 0..n {
        sum ^= arena.put_str(text) as u64;
    }
    sum
}

/// One arena that never leaves its function, reset after each batch.
#[inline(never)]
fn local_rounds<C: Contender>(units: u64) -> u64 {
    let mut arena = C::with_capacity(WARM);
    let mut sum = 0;
    for _ in 0..units {
        for i in 0..BATCH {
            sum ^= arena.put(i) as u64;
        }
        arena.reset();
    }
    sum
}

#[inline(never)]
fn push_all<C: Contender>(arena: &C, n: u64) -> u64 {
    let mut vec = Vec::new_in(arena.allocator());
    for i in 0..n {
        vec.push(i);
    }
    black_box(&vec)[0]
}

fn push_own<C: Contender>(units: u64) -> Option<Duration> {
    C::new().push_own(1)?;
    #[inline(never)]
    fn push_own_batch<C: Contender>(arena: &C) -> u64 {
        arena.push_own(BATCH).unwrap_or(0)
    }
    Some(batches::<C>(units, push_own_batch))
}

#[inline(never)]
fn life<C: Contender>() -> usize {
    let arena = C::new();
    black_box(arena.put(black_box(7_u64)))
}

fn scopes<C: Contender>(units: u64) -> Option<Duration> {
    let mut arena = C::with_capacity(WARM);
    arena.scope(0)?;
    #[inline(never)]
    fn enter<C: Contender>(arena: &mut C, value: u64) -> Option<usize> {
        arena.scope(value)
    }
    Some(time(units, || enter(black_box(&mut arena), 7)))
}

fn rounds<C: Contender>(units: u64) -> Duration {
    let mut arena = C::with_capacity(WARM);
    #[inline(never)]
    fn round<C: Contender>(arena: &mut C) {
        for i in 0..ROUND {
            black_box(arena.put(i));
        }
        arena.reset();
    }
    time(units, || round(black_box(&mut arena)))
}

fn inserts<C: Contender>(units: u64) -> Duration {
    let mut arena = C::with_capacity(128 << 20);
    insert_all(&arena, MILLION);
    arena.reset();
    time(units, || {
        insert_all(black_box(&arena), MILLION);
        arena.reset();
    })
}

#[inline(never)]
fn insert_all<C: Contender>(arena: &C, n: u64) -> usize {
    let mut map = HashMap::with_hasher_in(DefaultHashBuilder::default(), arena.allocator());
    for i in 0..n {
        map.insert(i.wrapping_mul(0x9E37_79B9_7F4A_7C15), i);
    }
    black_box(&map).len()
}

#[inline(never)]
fn put_lines<C: Contender>(arena: &C, n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..n {
        sum ^= arena.put([i; 8]) as u64;
    }
    sum
}
