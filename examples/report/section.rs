//! What a part of the report has, and what is made of figures.

use crate::chart::{Verdict, verdict};
use crate::figures::Figures;
use crate::parts::Part;

/// A picture: the name of its file, itself, and what it shows.
pub(crate) struct Picture {
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) svg: String,
}

/// The figures behind a picture.
pub(crate) struct Grid {
    pub(crate) title: &'static str,
    /// The head first.
    pub(crate) rows: Vec<Vec<String>>,
}

pub(crate) struct Section {
    pub(crate) part: Part,
    pub(crate) text: &'static str,
    /// What was won and lost, in a sentence each.
    pub(crate) verdicts: Vec<String>,
    pub(crate) pictures: Vec<Picture>,
    pub(crate) grids: Vec<Grid>,
    pub(crate) failed: bool,
}

impl Section {
    pub(crate) fn missing(part: Part, reason: &str) -> Self {
        let verdicts = vec![format!("Not measured: {reason}")];
        Section { part, text: "", verdicts, pictures: Vec::new(), grids: Vec::new(), failed: true }
    }
}

/// Row by row, one contender over another.
pub(crate) fn over(
    figures: &Figures,
    table: &str,
    who: &str,
    base: impl Fn(&str) -> Option<f64>,
) -> Vec<(String, f64)> {
    let ratio = |row: &&str| Some((row.to_string(), figures.get(table, row, who)? / base(row)?));
    figures
        .rows(table)
        .iter()
        .filter_map(ratio)
        .filter(|(_, ratio)| ratio.is_finite() && *ratio > 0.0)
        .collect()
}

/// What was won and lost, losses by name.
pub(crate) fn judge(what: &str, ratios: &[(String, f64)]) -> String {
    let of = |wanted: Verdict| ratios.iter().filter(move |(_, ratio)| verdict(*ratio) == wanted);
    let lost: Vec<String> = of(Verdict::Lost).map(|(name, ratio)| format!("{name} ({ratio:.2})")).collect();
    let lost = if lost.is_empty() { "none lost".to_owned() } else { format!("lost: {}", lost.join("; ")) };
    format!(
        "{what}: {} of {} rows won, {} even, {lost}.",
        of(Verdict::Won).count(),
        ratios.len(),
        of(Verdict::Even).count()
    )
}

/// Three digits that count.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// All figures of a table.
pub(crate) fn grid(
    figures: &Figures,
    table: &str,
    title: &'static str,
    cell: impl Fn(f64) -> String,
) -> Grid {
    let who = figures.who(table);
    let mut rows = vec![[""].into_iter().chain(who.iter().copied()).map(str::to_owned).collect()];
    for row in figures.rows(table) {
        let cells = who.iter().map(|who| figures.get(table, row, who).map_or("-".to_owned(), &cell));
        rows.push([row.to_owned()].into_iter().chain(cells).collect());
    }
    Grid { title, rows }
}

/// Bytes, in the unit that suits.
pub(crate) fn bytes(value: f64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    let mut value = value;
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let number =
        if value < 9.95 && value.fract() > 0.05 { format!("{value:.1}") } else { format!("{value:.0}") };
    format!("{number} {}", UNITS[unit])
}
