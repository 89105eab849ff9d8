//! The result, for people.

use comfy_table::{CellAlignment, Table, presets};

use crate::rows::{self, Row};
use crate::samples::{Samples, median, spread};
use crate::{CONTENDERS, Entry};

/// Both tables, or what there is of them.
pub(crate) fn show(results: &[(&Row, Vec<Samples>)]) -> String {
    let parts = [rows::Table::Short, rows::Table::Large].map(|table| part(results, table));
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// The medians, in nanoseconds an operation and as multiples of the best peer's; where memory is what counts, of the best
/// arena's and of std's.
fn part(results: &[(&Row, Vec<Samples>)], which: rows::Table) -> Option<String> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let taking_part: Vec<usize> = (0..CONTENDERS.len()).filter(|&at| CONTENDERS[at].is_in(which)).collect();
    let names = taking_part.iter().map(|&at| CONTENDERS[at].name);
    let legend = match which {
        rows::Table::Short => "ns an operation\n(x best peer)",
        rows::Table::Large => "ns an operation\n(x best arena peer; x std)",
    };
    table.set_header([legend].into_iter().chain(names).chain(["spread"]));
    for (row, samples) in results.iter().filter(|(row, _)| row.table == which) {
        let medians: Vec<Option<f64>> = taking_part.iter().map(|&at| median(&samples[at])).collect();
        let best_of = |wanted: fn(&Entry) -> bool| {
            let them = taking_part.iter().zip(&medians).filter(|(at, _)| wanted(&CONTENDERS[**at]));
            them.filter_map(|(_, median)| *median).min_by(f64::total_cmp)
        };
        let bases = match which {
            rows::Table::Short => vec![best_of(|entry| !entry.ours)],
            rows::Table::Large => vec![best_of(Entry::is_arena_peer), best_of(Entry::is_std)],
        };
        let mut cells = vec![row.name.to_string()];
        cells.extend(medians.iter().map(|median| match median {
            Some(median) => {
                let ratios = bases.iter().flatten().map(|base| format!("{:.2}", median / base));
                format!("{} ({})", short(*median), ratios.collect::<Vec<_>>().join("; "))
            }
            None => "-".to_string(),
        }));
        let widest = samples.iter().filter_map(|samples| spread(samples)).max_by(f64::total_cmp);
        cells.push(widest.map_or("-".to_string(), |spread| format!("{:.0} %", spread * 100.0)));
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    (table.row_count() > 0).then(|| table.to_string())
}

/// Three digits that count.
pub(crate) fn short(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
