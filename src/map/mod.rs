//! Pictures of memory: what lies where.
//!
//! A [`Map`] is a list of [`Span`]s with addresses and sizes, made by [`Arena::map`](crate::Arena::map) and by `Region::map`.
//! It is a copy: what is allocated afterwards does not change it. Its `Display` draws it with characters,
//! [`to_svg`](Map::to_svg) as a picture for a page; and it can be looked through.
//!
//! # Examples
//!
//! ```
//! use arenite::Arena;
//! use arenite::map::Use;
//!
//! let arena = Arena::new();
//! arena.alloc([0_u64; 100]);
//! let map = arena.scope(|inner| {
//!     inner.alloc(1_u8);
//!     arena.map() // seen from outside: the scope has the rest of the chunk
//! });
//! assert_eq!(map.bytes(Use::Used), 800);
//! assert!(map.bytes(Use::Lent) > 0 && map.bytes(Use::Free) == 0);
//! println!("{map:100}"); // 100 columns
//! ```

mod svg;
mod text;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a [`Span`] of memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Use {
    /// Handed out: of an arena, by itself or by its parents; of a region, and not freed.
    Used,
    /// Of a region that nobody is in: not freed, so it has outlived the scope.
    Escaped,
    /// In use in a block of a region, left behind by another region that has ended.
    Left,
    /// Of an arena: out of its reach until the next reset at the latest. A child has it that lives, or one that was
    /// forgotten; or a rewind gave it up; or it is padding around a block of large alignment.
    Lent,
    /// The open window: what is handed out next.
    Free,
    /// Free lines between others of a region's block: windows to come.
    Hole,
    /// Free and kept for later.
    Spare,
    /// The end of a window, too short to be kept.
    Wasted,
    /// What the arena writes down about a chunk.
    Record,
    /// Obtained, and not to be handed out: the limit, or the rounding to the minimum alignment, forbids it.
    Withheld,
}

impl Use {
    const ALL: [Use; 10] = [
        Use::Used,
        Use::Escaped,
        Use::Left,
        Use::Lent,
        Use::Free,
        Use::Hole,
        Use::Spare,
        Use::Wasted,
        Use::Record,
        Use::Withheld,
    ];

    /// One word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Use::Used => "used",
            Use::Escaped => "escaped",
            Use::Left => "left by others",
            Use::Lent => "lent",
            Use::Free => "free",
            Use::Hole => "holes",
            Use::Spare => "spare",
            Use::Wasted => "wasted",
            Use::Record => "records",
            Use::Withheld => "withheld",
        }
    }

    /// Whether somebody may have something there.
    const fn is_occupied(self) -> bool {
        matches!(self, Use::Used | Use::Escaped | Use::Left)
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A stretch of memory that is of one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The address of its first byte.
    pub start: usize,
    /// Bytes.
    pub len: usize,
    /// Bytes of these that are in use. A region counts by lines: of a span that is [used](Use::Used) some may have been
    /// freed, and become free again with the rest of their line. Of an arena, all or none.
    pub in_use: usize,
    /// What it is for.
    pub kind: Use,
}

/// What lies where in the memory of an arena or a region. See the [module](self).
///
/// `Display` draws a bar for each chunk (block, of a region), each at a scale of its own, and one for all together. The
/// width of the format, 80 unless set, is that of the lines in columns; its precision, 32 unless set, is how many bars there are at
/// most: `{map:120.8}`. A cell shows what most of its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// What is drawn.
    what: &'static str,
    /// The name of the backing, or of the region; empty if it has none.
    name: &'static str,
    /// What an area is called.
    unit: &'static str,
    spans: Vec<Span>,
    /// Where the spans of each area end.
    ends: Vec<usize>,
    beyond: usize,
    elsewhere: usize,
}

/// One chunk of an arena, or one block of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area<'m> {
    spans: &'m [Span],
}

impl<'m> Area<'m> {
    /// Its parts, from bottom to top, each next to the one before.
    #[must_use]
    pub fn spans(&self) -> &'m [Span] {
        self.spans
    }

    /// The address of its first byte.
    #[must_use]
    pub fn start(&self) -> usize {
        self.spans.first().map_or(0, |span| span.start)
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.spans.iter().map(|span| span.len).sum()
    }
}

impl Map {
    /// Chunks or blocks, the oldest first; of a region, by address.
    pub fn areas(&self) -> impl ExactSizeIterator<Item = Area<'_>> + DoubleEndedIterator {
        (0..self.ends.len()).map(|number| self.area(number))
    }

    fn area(&self, number: usize) -> Area<'_> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        Area { spans: &self.spans[start..self.ends[number]] }
    }

    /// All spans, area by area.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Bytes of spans of this use.
    #[must_use]
    pub fn bytes(&self, kind: Use) -> usize {
        self.spans.iter().filter(|span| span.kind == kind).map(|span| span.len).sum()
    }

    /// Bytes in use in spans of this use: of an arena's [`Use::Used`], what [`Stats::used`](crate::Stats::used) says; of a
    /// region's [`Use::Used`] and [`Use::Escaped`] together, `RegionStats::live`.
    #[must_use]
    pub fn in_use(&self, kind: Use) -> usize {
        self.spans.iter().filter(|span| span.kind == kind).map(|span| span.in_use).sum()
    }

    /// Bytes that the backing has set aside and that no chunk has yet: of [`Virtual`](crate::Virtual), address space.
    #[must_use]
    pub fn reserved_beyond(&self) -> usize {
        self.beyond
    }

    /// Bytes of a region's large blocks, which the inner allocator served.
    #[must_use]
    pub fn elsewhere(&self) -> usize {
        self.elsewhere
    }

    /// The picture as SVG: readable on a light page and on a dark one, and complete in itself. Pointed at, a bar tells its
    /// address and its figures.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// arena.alloc(7);
    /// let svg = arena.map().to_svg();
    /// assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    /// ```
    #[must_use]
    pub fn to_svg(&self) -> String {
        let mut svg = String::new();
        // To a `String` it cannot fail.
        _ = self.write_svg(&mut svg);
        svg
    }

    /// As [`to_svg`](Self::to_svg), piece by piece.
    ///
    /// # Errors
    ///
    /// If `out` returns one.
    pub fn write_svg(&self, out: &mut impl fmt::Write) -> fmt::Result {
        svg::write(self, out)
    }
}

/// For those who make maps.
impl Map {
    pub(crate) fn new(what: &'static str, name: &'static str, unit: &'static str) -> Self {
        Map { what, name, unit, spans: Vec::new(), ends: Vec::new(), beyond: 0, elsewhere: 0 }
    }

    /// Room for so many areas and spans: as long as they suffice, nothing is allocated. Whether there was room already.
    pub(crate) fn reserve(&mut self, areas: usize, spans: usize) -> bool {
        let enough = self.ends.capacity() >= areas && self.spans.capacity() >= spans;
        self.ends.reserve(areas);
        self.spans.reserve(spans);
        enough
    }

    /// The next span of the area under way, which must begin where the last one ended. One of no bytes is left out.
    pub(crate) fn push(&mut self, start: usize, len: usize, in_use: usize, kind: Use) {
        if len == 0 {
            return;
        }
        let begin = self.ends.last().copied().unwrap_or(0);
        if let Some(last) = self.spans[begin..].last_mut() {
            debug_assert_eq!(last.start + last.len, start, "spans of an area lie side by side");
            let same = last.in_use * len == in_use * last.len;
            if last.kind == kind && same {
                last.len += len;
                last.in_use += in_use;
                return;
            }
        }
        self.spans.push(Span { start, len, in_use, kind });
    }

    pub(crate) fn end_area(&mut self) {
        self.ends.push(self.spans.len());
    }

    /// The map, complete.
    pub(crate) fn finish(mut self, beyond: usize, elsewhere: usize) -> Self {
        self.spans.shrink_to_fit();
        self.ends.shrink_to_fit();
        Map { beyond, elsewhere, ..self }
    }
}

/// What most bytes of a cell are, and how many of these are in use, from 0 to 1.
#[derive(Clone, Copy, PartialEq)]
struct Cell {
    kind: Use,
    fill: f32,
}

/// Calls `each` with `cells` equal parts, or fewer, of the memory that the spans cover. `spans` lie side by side, or are
/// taken as if they did.
fn cells(spans: &[Span], cells: usize, mut each: impl FnMut(Cell)) {
    let total: usize = spans.iter().map(|span| span.len).sum();
    let cells = cells.min(total);
    let border = |cell: usize| (total as u128 * cell as u128 / cells as u128) as usize;
    let mut rest = spans.iter();
    let (mut span, mut at, mut span_end) = (rest.next(), 0, spans.first().map_or(0, |span| span.len));
    for cell in 0..cells {
        let end = border(cell + 1);
        let mut sums = [(0_usize, 0.0_f32); Use::ALL.len()];
        while let Some(here) = span {
            let part = end.min(span_end) - at;
            let sum = &mut sums[here.kind as usize];
            sum.0 += part;
            sum.1 += part as f32 * here.in_use as f32 / here.len as f32;
            at += part;
            if at < span_end {
                break;
            }
            span = rest.next();
            span_end += span.map_or(0, |span| span.len);
            if at == end {
                break;
            }
        }
        // Of equals, the first in order.
        let most = Use::ALL.into_iter().rev().max_by_key(|kind| sums[*kind as usize].0).unwrap_or(Use::Free);
        let (bytes, in_use) = sums[most as usize];
        each(Cell { kind: most, fill: in_use / bytes.max(1) as f32 });
    }
}

/// The spans of all areas by what they are: the picture of everything together.
fn together(map: &Map) -> [Span; Use::ALL.len()] {
    Use::ALL.map(|kind| Span { start: 0, len: map.bytes(kind), in_use: map.in_use(kind), kind })
}

/// Which of `count` bars are drawn if there may be `most`: so many from the front, so many from the end.
fn shown(count: usize, most: usize) -> (usize, usize) {
    if count <= most { (count, 0) } else { (most.div_ceil(2), most / 2) }
}
