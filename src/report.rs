//! Who holds how much: the figures of many arenas as one tree.
//!
//! ```
//! use arenite::Arena;
//! use arenite::report::Report;
//!
//! let syntax = Arena::new().named("syntax");
//! let types = Arena::new().named("types");
//! syntax.alloc([0_u64; 100]);
//! let report = Report::new("compiler")
//!     .with(Report::new("front end").with(&syntax).with(&types))
//!     .with(Report::new("back end"));
//! assert_eq!(report.used(), 800);
//! println!("{report}");
//! ```
//!
//! prints
//!
//! ```text
//!                     used        peak   committed    reserved
//! compiler           800 B       800 B       944 B      1008 B
//! ├─ front end       800 B       800 B       944 B      1008 B
//! │  ├─ syntax       800 B       800 B       944 B      1008 B
//! │  └─ types          0 B         0 B         0 B         0 B
//! └─ back end          0 B         0 B         0 B         0 B
//! ```
//!
//! Nothing registers itself: an arena belongs to one thread, and costs nothing for being counted. A report is plain data, so
//! that each thread can send its own to whoever shows them all. What happens when memory runs out, an arena says by
//! itself: [`Arena::on_out_of_memory`].

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::size::Bytes;
use crate::{Arena, Backing, Child, Lineage};

/// The figures of an arena, or of a group, with those of its parts. `Display` shows a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a report says something only when it is looked at"]
pub struct Report {
    name: Cow<'static, str>,
    kind: Kind,
    /// Without the parts.
    own: Figures,
    parts: Vec<Report>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Group,
    Arena,
    /// Its memory is that of the arena of which it is a child.
    Child,
}

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Figures {
    used: usize,
    peak: usize,
    committed: usize,
    reserved: usize,
}

impl Figures {
    fn plus(self, other: Figures) -> Figures {
        Figures {
            used: self.used.saturating_add(other.used),
            peak: self.peak.saturating_add(other.peak),
            committed: self.committed.saturating_add(other.committed),
            reserved: self.reserved.saturating_add(other.reserved),
        }
    }
}

impl Report {
    /// A group without parts, and without memory of its own.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Report {
        Report { name: name.into(), kind: Kind::Group, own: Figures::default(), parts: Vec::new() }
    }

    /// The figures of one arena, by its [name](Arena::named), or of a child by itself. O(chunks).
    ///
    /// A child's memory is its arena's, so it has no figures for what is committed and reserved. To show a child below its
    /// arena, make it a part: `Report::of(&arena).with(&child)`; [`lineage`](Report::lineage) does so for all of a child's
    /// parents.
    pub fn of<B: Backing, const M: usize>(arena: &Arena<B, M>) -> Report {
        let lineage = arena.lineage();
        match lineage.depth() {
            1 => Report::of_arena(arena, &lineage),
            _ => Report::of_level(&lineage, lineage.levels().len() - 1),
        }
    }

    /// The arena to which `child` belongs, below it the child's parents, each below the one before, and at last the child:
    /// as many of them as a [`Lineage`] has.
    ///
    /// ```
    /// use arenite::{Arena, report::Report};
    ///
    /// let arena = Arena::new().named("request");
    /// arena.scope(|inner| {
    ///     inner.set_name("headers");
    ///     inner.alloc([0_u8; 64]);
    ///     let report = Report::lineage(inner);
    ///     assert_eq!((report.name(), report.parts()[0].name()), ("request", "headers"));
    ///     assert_eq!(report.used(), 64);
    /// });
    /// ```
    pub fn lineage<B: Backing, const M: usize>(child: &Arena<B, M>) -> Report {
        let lineage = child.lineage();
        let innermost = (1..lineage.levels().len()).rev().map(|height| Report::of_level(&lineage, height));
        let below = innermost.reduce(|below, above| above.with(below));
        let arena = Report::of_arena(child, &lineage);
        match below {
            Some(below) => arena.with(below),
            None => arena,
        }
    }

    fn of_arena<B: Backing, const M: usize>(handle: &Arena<B, M>, lineage: &Lineage) -> Report {
        let (stats, level) = (handle.stats(), lineage.levels()[0]);
        let own = Figures {
            used: level.used,
            peak: stats.peak,
            committed: stats.committed,
            reserved: stats.reserved,
        };
        Report { name: level.name.unwrap_or("arena").into(), kind: Kind::Arena, own, parts: Vec::new() }
    }

    fn of_level(lineage: &Lineage, height: usize) -> Report {
        let level = lineage.levels()[height];
        let own = Figures { used: level.used, peak: level.peak, ..Figures::default() };
        Report { name: level.name.unwrap_or("child").into(), kind: Kind::Child, own, parts: Vec::new() }
    }

    /// The same report under another name.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Report {
        self.name = name.into();
        self
    }

    /// Adds a part: another report, or an arena.
    pub fn with(mut self, part: impl Into<Report>) -> Report {
        self.add(part);
        self
    }

    /// As [`with`](Self::with), in place.
    pub fn add(&mut self, part: impl Into<Report>) {
        self.parts.push(part.into());
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parts, in the order in which they were added.
    pub fn parts(&self) -> &[Report] {
        &self.parts
    }

    /// Bytes handed out and not taken back, by all parts together.
    pub fn used(&self) -> usize {
        self.total().used
    }

    /// The sum of the largest numbers of bytes that the arenas had in use, each at its own time. A child's are part of its
    /// arena's, and not added.
    pub fn peak(&self) -> usize {
        self.total().peak
    }

    /// Usable bytes of all chunks.
    pub fn committed(&self) -> usize {
        self.total().committed
    }

    /// Bytes that were taken from backings.
    pub fn reserved(&self) -> usize {
        self.total().reserved
    }

    fn total(&self) -> Figures {
        let mut total = self.own;
        for part in &self.parts {
            let mut of_part = part.total();
            // The peak of an arena has that of its children in it, as far as they have ended.
            if self.kind == Kind::Arena && part.kind == Kind::Child {
                of_part.peak = 0;
            }
            total = total.plus(of_part);
        }
        total.peak = total.peak.max(total.used);
        total
    }

    /// Calls `visit` with each report, in the order of the lines of the table, and what stands before its name there.
    fn lines(&self, before: &str, below: &str, visit: &mut dyn FnMut(&str, &Report)) {
        visit(before, self);
        for (index, part) in self.parts.iter().enumerate() {
            let (branch, trunk) =
                if index + 1 < self.parts.len() { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            part.lines(&[below, branch].concat(), &[below, trunk].concat(), visit);
        }
    }
}

/// A table: a line for each arena, child and group, with the sum of what is below it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut width = 0;
        self.lines("", "", &mut |before, report| {
            width = width.max(before.chars().count() + report.name.chars().count());
        });
        write!(f, "{:width$}{:>12}{:>12}{:>12}{:>12}", "", "used", "peak", "committed", "reserved")?;
        let mut result = Ok(());
        self.lines("", "", &mut |before, report| {
            let Figures { used, peak, committed, reserved } = report.total();
            let shown = |bytes: usize| match report.kind {
                Kind::Child if bytes == 0 => String::from("-"),
                _ => Bytes(bytes).to_string(),
            };
            let name = [before, &*report.name].concat();
            result = result.and_then(|()| {
                write!(f, "\n{name:width$}{:>12}{:>12}", Bytes(used).to_string(), Bytes(peak).to_string())?;
                write!(f, "{:>12}{:>12}", shown(committed), shown(reserved))
            });
        });
        result
    }
}

impl<B: Backing, const M: usize> From<&Arena<B, M>> for Report {
    fn from(arena: &Arena<B, M>) -> Report {
        Report::of(arena)
    }
}

impl<B: Backing, const M: usize> From<&Child<'_, B, M>> for Report {
    fn from(child: &Child<'_, B, M>) -> Report {
        Report::of(child)
    }
}
