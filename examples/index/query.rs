//! Answers to queries.

use std::cmp::Reverse;
use std::io::{self, Write};

use allocator_api2::alloc::{Allocator, Global};
use arenite::collections;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::HumanCount;

use crate::index::{Hits, Index, OutOfMemory, try_lower, words};
use crate::report::count;
use crate::walk::Corpus;

/// How many line numbers of a file are listed.
const LINES: usize = 8;

/// How many similar words are offered.
const SIMILAR: usize = 5;

/// Answers for each word in `text`: where it occurs, the `top` files that have most of it first.
pub(crate) fn answer<A: Allocator + Copy>(
    out: &mut impl Write,
    index: &Index<A>,
    corpus: &Corpus,
    text: &str,
    top: usize,
) -> io::Result<()> {
    let mut asked = words(text).peekable();
    if asked.peek().is_none() {
        writeln!(out, "\nThere is no word in \"{text}\": words are runs of letters and digits.")?;
    }
    let mut lower = collections::String::new_in(Global);
    for word in asked {
        try_lower(&mut lower, word).map_err(|OutOfMemory| io::ErrorKind::OutOfMemory)?;
        match index.get(&lower) {
            Some(hits) => found(out, &lower, hits, corpus, top)?,
            None => not_found(out, &lower, index)?,
        }
    }
    Ok(())
}

fn found<A: Allocator>(
    out: &mut impl Write,
    word: &str,
    hits: &[Hits<A>],
    corpus: &Corpus,
    top: usize,
) -> io::Result<()> {
    let times = hits.iter().map(|hits| hits.lines.len()).sum();
    writeln!(out, "\n\"{word}\" occurs {} in {}:", count(times, "time"), count(hits.len(), "file"))?;

    let mut most: Vec<&Hits<A>> = hits.iter().collect();
    most.sort_by_key(|hits| Reverse(hits.lines.len()));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for Hits { file, lines } in most.iter().take(top) {
        let name = &corpus.files[*file as usize].name;
        table.add_row([HumanCount(lines.len() as u64).to_string(), name.clone(), line_numbers(lines)]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    if hits.len() > top {
        writeln!(out, "and {} more (--top {} shows all)", count(hits.len() - top, "file"), hits.len())?;
    }
    Ok(())
}

/// The first few of the lines on which a word occurs in a file.
fn line_numbers(lines: &[u32]) -> String {
    let mut lines = lines.to_vec();
    lines.dedup();
    let shown: Vec<String> = lines.iter().take(LINES).map(u32::to_string).collect();
    let more = if lines.len() > LINES { ", ..." } else { "" };
    let what = if lines.len() == 1 { "line" } else { "lines" };
    format!("{what} {}{more}", shown.join(", "))
}

fn not_found<A: Allocator + Copy>(out: &mut impl Write, word: &str, index: &Index<A>) -> io::Result<()> {
    let similar = similar(word, index);
    if similar.is_empty() {
        return writeln!(out, "\n\"{word}\" does not occur, nor does anything like it.");
    }
    let offered: Vec<String> =
        similar.iter().map(|(word, places)| format!("{word} ({})", HumanCount(*places as u64))).collect();
    writeln!(out, "\n\"{word}\" does not occur. Similar words that do: {}", offered.join(", "))
}

/// Words that differ from `word` by few letters: the nearest first, then the most frequent.
fn similar<'i, A: Allocator + Copy>(word: &str, index: &'i Index<A>) -> Vec<(&'i str, usize)> {
    let length = word.chars().count();
    // One slip of the finger in four letters.
    let tolerated = length.div_ceil(4);
    let mut near: Vec<(usize, &str, usize)> = index
        .words()
        .filter(|(other, _)| other.chars().count().abs_diff(length) <= tolerated)
        .map(|(other, places)| (strsim::osa_distance(word, other), other, places))
        .filter(|(distance, ..)| *distance <= tolerated && *distance < length)
        .collect();
    near.sort_by_key(|(distance, other, places)| (*distance, Reverse(*places), *other));
    near.into_iter().take(SIMILAR).map(|(_, other, places)| (other, places)).collect()
}
