//! The picture as SVG.

use core::fmt::{self, Write};

use super::{Area, Cell, Map, Span, Use, cells, shown, together};
use crate::size::Bytes;

/// Bars that are drawn at most.
const BARS: usize = 256;
/// Pixels, and cells, of a bar.
const BAR: usize = 600;
const LABEL: usize = 150;
const ROW: usize = 18;
const HEIGHT: usize = 12;
const TOP: usize = 30;
/// Pixels for an entry of the legend, and entries a line.
const ENTRY: usize = 250;
const ENTRIES: usize = 3;

const STYLE: &str = "<style>\
text{font:12px sans-serif;fill:#24292f}\
.u0{fill:#0072b2}.u1{fill:#d55e00}.u2{fill:#cc79a7}.u3{fill:#e69f00}.u4{fill:#d8dee4}\
.u5{fill:#9ad1f5}.u6{fill:#7fceb5}.u7{fill:#d55e00}.u8{fill:#6e7781}.u9{fill:#b3a6d6}\
.freed{fill:#d8dee4}\
@media(prefers-color-scheme:dark){text{fill:#d0d7de}.u4,.freed{fill:#444c56}.u0{fill:#3b9ddd}.u8{fill:#8b949e}}\
</style>";

/// Text that may hold what XML means something by.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '<' => f.write_str("&lt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                // XML has no way to write most of these.
                control if control.is_control() => f.write_char(' ')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Writes text on, escaped.
struct Escaping<'o, W>(&'o mut W);

impl<W: Write> Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write!(self.0, "{}", Escaped(text))
    }
}

/// One bar: neighbouring cells that look alike are one rectangle.
fn bar(out: &mut impl Write, spans: &[Span], y: usize) -> fmt::Result {
    let total: usize = spans.iter().map(|span| span.len).sum();
    // In eighths, as far as one can see.
    let level = |cell: Cell| (cell.kind, (cell.fill * 8.0 + 0.5) as usize);
    let count = BAR.min(total).max(1);
    let x_of = |cell: usize| LABEL as f32 + BAR as f32 * cell as f32 / count as f32;
    let mut result = Ok(());
    let mut number = 0;
    let mut run: Option<((Use, usize), usize)> = None;
    let mut draw = |(kind, eighths): (Use, usize), from: usize, to: usize| {
        let (x, width) = (x_of(from), x_of(to) - x_of(from));
        if kind.is_occupied() && eighths < 8 {
            write!(out, "<rect class=\"freed\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\"/>")?;
            let high = HEIGHT as f32 * eighths.max(1) as f32 / 8.0;
            let low = y as f32 + HEIGHT as f32 - high;
            return writeln!(
                out,
                "<rect class=\"u{}\" x=\"{x}\" y=\"{low}\" width=\"{width}\" height=\"{high}\"/>",
                kind as usize
            );
        }
        writeln!(
            out,
            "<rect class=\"u{}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\"/>",
            kind as usize
        )
    };
    cells(spans, BAR, |cell| {
        let here = level(cell);
        match run {
            Some((before, _)) if before == here => {}
            Some((before, from)) => {
                result = result.and_then(|()| draw(before, from, number));
                run = Some((here, number));
            }
            None => run = Some((here, number)),
        }
        number += 1;
    });
    if let Some((before, from)) = run {
        result = result.and_then(|()| draw(before, from, number));
    }
    result
}

/// What a bar tells when it is pointed at.
fn title(out: &mut impl Write, area: Area<'_>) -> fmt::Result {
    write!(out, "<title>{:#x}, {}", area.start(), Bytes(area.bytes()))?;
    for kind in Use::ALL {
        let bytes: usize = area.spans().iter().filter(|span| span.kind == kind).map(|span| span.len).sum();
        if bytes > 0 {
            write!(out, "; {kind} {}", Bytes(bytes))?;
        }
    }
    out.write_str("</title>")
}

pub(super) fn write(map: &Map, out: &mut impl Write) -> fmt::Result {
    let (front, back) = shown(map.ends.len(), BARS);
    let left_out = map.ends.len() - front - back;
    let together_row = usize::from(map.ends.len() > 1);
    let rows = front + back + usize::from(left_out > 0) + together_row;
    let uses = map.uses().count();
    let width = LABEL + BAR + 10;
    let legend = TOP + rows * ROW + 8;
    let height = legend + uses.div_ceil(ENTRIES) * ROW + 8;
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">"
    )?;
    out.write_str("<title>")?;
    map.headline(&mut Escaping(out))?;
    writeln!(out, "</title>{STYLE}")?;
    out.write_str("<text x=\"4\" y=\"18\" font-weight=\"bold\">")?;
    map.headline(&mut Escaping(out))?;
    out.write_str("</text>\n")?;

    let mut y = TOP;
    let label = |out: &mut dyn Write, y: usize, name: fmt::Arguments<'_>, bytes: usize| {
        writeln!(out, "<text x=\"4\" y=\"{}\">{name}</text>", y + HEIGHT - 2)?;
        let right = LABEL - 8;
        writeln!(
            out,
            "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            y + HEIGHT - 2,
            Bytes(bytes)
        )
    };
    if together_row > 0 {
        let all = together(map);
        label(out, y, format_args!("all"), all.iter().map(|span| span.len).sum())?;
        bar(out, &all, y)?;
        y += ROW;
    }
    for (number, area) in map.areas().enumerate() {
        if number >= front && number < map.ends.len() - back {
            if number == front {
                writeln!(out, "<text x=\"{LABEL}\" y=\"{}\">{left_out} more</text>", y + HEIGHT - 2)?;
                y += ROW;
            }
            continue;
        }
        out.write_str("<g>")?;
        title(out, area)?;
        label(out, y, format_args!("{} {}", map.unit, number + 1), area.bytes())?;
        bar(out, area.spans(), y)?;
        out.write_str("</g>\n")?;
        y += ROW;
    }
    for (number, kind) in map.uses().enumerate() {
        let (x, y) = (4 + number % ENTRIES * ENTRY, legend + number / ENTRIES * ROW);
        write!(out, "<rect class=\"u{}\" x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\"/>", kind as usize)?;
        write!(out, "<text x=\"{}\" y=\"{}\">{kind} ", x + 18, y + 11)?;
        map.figures(kind, out)?;
        out.write_str("</text>\n")?;
    }
    out.write_str("</svg>\n")
}
