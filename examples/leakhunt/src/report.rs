//! What is printed.

use std::io::{self, Write};

use comfy_table::{CellAlignment, LineStyle, presets};
use indicatif::{BinaryBytes, HumanCount};

use crate::hunt::{Findings, Holder, Verdict, is_own};
use crate::walk::Corpus;

/// How many of the paths that could not be read are named.
const NAMED: usize = 3;

/// What was read; what was not goes to standard error.
pub(crate) fn corpus(out: &mut impl Write, corpus: &Corpus) -> io::Result<()> {
    writeln!(out, "read {} of text in {}", bytes(corpus.bytes()), count(corpus.files.len(), "file"))?;
    if corpus.binary > 0 {
        writeln!(out, "left out {}", count(corpus.binary, "binary file"))?;
    }
    for failed in corpus.unreadable.iter().take(NAMED) {
        eprintln!("warning: {failed}");
    }
    if !corpus.unreadable.is_empty() {
        eprintln!("warning: left out {} that could not be read", count(corpus.unreadable.len(), "path"));
    }
    Ok(())
}

/// The table of who holds what, and the stacks of those that grow.
pub(crate) fn findings(out: &mut impl Write, found: &Findings, top: usize, stacks: usize) -> io::Result<()> {
    let Findings { summary, passes, time, holders } = found;
    let (words, definitions) = (count(summary.words, "word"), count(summary.definitions, "definition"));
    let (values, mentions) = (count(summary.values, "value"), count(summary.mentions, "mention"));
    writeln!(
        out,
        "found {words}, {definitions}, {values} and {mentions} in each of {passes} passes, in {time:.1?}"
    )?;

    let total = holders.iter().map(|holder| holder.bytes).sum();
    let blocks = holders.iter().map(|holder| holder.blocks).sum();
    writeln!(out, "the program holds {} in {}:\n", bytes(total), count(blocks, "block"))?;
    let mut shown = comfy_table::Table::new();
    shown.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    shown.set_header([
        "function",
        "holds",
        "blocks",
        "of made",
        "first at",
        "last at",
        "grows\na pass",
        "verdict",
    ]);
    for column in shown.column_iter_mut().skip(1).take(6) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 0));
    }
    for holder in holders.iter().take(top) {
        shown.add_row(cells(holder));
    }
    writeln!(out, "{shown}")?;
    if let Some(others) = holders.get(top..).filter(|others| !others.is_empty()) {
        let total = others.iter().map(|holder| holder.bytes).sum();
        let others = count(others.len(), "function");
        writeln!(out, "{others} more with {} (--top {} shows all)", bytes(total), holders.len())?;
    }

    let mut growing: Vec<&Holder> = holders.iter().filter(|holder| holder.verdict == Verdict::Leak).collect();
    growing.sort_by_key(|holder| std::cmp::Reverse(holder.growth));
    if growing.is_empty() {
        return writeln!(out, "\nNothing grows in each pass.");
    }
    for holder in growing.into_iter().take(stacks) {
        writeln!(out, "\n{} grows by {} a pass. It allocates here:", holder.function, bytes(holder.growth))?;
        // Up to what called the program's own functions: the rest is how threads are run.
        let mut seen_own = false;
        for frame in &holder.stack {
            writeln!(out, "    {frame}")?;
            if !is_own(frame) && seen_own {
                break;
            }
            seen_own |= is_own(frame);
        }
    }
    Ok(())
}

fn cells(holder: &Holder) -> [String; 8] {
    let verdict = match holder.verdict {
        Verdict::Cache => "cache",
        Verdict::Filling => "cache, still filling",
        Verdict::Leak => "leak",
    };
    let growth = if holder.growth > 0 { bytes(holder.growth) } else { "-".to_owned() };
    [
        holder.function.clone(),
        bytes(holder.bytes),
        HumanCount(holder.blocks as u64).to_string(),
        HumanCount(holder.made as u64).to_string(),
        format!("{:.1?}", holder.first),
        format!("{:.1?}", holder.last),
        growth,
        verdict.to_owned(),
    ]
}

fn bytes(bytes: usize) -> String {
    BinaryBytes(bytes as u64).to_string()
}

/// `1 file`, `2 files`.
fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", HumanCount(number as u64))
}
