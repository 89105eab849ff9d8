//! The picture in characters.

use core::fmt::{self, Write};

use super::{Cell, Map, Span, Use, cells, shown, together};
use crate::size::Bytes;

const WIDTH: usize = 80;
const BARS: usize = 32;
/// A bar is not shorter than this, whatever the width.
const SHORTEST: usize = 16;

/// One cell of a bar.
fn glyph(Cell { kind, fill }: Cell) -> char {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match kind {
        Use::Used => LEVELS[((fill * 8.0) as usize).min(7)],
        Use::Escaped if fill >= 0.5 => 'E',
        Use::Escaped => 'e',
        Use::Left if fill >= 0.5 => 'O',
        Use::Left => 'o',
        Use::Lent => '▒',
        Use::Free => '·',
        Use::Hole => '░',
        Use::Spare => '-',
        Use::Wasted => '×',
        Use::Record => '|',
        Use::Withheld => '/',
    }
}

/// How it looks where all of it is in use.
fn full(kind: Use) -> char {
    glyph(Cell { kind, fill: 1.0 })
}

/// What it means, for the legend.
fn meaning(kind: Use) -> &'static str {
    match kind {
        Use::Used => "handed out",
        Use::Escaped => "outlived the scope",
        Use::Left => "left behind by regions that have ended",
        Use::Lent => "with children, or idle until the reset",
        Use::Free => "handed out next",
        Use::Hole => "free lines",
        Use::Spare => "free, kept for later",
        Use::Wasted => "too short to be kept",
        Use::Record => "about the chunks",
        Use::Withheld => "beyond the limit",
    }
}

impl Map {
    /// One line about it.
    pub(super) fn headline(&self, out: &mut impl Write) -> fmt::Result {
        let (count, bytes) = (self.ends.len(), self.spans.iter().map(|span| span.len).sum());
        out.write_str(self.what)?;
        if !self.name.is_empty() {
            write!(out, ", {}", self.name)?;
        }
        write!(out, ": {count} {}{}, {}", self.unit, if count == 1 { "" } else { "s" }, Bytes(bytes))?;
        if self.beyond > 0 {
            write!(out, "; {} more reserved", Bytes(self.beyond))?;
        }
        if self.elsewhere > 0 {
            write!(out, "; {} in large blocks elsewhere", Bytes(self.elsewhere))?;
        }
        Ok(())
    }

    /// Bytes of a use; where only some of them are in use, how many.
    pub(super) fn figures(&self, kind: Use, out: &mut impl Write) -> fmt::Result {
        let (bytes, in_use) = (self.bytes(kind), self.in_use(kind));
        if kind.is_occupied() && in_use < bytes {
            write!(out, "{}, in lines of {}", Bytes(in_use), Bytes(bytes))
        } else {
            write!(out, "{}", Bytes(bytes))
        }
    }

    /// The uses that there are.
    pub(super) fn uses(&self) -> impl Iterator<Item = Use> + '_ {
        Use::ALL.into_iter().filter(|kind| self.spans.iter().any(|span| span.kind == *kind))
    }
}

fn bar(f: &mut fmt::Formatter<'_>, spans: &[Span], width: usize) -> fmt::Result {
    let mut result = Ok(());
    cells(spans, width, |cell| result = result.and_then(|()| f.write_char(glyph(cell))));
    result
}

/// Pads what it shows to the right side of a column.
fn right(f: &mut fmt::Formatter<'_>, width: usize, value: Bytes) -> fmt::Result {
    let mut counter = Counter(0);
    write!(counter, "{value}")?;
    write!(f, "{:pad$}{value}", "", pad = width.saturating_sub(counter.0))
}

struct Counter(usize);

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SIZE: usize = 10;
        let width = f.width().unwrap_or(WIDTH);
        let (front, back) = shown(self.ends.len(), f.precision().unwrap_or(BARS));
        let digits = self.ends.len().checked_ilog10().unwrap_or(0) as usize + 1;
        let label = (self.unit.len() + 1 + digits).max("all".len());
        let bar_width = width.saturating_sub(label + 1 + SIZE + 1).max(SHORTEST);
        self.headline(f)?;
        if self.ends.is_empty() {
            return Ok(());
        }
        for (number, area) in self.areas().enumerate() {
            if number >= front && number < self.ends.len() - back {
                if number == front {
                    write!(f, "\n{:label$} ... {} more", "", self.ends.len() - front - back)?;
                }
                continue;
            }
            write!(
                f,
                "\n{} {:>digits$}{:pad$} ",
                self.unit,
                number + 1,
                "",
                pad = label - self.unit.len() - 1 - digits
            )?;
            right(f, SIZE, Bytes(area.bytes()))?;
            f.write_char(' ')?;
            bar(f, area.spans(), bar_width)?;
        }
        if self.ends.len() > 1 {
            write!(f, "\n{:label$} ", "all")?;
            let all = together(self);
            right(f, SIZE, Bytes(all.iter().map(|span| span.len).sum()))?;
            f.write_char(' ')?;
            bar(f, &all, bar_width)?;
        }
        for kind in self.uses() {
            write!(f, "\n  {} {:14} ", full(kind), kind.name())?;
            self.figures(kind, f)?;
            write!(f, " ({})", meaning(kind))?;
        }
        Ok(())
    }
}
