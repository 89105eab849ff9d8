//! What is measured: a row of the tables each, and a process of its own.

mod long;
mod programs;
mod small;
mod web;

pub(crate) use small::Random;

use crate::clock::{self, Clock, Taken};
use crate::input::Input;
use crate::litter;
use crate::memory::Memory;

/// A row of the tables.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The work; `None` if its input is missing. What it returns is the same under every allocator.
    run: fn(&mut Job<'_>) -> Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Allocating and little else.
    Small,
    /// What programs do.
    Program,
    /// What is kept for long, and what that holds.
    Long,
    /// Memory of its own for a few blocks: [`Heaps`](crate::Heaps) are measured beside the others, and nothing else is.
    Heap,
}

const fn row(name: &'static str, kind: Kind, run: fn(&mut Job<'_>) -> Option<u64>) -> Row {
    Row { name, kind, run }
}

pub(crate) const ROWS: &[Row] = &[
    row("pair", Kind::Small, small::pair),
    row("batch of 1000", Kind::Small, small::batches),
    row("batch of 100 000", Kind::Small, small::long_batches),
    row("mixed sizes, batch of 1000", Kind::Small, small::mixed),
    row("scope of one allocation", Kind::Small, small::scopes),
    row("BTreeMap of strings", Kind::Small, small::tree),
    row("HashMap<String, Vec>", Kind::Small, small::map),
    row("batches, two threads", Kind::Small, small::two_threads),
    row("freed by another thread", Kind::Small, small::sent),
    row("syn", Kind::Program, programs::syn),
    row("syn, two threads", Kind::Program, programs::syn_twice),
    row("serde_json, many documents", Kind::Program, programs::documents),
    row("serde_json, one of 20 MB", Kind::Program, programs::document),
    row("toml_edit", Kind::Program, programs::manifests),
    row("regex", Kind::Program, programs::patterns),
    row("comrak", Kind::Program, programs::readmes),
    row("sqlparser", Kind::Program, programs::queries),
    row("graphql-parser", Kind::Program, programs::schema),
    row("html5ever", Kind::Program, programs::pages),
    row("axum, one worker", Kind::Program, web::one_worker),
    row("axum, two workers", Kind::Program, web::two_workers),
    row("requests, none left behind", Kind::Long, long::requests),
    row("requests, 64 bytes left behind", Kind::Long, long::requests_with_escapes),
    row("churn", Kind::Long, long::churn),
    row("churn of small blocks", Kind::Long, long::churn_small),
    row("churn, freed by another thread", Kind::Long, long::churn_elsewhere),
    row("requests, of which nothing lives on", Kind::Long, long::survivors_none),
    row("requests, of which 0.5 % lives on", Kind::Long, long::survivors_few),
    row("requests, of which 1 % lives on", Kind::Long, long::survivors_some),
    row("requests, of which 2 % lives on", Kind::Long, long::survivors_many),
    row("1 GiB, freed in blocks of 8 MiB", Kind::Long, long::large_freed),
    row("heap of 1 block", Kind::Heap, small::heap_of_1),
    row("heap of 100 blocks", Kind::Heap, small::heap_of_100),
    row("heap of 1000 blocks", Kind::Heap, small::heap_of_1000),
];

/// A row being measured.
pub(crate) struct Job<'m> {
    pub(crate) memory: &'m dyn Memory,
    pub(crate) input: Input,
    /// The work is cut down to see whether it runs.
    quick: bool,
    taken: Option<(Taken, usize)>,
    /// The memory held after the work, and after what it left behind was dropped, in KiB.
    held: Option<(usize, usize)>,
}

impl Job<'_> {
    /// How often to do what is done `times` times.
    pub(crate) fn times(&self, times: usize) -> usize {
        if self.quick { times.div_ceil(100) } else { times }
    }

    /// Does the work that counts.
    pub(crate) fn measure<R>(&mut self, work: impl FnOnce(&dyn Memory, &mut Clock) -> R) -> R {
        let mut clock = Clock::start();
        let result = work(self.memory, &mut clock);
        self.taken = Some((clock.read(), clock::peak()));
        result
    }

    pub(crate) fn held(&mut self, after: usize, at_last: usize) {
        self.held = Some((after, at_last));
    }
}

/// The program of an allocator: does the work of the row that its arguments name, and prints what it took. With a file of
/// sizes it leaves litter before.
pub fn work(memory: &dyn Memory) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [number, folder, effort, sizes @ ..] = &arguments[..] else {
        panic!("run me by cargo bench --bench global")
    };
    if let [file] = sizes {
        litter::leave(memory, file.as_ref());
    }
    let row = &ROWS[number.parse::<usize>().expect("the number of a row")];
    let input = Input { folder: folder.into() };
    let mut job = Job { memory, input, quick: effort == "quick", taken: None, held: None };
    let Some(check) = (row.run)(&mut job) else { return println!("skipped") };
    let (Taken { processor, wall, user }, peak) = job.taken.expect("every row measures");
    let (after, at_last) = job.held.unwrap_or_default();
    let times = [processor, wall, user].map(|time| time.as_nanos().to_string()).join(" ");
    println!("{times} {peak} {after} {at_last} {check}");
}
