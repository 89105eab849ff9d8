//! The result, for people.

use std::error::Error;
use std::fs;
use std::path::Path;

use comfy_table::{CellAlignment, LineStyle, Table as Grid, presets};

use crate::counts::{Count, Table};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Full,
    Short,
}

/// Who is in a short table.
const SHORT: [&str; 4] = ["arenite", "bumpalo", "bump-scope", "blink-alloc"];
/// What is in it.
const SHORT_ROWS: usize = 6;

/// Names in the order in which they come.
fn names<'c>(counts: impl Iterator<Item = &'c Count>, name: fn(&Count) -> &'static str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in counts.map(name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A whole number unless it is amortised.
fn figure(instructions: f64) -> String {
    if (instructions - instructions.round()).abs() < 0.05 {
        format!("{instructions:.0}")
    } else {
        format!("{instructions:.1}")
    }
}

/// Rows and columns: the head first.
fn grid(counts: &[Count], table: Table, length: Length) -> Vec<Vec<String>> {
    let of_table = || counts.iter().filter(move |count| count.table == table);
    let mut who = names(of_table(), |count| count.what.who);
    let mut operations = names(of_table(), |count| count.what.operation);
    if length == Length::Short {
        who.retain(|who| SHORT.contains(who));
        operations.truncate(SHORT_ROWS);
    }
    let mut rows = vec![[""].into_iter().chain(who.iter().copied()).map(str::to_owned).collect::<Vec<_>>()];
    for operation in operations {
        let find =
            |who: &str| of_table().find(|count| count.what.operation == operation && count.what.who == who);
        let least =
            of_table().filter(|count| count.what.operation == operation && who.contains(&count.what.who));
        let least = least.map(|count| count.instructions).fold(f64::INFINITY, f64::min);
        let cells = who.iter().map(|who| match find(who) {
            // As few as it gets, to within what rounding shows.
            Some(count) if figure(count.instructions) == figure(least) => {
                format!("**{}**", figure(count.instructions))
            }
            Some(count) => figure(count.instructions),
            None => "-".to_owned(),
        });
        rows.push([operation.to_owned()].into_iter().chain(cells).collect());
    }
    rows
}

pub(crate) fn terminal(counts: &[Count]) -> String {
    let mut text = String::new();
    for table in Table::ALL {
        let rows = grid(counts, table, Length::Full);
        let mut grid = Grid::new();
        grid.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
        grid.set_header(rows[0].clone());
        for row in &rows[1..] {
            grid.add_row(row.iter().map(|cell| cell.trim_matches('*').to_owned()));
        }
        for column in grid.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        text += &format!("\ninstructions\n{grid}\n");
    }
    text
}

pub(crate) fn markdown(counts: &[Count], length: Length) -> String {
    let mut text = String::new();
    for table in Table::ALL.into_iter().filter(|table| length == Length::Full || *table == Table::Arenas) {
        let rows = grid(counts, table, length);
        for (number, row) in rows.iter().enumerate() {
            text += &format!("| {} |\n", row.join(" | "));
            if number == 0 {
                text += &format!("|---|{}\n", "--:|".repeat(row.len() - 1));
            }
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// Puts a table between two comments of a file.
pub(crate) fn put(file: &Path, name: &str, table: &str) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let (begin, end) = (format!("<!-- {name}: begin, generated -->\n"), format!("<!-- {name}: end -->"));
    let missing = || format!("{} has no place for the table `{name}`", file.display());
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    fs::write(file, format!("{before}{begin}\n{table}\n\n{end}{after}"))?;
    Ok(())
}
