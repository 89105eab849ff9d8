//! The result, for people.

use comfy_table::{CellAlignment, Table, presets};

use crate::CONTENDERS;
use crate::rows::Row;
use crate::samples::{Samples, median, spread};

/// The medians, in nanoseconds an operation and as multiples of the best peer's.
pub(crate) fn show(results: &[(&Row, Vec<Samples>)]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let names = CONTENDERS.iter().map(|contender| contender.name);
    table.set_header(["ns an operation\n(x best peer)"].into_iter().chain(names).chain(["spread"]));
    for (row, samples) in results {
        let medians: Vec<Option<f64>> = samples.iter().map(|samples| median(samples)).collect();
        let peers = CONTENDERS.iter().zip(&medians).filter(|(contender, _)| !contender.ours);
        let best = peers.filter_map(|(_, median)| *median).min_by(f64::total_cmp);
        let mut cells = vec![row.name.to_string()];
        cells.extend(medians.iter().map(|median| match (median, best) {
            (Some(median), Some(best)) => format!("{} ({:.2})", short(*median), median / best),
            _ => "-".to_string(),
        }));
        let widest = samples.iter().filter_map(|samples| spread(samples)).max_by(f64::total_cmp);
        cells.push(widest.map_or("-".to_string(), |spread| format!("{:.0} %", spread * 100.0)));
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
