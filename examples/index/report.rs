//! What is printed, except for answers to queries.

use std::env::consts::{ARCH, OS};
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use comfy_table::{CellAlignment, LineStyle, presets};
use indicatif::{BinaryBytes, HumanCount};

use crate::measure::{Row, Table};
use crate::walk::Corpus;

/// How many of the paths that could not be read are named.
const NAMED: usize = 3;

/// What was read; what was not goes to standard error.
pub(crate) fn corpus(out: &mut impl Write, corpus: &Corpus) -> io::Result<()> {
    let Corpus { files, binary, unreadable } = corpus;
    writeln!(out, "read {} of text in {}", bytes(corpus.bytes()), count(files.len(), "file"))?;
    if *binary > 0 {
        writeln!(out, "left out {}", count(*binary, "binary file"))?;
    }
    for failed in unreadable.iter().take(NAMED) {
        eprintln!("warning: {failed}");
    }
    if !unreadable.is_empty() {
        eprintln!("warning: left out {} that could not be read", count(unreadable.len(), "path"));
    }
    Ok(())
}

/// The table of all contenders.
pub(crate) fn table(out: &mut impl Write, table: &Table) -> io::Result<()> {
    let Table { rows, rounds, digest, words, postings } = table;
    writeln!(out, "found {} in {}\n", count(*words, "different word"), count(*postings, "place"))?;

    let mut shown = comfy_table::Table::new();
    shown.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    shown.set_header([
        "memory",
        "build,\nfresh",
        "",
        "build and\nreset, warm",
        "",
        "reset\nalone",
        "drop",
        "used\nat peak",
        "taken",
        "allocations\nfresh",
        "\nwarm",
        "chunks",
    ]);
    for column in shown.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 0));
    }
    if let Some(base) = rows.first() {
        for row in rows {
            shown.add_row(cells(row, base));
        }
    }
    writeln!(out, "{shown}\n")?;

    let cores = thread::available_parallelism().map_or(1, usize::from);
    writeln!(out, "All {} give the same index (digest {digest:016x}).", rows.len())?;
    writeln!(
        out,
        "Times are medians of {}, on {OS} {ARCH} with {}.",
        count(*rounds as usize, "round"),
        count(cores, "core")
    )?;
    if cfg!(debug_assertions) {
        writeln!(out, "This is a debug build: for times that mean something, run it with --release.")?;
    }
    Ok(())
}

fn cells(row: &Row, base: &Row) -> [String; 12] {
    let Row { name, time, figures } = row;
    [
        (*name).to_owned(),
        duration(time.fresh),
        ratio(time.fresh, base.time.fresh),
        duration(time.warm + time.reset),
        ratio(time.warm + time.reset, base.time.warm + base.time.reset),
        duration(time.reset),
        duration(time.drop),
        bytes(figures.used),
        bytes(figures.taken),
        HumanCount(figures.requests as u64).to_string(),
        HumanCount(figures.requests_warm as u64).to_string(),
        figures.chunks.map_or_else(|| "-".to_owned(), |chunks| chunks.to_string()),
    ]
}

fn ratio(time: Duration, base: Duration) -> String {
    format!("{:.2}x", time.as_secs_f64() / base.as_secs_f64())
}

/// A duration in the unit that suits it.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", seconds / unit),
        None => format!("{} ns", time.as_nanos()),
    }
}

pub(crate) fn bytes(bytes: usize) -> String {
    BinaryBytes(bytes as u64).to_string()
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", HumanCount(number as u64))
}
