//! The work: each file is parsed, looked at, and dropped.

use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::GLOBAL;

/// After so many files a word on how far the work has got.
pub(crate) const STEP: usize = 64;

/// The memory of regions is made of blocks of so many bytes.
const BLOCK: usize = 16 << 10;

/// The first word of the line at the end.
pub(crate) const FIGURES: &str = "figures";

/// Where the memory for what is parsed comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// From the system's allocator.
    System,
    /// From a region for each file.
    Regions,
}

/// What the work came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Files that were parsed.
    pub(crate) parsed: usize,
    /// Files that are not Rust, or no longer there.
    pub(crate) failed: usize,
    /// Functions, types and so on in all files.
    pub(crate) items: usize,
    /// Parsing, looking and dropping, without reading.
    pub(crate) time: Duration,
    /// The most memory that the process had.
    pub(crate) peak: usize,
    /// Bytes that were still in use when their region was left.
    pub(crate) escaped: usize,
    /// The most bytes that a region had in use, but for large blocks.
    pub(crate) largest: usize,
    /// Blocks that regions shared, one after the other.
    pub(crate) blocks: usize,
}

/// Parses `files`. Writes a line now and then, and one with the figures at the end.
pub(crate) fn work(files: &[PathBuf], way: Way, out: &mut impl Write) -> io::Result<()> {
    let mut figures = Figures::default();
    GLOBAL.warm_up();
    for (number, path) in (1..).zip(files) {
        match fs::read_to_string(path) {
            Ok(text) => figures.add(&text, way),
            Err(_) => figures.failed += 1,
        }
        if number % STEP == 0 {
            writeln!(out, "{number}")?;
        }
    }
    figures.peak = peak();
    figures.blocks = GLOBAL.stats().territory_bytes / BLOCK;
    writeln!(out, "{FIGURES} {}", figures.to_line())
}

impl Figures {
    fn add(&mut self, text: &str, way: Way) {
        let start = Instant::now();
        let items = match way {
            Way::System => items(text),
            Way::Regions => {
                let region = GLOBAL.region();
                let items = region.enter(|| items(text));
                let stats = region.stats();
                self.escaped += stats.escaped;
                self.largest = self.largest.max(stats.peak);
                items
            }
        };
        self.time += start.elapsed();
        match items {
            Some(items) => (self.items, self.parsed) = (self.items + items, self.parsed + 1),
            None => self.failed += 1,
        }
    }

    fn to_line(self) -> String {
        let Figures { parsed, failed, items, time, peak, escaped, largest, blocks } = self;
        format!("{parsed} {failed} {items} {} {peak} {escaped} {largest} {blocks}", time.as_nanos())
    }

    pub(crate) fn from_line(line: &str) -> Option<Figures> {
        let mut numbers = line.split(' ').map(|number| number.parse::<usize>().ok());
        let mut next = || numbers.next().flatten();
        Some(Figures {
            parsed: next()?,
            failed: next()?,
            items: next()?,
            time: Duration::from_nanos(next()? as u64),
            peak: next()?,
            escaped: next()?,
            largest: next()?,
            blocks: next()?,
        })
    }
}

/// The number of items in a source. All that is made on the way is gone on return.
fn items(text: &str) -> Option<usize> {
    let file = black_box(syn::parse_file(text)).ok()?;
    Some(file.items.len())
}

/// The most memory that this process has had, in bytes.
#[cfg(unix)]
fn peak() -> usize {
    // Bytes on Apple's systems, KiB elsewhere.
    const UNIT: usize = if cfg!(target_vendor = "apple") { 1 } else { 1 << 10 };
    // SAFETY: zeroes are a value of this type, which consists of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is ours to be written to.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    if result == 0 { usage.ru_maxrss as usize * UNIT } else { 0 }
}

/// Not known here.
#[cfg(not(unix))]
fn peak() -> usize {
    0
}
