//! Building the index in each kind of memory, and what that takes.
//!
//! The texts are in memory before any clock is started. A round builds the index in fresh memory, gives it up, and does so
//! again and again, as a server would that works off requests: what is measured then is the third time. The rounds of
//! all contenders are interleaved, so that none has the quiet hours of the machine to itself.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;
use std::mem::{self, MaybeUninit};
use std::time::{Duration, Instant};

use allocator_api2::alloc::{Allocator, Global};
#[cfg(feature = "mapped")]
use arenite::Mapped;
#[cfg(feature = "virtual-memory")]
use arenite::Virtual;
use arenite::wrap::Counting;
use arenite::{Arena, Auto, Backing, Chained, Fixed};

use crate::index::{Index, OutOfMemory};
use crate::memory::Memory;
use crate::progress::Progress;
use crate::walk::Corpus;

/// A contender: its name, and how it does a round.
type Contender = (&'static str, fn(&Job<'_>) -> Result<Round, Failed>);

/// Why a round was not done.
type Failed = Box<dyn Error>;

/// Who takes part. A further backing is one further line. The first is what the others are compared with.
const CONTENDERS: &[Contender] = &[
    ("system allocator", |job| job.on_the_heap()),
    ("Auto", |job| job.in_arena(Auto::new())),
    ("Chained", |job| job.in_arena(Chained::new())),
    #[cfg(feature = "virtual-memory")]
    ("Virtual", |job| job.in_arena(Virtual::new())),
    #[cfg(feature = "mapped")]
    ("Mapped", |job| job.in_a_file()),
    ("Fixed", |job| job.in_arena(Fixed::new(&mut job.buffer()))),
];

/// How long to measure, unless told how often.
const PATIENCE: Duration = Duration::from_secs(3);

/// So few rounds say something about their middle.
const FEWEST_ROUNDS: u32 = 3;

/// So many say no more than fewer would.
const MOST_ROUNDS: u128 = 99;

/// Builds the index of `corpus` in `memory`.
pub(crate) fn build<M: Memory>(corpus: &Corpus, memory: M) -> Result<Index<M>, OutOfMemory>
where
    for<'s> &'s M::Scratch: Allocator,
{
    let mut index = Index::new_in(memory);
    for (number, file) in (0..).zip(&corpus.files) {
        memory.scope(|scratch| index.try_add(number, &file.text, scratch))?;
    }
    Ok(index)
}

/// What a round took.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    /// Building the index in fresh memory.
    pub(crate) fresh: Duration,
    /// Building it again, after a reset, when the memory has got used to it.
    pub(crate) warm: Duration,
    /// Giving the index up and keeping the memory.
    pub(crate) reset: Duration,
    /// Giving both up.
    pub(crate) drop: Duration,
}

/// What does not change from round to round.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    /// The most bytes in use at once.
    pub(crate) used: usize,
    /// The most bytes that were taken from the system.
    pub(crate) taken: usize,
    /// Requests that reached the system, in fresh memory.
    pub(crate) requests: usize,
    /// The same, when warm.
    pub(crate) requests_warm: usize,
    /// Chunks, where there are such.
    pub(crate) chunks: Option<usize>,
    /// What the index says.
    digest: u64,
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Medians.
    pub(crate) time: Round,
    pub(crate) figures: Figures,
}

/// What was measured.
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    pub(crate) rounds: u32,
    /// What all of them agree on.
    pub(crate) digest: u64,
    pub(crate) words: usize,
    pub(crate) postings: usize,
}

/// Measures all contenders, as often as said, or as often as [`PATIENCE`] allows.
///
/// # Errors
///
/// What [`build`] and the makers of memory return.
///
/// # Panics
///
/// Panics if they do not agree.
pub(crate) fn measure(corpus: &Corpus, rounds: Option<u32>) -> Result<Table, Failed> {
    let reference = build(corpus, Global)?;
    let digest = reference.digest();
    let (words, postings) =
        reference.words().fold((0, 0), |(words, postings), (_, count)| (words + 1, postings + count));
    drop(reference);

    let job = Job::new(corpus);
    job.size_the_buffer()?;
    let start = Instant::now();
    let figures = check(&job, digest)?;
    let rounds = rounds.unwrap_or_else(|| rounds_within(PATIENCE, start.elapsed()));
    let times = time(&job, rounds)?;
    let row = |((&(name, _), times), figures): ((&Contender, &Vec<Round>), Figures)| Row {
        name,
        time: medians(times),
        figures,
    };
    let rows = CONTENDERS.iter().zip(&times).zip(figures).map(row).collect();
    Ok(Table { rows, rounds, digest, words, postings })
}

/// A round for the figures, also so that no contender finds the machine colder than the others.
fn check(job: &Job<'_>, digest: u64) -> Result<Vec<Figures>, Failed> {
    let progress = Progress::new("checking", CONTENDERS.len());
    job.checking.set(true);
    let mut figures = Vec::new();
    for (name, run) in CONTENDERS {
        run(job)?;
        assert_eq!(job.figures.get().digest, digest, "{name}: the index differs");
        figures.push(job.figures.get());
        progress.step();
    }
    job.checking.set(false);
    Ok(figures)
}

/// What each contender takes, round by round.
fn time(job: &Job<'_>, rounds: u32) -> Result<Vec<Vec<Round>>, Failed> {
    let progress = Progress::new("measuring", rounds as usize * CONTENDERS.len());
    let mut times = vec![Vec::new(); CONTENDERS.len()];
    for round in 0..rounds as usize {
        for turn in 0..CONTENDERS.len() {
            // From another one each time, forwards and backwards: in what state one leaves the heap shows in the time of
            // the next.
            let step = if round % 2 == 0 { turn } else { CONTENDERS.len() - turn };
            let who = (round / 2 + step) % CONTENDERS.len();
            let (_, run) = CONTENDERS[who];
            times[who].push(run(job)?);
            progress.step();
        }
    }
    Ok(times)
}

/// How many rounds fit into `time`, if one takes `round`: an odd number, so that there is one in the middle.
fn rounds_within(time: Duration, round: Duration) -> u32 {
    let fit = time.as_nanos() / round.as_nanos().max(1);
    (fit.min(MOST_ROUNDS) as u32).max(FEWEST_ROUNDS) | 1
}

/// The work of a round.
struct Job<'c> {
    corpus: &'c Corpus,
    /// Whether this round is for the figures, and not for the time.
    checking: Cell<bool>,
    figures: Cell<Figures>,
    /// The length of the buffer for `Fixed`.
    buffer: Cell<usize>,
}

impl<'c> Job<'c> {
    fn new(corpus: &'c Corpus) -> Self {
        let buffer = Cell::new(corpus.bytes().max(1));
        Job { corpus, checking: Cell::new(false), figures: Cell::default(), buffer }
    }

    /// A round in an arena over `backing`.
    ///
    /// Everything in an index lies in the arena, so that there is nothing to drop value by value: it is forgotten.
    fn in_arena<B: Backing>(&self, backing: B) -> Result<Round, Failed> {
        // Fresh is what nobody has used before.
        #[cfg(feature = "virtual-memory")]
        Virtual::trim_cache();
        let mut arena = Arena::new_in(backing);
        let (index, fresh) = timed(|| build(self.corpus, &arena));
        let index = index?;
        let digest = self.digest(&index);
        mem::forget(index);
        let first = arena.stats();

        arena.reset();
        mem::forget(build(self.corpus, &arena)?);
        let ((), reset) = timed(|| arena.reset());
        let kept = arena.stats();
        let (index, warm) = timed(|| build(self.corpus, &arena));
        mem::forget(index?);
        let last = arena.stats();
        let ((), drop) = timed(|| drop(arena));

        // A range is asked for as a whole, whatever chunks are cut from it; any other chunk is a request.
        let requests = |chunks: usize| if B::CONTIGUOUS { 0 } else { chunks };
        // Of a range that is committed as it is needed, the rest is only addresses.
        let taken = if B::CONTIGUOUS && B::GROWS_IN_PLACE { first.committed } else { first.reserved };
        self.figures.set(Figures {
            used: first.peak,
            taken,
            requests: requests(first.chunks) + usize::from(B::CONTIGUOUS),
            requests_warm: requests(last.chunks - kept.chunks),
            chunks: Some(first.chunks),
            digest,
        });
        Ok(Round { fresh, warm, reset, drop })
    }

    /// A round in a file, which is gone afterwards.
    #[cfg(feature = "mapped")]
    fn in_a_file(&self) -> Result<Round, Failed> {
        let folder = tempfile::tempdir()?;
        // SAFETY: the file lies in a folder of its own that nobody else knows of, so nobody changes it.
        let file = unsafe { Mapped::create(folder.path().join("index")) }?;
        self.in_arena(file)
    }

    /// A round on the heap, where giving an index up is dropping it value by value.
    fn on_the_heap(&self) -> Result<Round, Failed> {
        if self.checking.get() {
            self.count()?;
        }
        let (index, fresh) = timed(|| build(self.corpus, Global));
        drop(index?);
        drop(build(self.corpus, Global)?);
        let (index, warm) = timed(|| build(self.corpus, Global));
        let index = index?;
        let ((), drop) = timed(|| drop(index));
        Ok(Round { fresh, warm, reset: drop, drop })
    }

    /// Counts what an index asks of the heap.
    fn count(&self) -> Result<(), OutOfMemory> {
        let counting = Counting::new(Global);
        let index = build(self.corpus, &counting)?;
        let counts = counting.counts();
        self.figures.set(Figures {
            used: counts.bytes_peak,
            taken: counts.bytes_peak,
            requests: counts.requests(),
            requests_warm: counts.requests(),
            chunks: None,
            digest: self.digest(&index),
        });
        Ok(())
    }

    /// The digest of an index, in the round in which that matters.
    fn digest<A: Allocator + Copy>(&self, index: &Index<A>) -> u64 {
        if self.checking.get() { index.digest() } else { 0 }
    }

    /// A fresh buffer for `Fixed`.
    fn buffer(&self) -> Box<[MaybeUninit<u8>]> {
        Box::new_uninit_slice(self.buffer.get())
    }

    /// Finds a length at which the index fits: that of the text, or twice that, and so on.
    fn size_the_buffer(&self) -> Result<(), OutOfMemory> {
        while self.in_arena(Fixed::new(&mut self.buffer())).is_err() {
            let doubled = self.buffer.get().checked_mul(2).ok_or(OutOfMemory)?;
            self.buffer.set(doubled);
        }
        Ok(())
    }
}

/// What `work` returns, and how long it took.
fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let start = Instant::now();
    let result = black_box(work());
    (result, start.elapsed())
}

/// The median of each step.
fn medians(rounds: &[Round]) -> Round {
    let median = |step: fn(&Round) -> Duration| {
        let mut times: Vec<Duration> = rounds.iter().map(step).collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    Round {
        fresh: median(|round| round.fresh),
        warm: median(|round| round.warm),
        reset: median(|round| round.reset),
        drop: median(|round| round.drop),
    }
}
