//! Arenite beside other arenas, and beside the standard library. `benches/README.md` says how to read it.
#![allow(missing_docs, reason = "a program")]

#[path = "peers/contender.rs"]
mod contender;
#[path = "peers/curve.rs"]
mod curve;
#[path = "peers/figures.rs"]
mod figures;
#[path = "peers/ours.rs"]
mod ours;
#[path = "peers/rows.rs"]
mod rows;
#[path = "peers/samples.rs"]
mod samples;
#[path = "peers/sizes.rs"]
mod sizes;
#[path = "peers/table.rs"]
mod table;

use std::time::Duration;

use criterion::{Criterion, SamplingMode};

use contender::{Contender, Std, Tuned};
use ours::{ByDefault, Huge, InChunks, Ours, Reserved, Small};
use rows::{Job, ROWS, Table};
use samples::{Effort, Samples};

/// The hidden argument with which this program calls itself.
const FRESH: &str = "--in-fresh-process";

/// A contender, by name.
struct Entry {
    name: &'static str,
    ours: bool,
    /// The tables that it is in.
    tables: &'static [Table],
    run: fn(Job, u64) -> Option<Duration>,
}

impl Entry {
    fn is_in(&self, table: Table) -> bool {
        self.tables.contains(&table)
    }

    fn is_std(&self) -> bool {
        self.name == Std::NAME
    }

    fn is_arena_peer(&self) -> bool {
        !self.ours && !self.is_std()
    }
}

const fn entry<C: Contender>(tables: &'static [Table]) -> Entry {
    Entry { name: C::NAME, ours: C::OURS, tables, run: |job, units| job.run::<C>(units) }
}

const BOTH: &[Table] = &[Table::Short, Table::Large];

const CONTENDERS: &[Entry] = &[
    entry::<Ours<ByDefault>>(BOTH),
    entry::<Ours<InChunks>>(&[Table::Large]),
    entry::<Ours<Reserved>>(&[Table::Large]),
    entry::<Ours<Small>>(&[Table::Large]),
    entry::<Ours<Huge>>(&[Table::Large]),
    entry::<bumpalo::Bump>(BOTH),
    entry::<bumpalo::Bump<8>>(&[Table::Short]),
    entry::<bump_scope::Bump>(BOTH),
    entry::<Tuned<true>>(&[Table::Short]),
    entry::<Tuned<false>>(&[Table::Short]),
    entry::<blink_alloc::Blink>(BOTH),
    entry::<Std>(BOTH),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some(FRESH) {
        return samples::run_fresh(arguments);
    }
    let mut all: Vec<String> = first.into_iter().chain(arguments).collect();
    let figures = figures::take_option(&mut all);
    // `cargo bench` says so; `cargo test --benches` does not.
    let measure = all.iter().any(|argument| argument == "--bench") && !all.iter().any(|a| a == "--test");
    let wanted = all.iter().find(|argument| !argument.starts_with('-'));
    let effort = match (measure, &figures) {
        (false, _) => Effort::TEST,
        (true, Some(_)) if all.iter().any(|argument| argument == "--quick") => Effort::QUICK,
        (true, Some(_)) => Effort::SHORT,
        (true, None) => Effort::MEASURE,
    };

    let leaves_out = |option: &str| all.iter().any(|argument| argument == option);
    let (rows, curves) = (!leaves_out("--curves"), !leaves_out("--rows"));
    let mut results = Vec::new();
    for (number, row) in ROWS.iter().enumerate().filter(|_| rows) {
        if wanted.is_some_and(|part| !row.name.contains(part.as_str())) {
            continue;
        }
        eprintln!("{} ...", row.name);
        results.push((row, samples::take(number, effort)));
    }
    if measure && figures.is_none() {
        let mut criterion = Criterion::default().configure_from_args();
        results.iter().for_each(|(row, samples)| report(&mut criterion, row.name, samples));
        criterion.final_summary();
    }
    println!("{}", table::show(&results));
    let mut lines = figures::of_rows(&results);
    for mode in curve::MODES.into_iter().filter(|_| curves) {
        if wanted.is_none_or(|part| mode.name().contains(part.as_str())) {
            eprintln!("{} ...", mode.name());
            let curve = curve::measure(mode, effort);
            println!("\n{}", curve::show(mode, &curve));
            lines += &figures::of_curve(mode, &curve);
        }
    }
    if curves && wanted.is_none_or(|part| sizes::NAME.contains(part.as_str())) {
        eprintln!("{} ...", sizes::NAME);
        let sizes = sizes::measure(effort);
        println!("\n{}", sizes::show(&sizes));
        lines += &figures::of_sizes(&sizes);
    }
    if let Some(file) = figures {
        std::fs::write(&file, lines).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    if !measure {
        println!("One short sample each, to see that it runs: the figures mean nothing.");
    }
}

/// Hands the samples to criterion, for statistics, plots and the comparison with the run before.
///
/// Criterion would measure one contender after the other, so what it is given to time is a replay of what was measured
/// in turns.
fn report(criterion: &mut Criterion, name: &str, samples: &[Samples]) {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_nanos(1)).nresamples(2000);
    for (contender, samples) in CONTENDERS.iter().zip(samples).filter(|(_, samples)| samples.len() >= 10) {
        group.sample_size(samples.len());
        let mut replay = samples.iter().cycle();
        group.bench_function(contender.name, |bencher| {
            bencher.iter_custom(|iterations| {
                let nanoseconds = replay.next().copied().unwrap_or_default();
                Duration::from_secs_f64(nanoseconds * 1e-9 * iterations as f64)
            });
        });
    }
    group.finish();
}
