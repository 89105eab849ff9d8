//! The result, for people.

use comfy_table::{CellAlignment, LineStyle, Table, presets};

use crate::drive::{ALLOCATORS, Sample, contenders};
use crate::rows::{Kind, ROWS};

/// The numbers of allocators in [`ALLOCATORS`].
const GLIBC: usize = 0;
const MIMALLOC: usize = 3;
const OVER_SYSTEM: usize = 4;
const OVER_MIMALLOC: usize = 5;
const PASSING: usize = 6;

/// Above this a row is named as a loss.
const LOSS: f64 = 1.02;

/// What is compared, as a title.
type Measure = (&'static str, fn(&[Sample]) -> Option<f64>);

const MEASURES: [Measure; 4] = [
    ("processor time", |samples| median(samples, |sample| sample.processor)),
    ("user time (coarse: the system divides processor time at its ticks)", |samples| {
        median(samples, |sample| sample.user)
    }),
    ("wall-clock time", |samples| median(samples, |sample| sample.wall)),
    ("peak memory", |samples| median(samples, |sample| sample.peak)),
];

/// The figures of a row: those of each allocator.
pub(crate) type Figures = Vec<Vec<Sample>>;

/// The medians of one measure, row by row, for each allocator.
fn medians(row: &[Vec<Sample>], measure: fn(&[Sample]) -> Option<f64>) -> Vec<f64> {
    row.iter().map(|samples| measure(samples).unwrap_or(f64::NAN)).collect()
}

/// All tables.
pub(crate) fn show(results: &[(usize, Figures)]) -> String {
    let mut text = String::new();
    for (number, (title, measure)) in MEASURES.into_iter().enumerate() {
        let is_memory = number == MEASURES.len() - 1;
        let mut table = new_table();
        let unit = if is_memory { "MiB" } else { "ms" };
        let mut header = vec![String::new(), format!("mimalloc\n{unit}")];
        header.extend(
            ["glibc", "jemalloc", "snmalloc", "regions\nmimalloc", "passing\nmimalloc"].map(str::to_owned),
        );
        header.extend(["regions\nsystem", "regions\nmimalloc", "spread"].map(str::to_owned));
        table.set_header(header);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_padding((1, 0));
        }
        for (row, figures) in results.iter().filter(|(row, _)| ROWS[*row].kind != Kind::Heap) {
            let values = medians(figures, measure);
            let over = |who: usize, base: usize| format!("{:.2}", values[who] / values[base]);
            let scale = if is_memory { 1.0 / 1024.0 } else { 1e-6 };
            let mut cells = vec![ROWS[*row].name.to_owned(), format!("{:.1}", values[MIMALLOC] * scale)];
            cells.extend([0, 1, 2, OVER_MIMALLOC, PASSING].map(|who| over(who, MIMALLOC)));
            cells.extend([OVER_SYSTEM, OVER_MIMALLOC].map(|who| over(who, GLIBC)));
            cells.push(match is_memory {
                true => String::new(),
                false => format!(
                    "{:.0} %",
                    100.0 * spread(&figures[OVER_MIMALLOC]).max(spread(&figures[MIMALLOC]))
                ),
            });
            table.add_row(cells);
        }
        if table.is_empty() {
            continue;
        }
        text += &format!("\n{title}, as a multiple of mimalloc's (the last two: of glibc's)\n{table}\n");
        for (name, who, base) in [
            ("regions over mimalloc, of mimalloc's", OVER_MIMALLOC, MIMALLOC),
            ("passing through to mimalloc, of mimalloc's", PASSING, MIMALLOC),
            ("regions over the system's, of glibc's", OVER_SYSTEM, GLIBC),
        ] {
            text += &verdict(results, measure, name, who, base);
        }
    }
    text + &held(results) + &scopes(results) + &heaps(results)
}

/// Nanoseconds of processor and wall-clock time, and KiB at the peak: for each a line, its fields apart by tabs.
pub(crate) fn figures(results: &[(usize, Figures)]) -> String {
    let mut text = String::new();
    for (name, measure) in [("processor", MEASURES[0].1), ("wall", MEASURES[2].1), ("peak", MEASURES[3].1)] {
        for (row, figures) in results {
            for ((who, _), value) in contenders(*row).iter().zip(medians(figures, measure)) {
                text += &format!("{name}\t{}\t{who}\t{value}\n", ROWS[*row].name);
            }
        }
    }
    text
}

/// The mean over the programs, and every row in which we lose.
fn verdict(
    results: &[(usize, Figures)],
    measure: fn(&[Sample]) -> Option<f64>,
    name: &str,
    who: usize,
    base: usize,
) -> String {
    let ratios: Vec<(usize, f64)> = results
        .iter()
        .filter(|(row, _)| ROWS[*row].kind != Kind::Heap)
        .map(|(row, figures)| (*row, medians(figures, measure)))
        .map(|(row, values)| (row, values[who] / values[base]))
        .collect();
    let programs: Vec<f64> = ratios
        .iter()
        .filter(|(row, _)| ROWS[*row].kind == Kind::Program)
        .map(|(_, ratio)| ratio.ln())
        .collect();
    let mut text = format!("{name}: ");
    if !programs.is_empty() {
        let mean = (programs.iter().sum::<f64>() / programs.len() as f64).exp();
        text += &format!("{mean:.3} in the geometric mean over {} programs; ", programs.len());
    }
    let losses: Vec<String> = ratios
        .iter()
        .filter(|(_, ratio)| *ratio > LOSS)
        .map(|(row, ratio)| format!("{} ({ratio:.2})", ROWS[*row].name))
        .collect();
    text += &match losses.is_empty() {
        true => "no row is lost".to_owned(),
        false => format!("lost: {}", losses.join(", ")),
    };
    text + "\n"
}

/// A table without rows so far.
fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table
}

/// A table of figures, or nothing if it has none.
fn shown(mut table: Table) -> String {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 0));
    }
    if table.is_empty() { String::new() } else { format!("\n{table}\n") }
}

/// What is held after the work.
fn held(results: &[(usize, Figures)]) -> String {
    let mut table = new_table();
    let names = ALLOCATORS.iter().take(PASSING + 1).map(|(name, _)| *name);
    table.set_header(["KiB held after the work,\nand after all was dropped"].into_iter().chain(names));
    for (row, figures) in results.iter().filter(|(row, _)| ROWS[*row].kind == Kind::Long) {
        let cell = |samples: &Vec<Sample>| {
            let after = median(samples, |sample| sample.after).unwrap_or(f64::NAN);
            let last = median(samples, |sample| sample.at_last).unwrap_or(f64::NAN);
            if last == 0.0 { format!("{after:.0}") } else { format!("{after:.0}\n{last:.0}") }
        };
        table.add_row([ROWS[*row].name.to_owned()].into_iter().chain(figures.iter().map(cell)));
    }
    shown(table)
}

/// What memory of its own costs for a few blocks.
fn heaps(results: &[(usize, Figures)]) -> String {
    let mut table = new_table();
    table.set_header(["ns of processor time"].into_iter().chain(ALLOCATORS.map(|(name, _)| name)));
    for (row, figures) in results.iter().filter(|(row, _)| ROWS[*row].kind == Kind::Heap) {
        let cell = |samples: &Vec<Sample>| {
            let each = median(samples, |sample| sample.processor / sample.check);
            format!("{:.0}", each.unwrap_or(f64::NAN))
        };
        table.add_row([ROWS[*row].name.to_owned()].into_iter().chain(figures.iter().map(cell)));
    }
    shown(table)
}

/// What it costs that the heap has been in use before.
pub(crate) fn litter(clean: &[(usize, Figures)], littered: &[(usize, Figures)]) -> String {
    let mut table = new_table();
    table.set_header(
        ["processor time with litter,\nas a multiple of that without"]
            .into_iter()
            .chain(ALLOCATORS.map(|(name, _)| name))
            .chain(["regions / mimalloc,\nwithout; with"]),
    );
    let processor = MEASURES[0].1;
    for ((row, figures), (_, with)) in clean.iter().zip(littered) {
        let (without, with) = (medians(figures, processor), medians(with, processor));
        let mut cells = vec![ROWS[*row].name.to_owned()];
        cells.extend(without.iter().zip(&with).map(|(without, with)| format!("{:.2}", with / without)));
        cells.resize(1 + ALLOCATORS.len(), String::new());
        let ratio = |values: &[f64]| values[OVER_MIMALLOC] / values[MIMALLOC];
        cells.push(format!("{:.2}; {:.2}", ratio(&without), ratio(&with)));
        table.add_row(cells);
    }
    shown(table)
}

/// What a region costs.
fn scopes(results: &[(usize, Figures)]) -> String {
    let row = results.iter().find(|(row, _)| ROWS[*row].name == "scope of one allocation");
    let Some((_, figures)) = row else { return String::new() };
    let each = |who: usize| median(&figures[who], |sample| sample.wall).unwrap_or(f64::NAN) / 5e6;
    format!(
        "\nA region made, entered, left and dropped with one allocation in it: {:.1} ns over mimalloc, {:.1} ns over the system's.\n",
        each(OVER_MIMALLOC),
        each(OVER_SYSTEM)
    )
}

/// The value in the middle.
fn median(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = samples.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// How far the middle half of the samples lies apart, as a part of the median.
fn spread(samples: &[Sample]) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(|sample| sample.processor).collect();
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let at = |part: f64| values[(last as f64 * part).round() as usize];
    (at(0.75) - at(0.25)) / at(0.5)
}
