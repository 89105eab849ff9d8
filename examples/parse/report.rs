//! What is printed.

use std::env::consts::{ARCH, OS};
use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use indicatif::{BinaryBytes, HumanCount};

use crate::files::Found;
use crate::measure::{self, WAYS};
use crate::work::Figures;

/// How many of the paths that could not be read are named.
const NAMED: usize = 3;

/// What was found; what could not be read goes to standard error.
pub(crate) fn found(out: &mut impl Write, found: &Found) -> io::Result<()> {
    let Found { files, bytes, unreadable } = found;
    writeln!(out, "found {} of Rust in {}", BinaryBytes(*bytes), count(files.len(), "file"))?;
    for failed in unreadable.iter().take(NAMED) {
        eprintln!("warning: {failed}");
    }
    if !unreadable.is_empty() {
        eprintln!("warning: left out {} that could not be read", count(unreadable.len(), "path"));
    }
    Ok(())
}

/// The table of both ways.
pub(crate) fn table(out: &mut impl Write, table: &measure::Table) -> io::Result<()> {
    let [base, regions] = &table.rows;
    write!(out, "parsed {} with {}", count(base.parsed, "file"), count(base.items, "item"))?;
    match base.failed {
        0 => writeln!(out, "\n")?,
        failed => writeln!(out, "; {} syn does not understand\n", HumanCount(failed as u64))?,
    }

    let mut shown = Table::new();
    shown.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    shown.set_header([
        "memory",
        "time",
        "",
        "peak\nmemory",
        "",
        "bytes\nescaped",
        "largest\nregion",
        "\nblocks",
    ]);
    for column in shown.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 0));
    }
    for ((name, _), row) in WAYS.iter().zip(&table.rows) {
        let figures = |text: String| if *row == *base { "-".to_owned() } else { text };
        shown.add_row([
            (*name).to_owned(),
            duration(row.time),
            ratio(row.time.as_secs_f64(), base.time.as_secs_f64()),
            BinaryBytes(row.peak as u64).to_string(),
            ratio(row.peak as f64, base.peak as f64),
            figures(HumanCount(row.escaped as u64).to_string()),
            figures(BinaryBytes(row.largest as u64).to_string()),
            figures(HumanCount(row.blocks as u64).to_string()),
        ]);
    }
    writeln!(out, "{shown}\n")?;

    write!(out, "{}", verdict(regions, base))?;
    writeln!(
        out,
        "Parsing, counting and dropping, without reading; a process for each measurement, in turns."
    )?;
    writeln!(out, "Medians of {}, on {OS} {ARCH}.", count(table.rounds as usize, "round"))?;
    if cfg!(debug_assertions) {
        writeln!(out, "This is a debug build: for figures that mean something, run it with --release.")?;
    }
    Ok(())
}

/// In words, whichever way it went.
fn verdict(regions: &Figures, base: &Figures) -> String {
    let speed = base.time.as_secs_f64() / regions.time.as_secs_f64();
    let memory = regions.peak as f64 / base.peak.max(1) as f64;
    format!("With regions: {speed:.2} times as fast, with {memory:.2} times the memory.\n")
}

fn ratio(value: f64, base: f64) -> String {
    format!("{:.2}x", value / base)
}

/// A duration in the unit that suits it.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{:.2} {name}", seconds / unit),
        None => format!("{} ns", time.as_nanos()),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", HumanCount(number as u64))
}
