//! [`LeakReport`].

use super::books::{Books, Origin};
use super::lock::Lock;
use crate::size::Bytes;
use allocator_api2::vec::Vec as SystemVec;
use core::fmt;
use std::alloc::System;
use std::collections::HashMap;
use std::time::Duration;

/// A moment in the life of a [`Tracking`](super::Tracking): what was made after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark(pub(super) u64);

/// A call site with live blocks: part of a [`LeakReport`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LeakSite {
    /// Up to 24 functions on the stack, the innermost first, without those of the allocator and of the collections of the
    /// standard library, each once, with file and line where they are known. Empty without the feature `backtrace`.
    pub frames: Vec<String>,
    /// How many of its blocks are live.
    pub blocks: usize,
    /// Bytes in them.
    pub bytes: usize,
    /// Bytes in the smallest of them.
    pub smallest: usize,
    /// Bytes in the largest of them.
    pub largest: usize,
    /// How many blocks it made or resized in all, those that are gone included.
    pub made: usize,
    /// When the oldest of its live blocks was made, counted from when the first block of all was.
    pub first: Duration,
    /// When the youngest of them was made.
    pub last: Duration,
}

/// What is live, by call site, the largest first: [`Tracking::report`](super::Tracking::report).
///
/// Shown as a list for people, with up to 8 functions of a stack, or all with `{report:#}`. With a precision, as in
/// `{report:.5}`, only as many sites are shown, and what the others have is summed up.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LeakReport {
    /// The call sites.
    pub sites: Vec<LeakSite>,
    /// How many blocks are live.
    pub blocks: usize,
    /// Bytes in them.
    pub bytes: usize,
}

/// What a site has, without its name.
#[derive(Clone, Copy)]
struct Sum {
    origin: Origin,
    blocks: usize,
    bytes: usize,
    smallest: usize,
    largest: usize,
    made: usize,
    first: Duration,
    last: Duration,
}

impl LeakReport {
    pub(super) fn of(books: &Lock<Books>, mark: Mark) -> Self {
        // What is allocated with the lock must not come from whoever is tracked: it is the system's.
        let sums = books.with(|books| sums(books, mark));
        let mut names = Names::default();
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        let mut report = Self { sites: Vec::new(), blocks: 0, bytes: 0 };
        for sum in sums.iter().filter(|sum| sum.blocks > 0) {
            report.blocks += sum.blocks;
            report.bytes += sum.bytes;
            // Two addresses of one function are one call site; without names, so are two layouts.
            let frames = names.of(&sum.origin);
            let known = if frames.is_empty() { None } else { places.get(&frames) };
            match known.and_then(|place| report.sites.get_mut(*place)) {
                Some(site) => site.add(sum),
                None => {
                    places.insert(frames.clone(), report.sites.len());
                    report.sites.push(LeakSite::new(frames, sum));
                }
            }
        }
        report.sites.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.frames.cmp(&b.frames)));
        report
    }
}

fn sums(books: &Books, mark: Mark) -> SystemVec<Sum, System> {
    let mut sums = SystemVec::with_capacity_in(books.sites(), System);
    let sites = (0..).map_while(|index| books.site(index));
    sums.extend(sites.map(|site| Sum {
        origin: site.origin,
        blocks: 0,
        bytes: 0,
        smallest: usize::MAX,
        largest: 0,
        made: site.made,
        first: Duration::MAX,
        last: Duration::ZERO,
    }));
    for record in books.blocks().filter(|record| record.serial >= mark.0) {
        let Some(sum) = sums.get_mut(record.site as usize) else { continue };
        let size = record.layout.size();
        sum.blocks += 1;
        sum.bytes += size;
        sum.smallest = sum.smallest.min(size);
        sum.largest = sum.largest.max(size);
        sum.first = sum.first.min(record.at);
        sum.last = sum.last.max(record.at);
    }
    sums
}

/// What origins are called.
#[derive(Default)]
struct Names {
    #[cfg(feature = "backtrace")]
    known: HashMap<usize, Vec<crate::stack::Function>>,
}

impl Names {
    #[cfg(feature = "backtrace")]
    fn of(&mut self, origin: &Origin) -> Vec<String> {
        origin.names_by(&mut self.known)
    }

    #[cfg(not(feature = "backtrace"))]
    fn of(&mut self, _origin: &Origin) -> Vec<String> {
        Vec::new()
    }
}

impl LeakSite {
    fn new(frames: Vec<String>, sum: &Sum) -> Self {
        let Sum { blocks, bytes, smallest, largest, made, first, last, .. } = *sum;
        Self { frames, blocks, bytes, smallest, largest, made, first, last }
    }

    fn add(&mut self, sum: &Sum) {
        self.blocks += sum.blocks;
        self.bytes += sum.bytes;
        self.smallest = self.smallest.min(sum.smallest);
        self.largest = self.largest.max(sum.largest);
        self.made += sum.made;
        self.first = self.first.min(sum.first);
        self.last = self.last.max(sum.last);
    }
}

/// `1 block`, `2 blocks`.
struct Count(usize, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// A line of figures, and the frames below it.
impl fmt::Display for LeakSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", Bytes(self.bytes), Count(self.blocks, "block"))?;
        if self.smallest < self.largest {
            write!(f, " of {} to {}", Bytes(self.smallest), Bytes(self.largest))?;
        }
        write!(f, ", of {} made here, ", self.made)?;
        match self.blocks {
            1 => write!(f, "after {:.1?}", self.first)?,
            _ => write!(f, "from {:.1?} to {:.1?}", self.first, self.last)?,
        }
        let shown = if f.alternate() { usize::MAX } else { 8 };
        self.frames.iter().take(shown).try_for_each(|frame| write!(f, "\n    {frame}"))
    }
}

impl fmt::Display for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blocks == 0 {
            return f.write_str("nothing is live");
        }
        let whose =
            if self.sites.iter().any(|site| !site.frames.is_empty()) { "call site" } else { "layout" };
        let (blocks, sites) = (Count(self.blocks, "block"), Count(self.sites.len(), whose));
        write!(f, "{} in {blocks} are live, by {sites}:", Bytes(self.bytes))?;
        let shown = f.precision().unwrap_or(usize::MAX).min(self.sites.len());
        let (shown, others) = self.sites.split_at(shown);
        for site in shown {
            f.write_str("\n")?;
            site.fmt(f)?;
        }
        if !others.is_empty() {
            let bytes = others.iter().map(|site| site.bytes).sum();
            write!(f, "\n{} at {}", Bytes(bytes), Count(others.len(), "other site"))?;
        }
        Ok(())
    }
}
