//! Arenas for several threads beside those of other crates, and beside the standard library. `benches/README.md` says how
//! to read it.
#![allow(missing_docs, reason = "a program")]

#[path = "shared/contender.rs"]
mod contender;
#[path = "shared/rows.rs"]
mod rows;
#[path = "shared/threads.rs"]
mod threads;

use comfy_table::{CellAlignment, Table, presets};

use arenite::shared::{ArenaPool, SyncArena};
use contender::{Blinks, Contender, Heap};
use rows::{Job, ROWS, Row};
use threads::Effort;

/// A contender, by name.
struct Entry {
    name: &'static str,
    ours: bool,
    run: fn(Job, usize, Effort) -> f64,
}

const fn entry<C: Contender>(name: &'static str, ours: bool) -> Entry {
    Entry { name, ours, run: |job, threads, effort| job.run::<C>(threads, effort) }
}

/// An arena for each thread, or for each task.
const POOLS: &[Entry] = &[
    entry::<ArenaPool>("ArenaPool", true),
    entry::<bumpalo_herd::Herd>("bumpalo-herd", false),
    entry::<bump_scope::BumpPool>("bump-scope's pool", false),
    entry::<Blinks>("blink-alloc, local()", false),
    entry::<Heap>("std", false),
];

/// One arena for all threads.
const SHARED: &[Entry] = &[
    entry::<SyncArena>("SyncArena", true),
    entry::<blink_alloc::SyncBlinkAlloc>("blink-alloc, sync", false),
    entry::<Heap>("std", false),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` says so; `cargo test --benches` does not.
    let measure =
        arguments.iter().any(|one| one == "--bench") && !arguments.iter().any(|one| one == "--test");
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    let effort = if measure { Effort::MEASURE } else { Effort::TEST };
    for (title, contenders, of_a_pool) in [("a pool", POOLS, true), ("one arena", SHARED, false)] {
        let rows: Vec<&Row> = ROWS
            .iter()
            .filter(|row| of_a_pool || !row.of_a_pool)
            .filter(|row| wanted.is_none_or(|part| row.name.contains(part.as_str())))
            .collect();
        if !rows.is_empty() {
            println!("{}\n", table(title, contenders, &rows, effort));
        }
    }
    if !measure {
        println!("One short sample each, to see that it runs: the figures mean nothing.");
    }
}

/// Medians in nanoseconds an operation of each thread, and as multiples of the best peer's.
fn table(title: &str, contenders: &[Entry], rows: &[&Row], effort: Effort) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let legend = format!("{title}: ns an operation\n(x best peer)");
    let names = contenders.iter().map(|entry| entry.name.to_owned());
    table.set_header([legend].into_iter().chain(names).chain(["spread".to_owned()]));
    for row in rows {
        for threads in [1, 2] {
            let samples = take(contenders, row, threads, effort);
            let medians: Vec<f64> = samples.iter().map(|samples| quantile(samples, 0.5)).collect();
            let peers = contenders.iter().zip(&medians).filter(|(entry, _)| !entry.ours);
            let best = peers.map(|(_, median)| *median).fold(f64::INFINITY, f64::min);
            let spread = samples
                .iter()
                .zip(&medians)
                .map(|(samples, median)| (quantile(samples, 0.75) - quantile(samples, 0.25)) / median);
            let cells = medians.iter().map(|median| format!("{median:.2} ({:.2})", median / best));
            let name = format!("{}, {threads} thread{}", row.name, if threads == 1 { "" } else { "s" });
            let spread = format!("{:.0} %", spread.fold(0.0, f64::max) * 100.0);
            table.add_row([name].into_iter().chain(cells).chain([spread]));
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Samples of each contender, taken in turns: what disturbs the machine disturbs all of them.
fn take(contenders: &[Entry], row: &Row, threads: usize, effort: Effort) -> Vec<Vec<f64>> {
    let mut samples = vec![Vec::new(); contenders.len()];
    for round in 0..effort.rounds {
        for turn in 0..contenders.len() {
            let at = (round + turn) % contenders.len();
            samples[at].push((contenders[at].run)(row.job, threads, effort));
        }
    }
    samples
}

fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}
