//! Pools beside `slab`, `slotmap` and `typed-arena`, each where it is at its best, and scratch arenas beside arenas made for
//! the moment. `benches/README.md` says how to read it.
#![allow(missing_docs, reason = "a program")]

#[path = "pool/contender.rs"]
mod contender;
#[path = "pool/rows.rs"]
mod rows;

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

/// What one contender does in a row: `units` operations, of which only what counts is timed.
type Job = fn(u64) -> Duration;

/// One row of the table.
struct Row {
    name: &'static str,
    /// Operations of a sample.
    units: u64,
    contenders: &'static [(&'static str, Job)],
}

/// How often each contender of a row has its turn.
const ROUNDS: usize = 41;

/// Contenders of ours have names that begin so.
const OURS: &str = "arenite";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` says so; `cargo test --benches` does not.
    let measure = arguments.iter().any(|argument| argument == "--bench");
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["", "", "ns an operation", "x best of the others", "spread"]);
    for row in rows::ROWS.iter().filter(|row| wanted.is_none_or(|part| row.name.contains(part.as_str()))) {
        let samples = sample(row, measure);
        let medians: Vec<f64> = samples.iter().map(|samples| quantile(samples, 0.5)).collect();
        let others = row.contenders.iter().zip(&medians).filter(|((name, _), _)| !name.starts_with(OURS));
        let best = others.map(|(_, &median)| median).min_by(f64::total_cmp).unwrap_or(f64::NAN);
        for (at, ((name, _), median)) in row.contenders.iter().zip(&medians).enumerate() {
            let spread = (quantile(&samples[at], 0.75) - quantile(&samples[at], 0.25)) / median;
            table.add_row([
                if at == 0 { row.name.to_string() } else { String::new() },
                (*name).to_string(),
                format!("{median:.2}"),
                format!("{:.2}", median / best),
                format!("{:.0} %", spread * 100.0),
            ]);
        }
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
    if !measure {
        println!("One short sample each, to see that it runs: the figures mean nothing.");
    }
}

/// Nanoseconds an operation, for each contender: all of them in turns, so that what disturbs one disturbs the others.
fn sample(row: &Row, measure: bool) -> Vec<Vec<f64>> {
    let (rounds, units) = if measure { (ROUNDS, row.units) } else { (1, row.units.min(2000)) };
    let mut samples = vec![Vec::new(); row.contenders.len()];
    for round in 0..=rounds {
        for turn in 0..row.contenders.len() {
            let who = (turn + round) % row.contenders.len();
            let time = (row.contenders[who].1)(units);
            // The first round only warms up.
            if round > 0 {
                samples[who].push(time.as_secs_f64() * 1e9 / units as f64);
            }
        }
    }
    samples
}

fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}
