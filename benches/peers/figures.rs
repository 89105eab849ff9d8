//! The result for other programs: `examples/report`, for one.
//!
//! A line for each figure, its fields apart by tabs: table, row, contender, median, and the quartiles around it.

use crate::CONTENDERS;
use crate::curve::{self, Mode, Point};
use crate::rows::{Row, Table};
use crate::samples::{Samples, median, quantile};
use crate::sizes;

/// Takes `--figures FILE` out of the arguments.
pub(crate) fn take_option(arguments: &mut Vec<String>) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == "--figures")?;
    assert!(at + 1 < arguments.len(), "--figures needs a file");
    arguments.drain(at..at + 2).nth(1)
}

fn line(table: &str, row: &str, who: &str, values: [f64; 3]) -> String {
    let [middle, low, high] = values;
    format!("{table}\t{}\t{who}\t{middle}\t{low}\t{high}\n", row.trim())
}

/// Nanoseconds an operation.
pub(crate) fn of_rows(results: &[(&Row, Vec<Samples>)]) -> String {
    let mut lines = String::new();
    for (row, samples) in results {
        let table = match row.table {
            Table::Short => "short",
            Table::Large => "large",
        };
        for (contender, samples) in CONTENDERS.iter().zip(samples) {
            if let Some(middle) = median(samples) {
                let quartile = |part| quantile(samples, part).unwrap_or(middle);
                lines += &line(table, row.name, contender.name, [middle, quartile(0.25), quartile(0.75)]);
            }
        }
    }
    lines
}

/// Nanoseconds a block, and bytes of memory; rows are sizes.
pub(crate) fn of_curve(mode: Mode, points: &[Point]) -> String {
    let (time, memory) = match mode {
        Mode::Fresh => ("fresh time", "fresh memory"),
        Mode::Again => ("again time", "again memory"),
    };
    let mut lines = String::new();
    for Point { bytes, times, sizes } in points {
        for (who, name) in curve::NAMES.into_iter().enumerate() {
            lines += &line(time, &bytes.to_string(), name, [times[who]; 3]);
            lines += &line(memory, &bytes.to_string(), name, [sizes[who]; 3]);
        }
    }
    lines
}

/// Nanoseconds a block; rows are sizes of blocks.
pub(crate) fn of_sizes(points: &[sizes::Point]) -> String {
    let mut lines = String::new();
    for sizes::Point { bytes, times } in points {
        for (name, time) in sizes::NAMES.into_iter().zip(times) {
            lines += &line("sizes", &bytes.to_string(), name, [*time; 3]);
        }
    }
    lines
}
