//! Which call sites leave memory behind: a debugging aid.
//!
//! Now and then an allocation is put alone into a line, so that whether it was freed can be read from the line, and
//! nothing has to be looked up when a block is freed.

use core::cell::RefCell;
use core::fmt;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::block::Held;
use super::core::Core;
use super::current::Entered;
use super::line::{self, LINE};
use super::shim::ScopedGlobal;
use super::territory::Territory;
use crate::size::Bytes;
use crate::sync::atomic::Ordering;

/// Frames that are kept of a stack.
const FRAMES: usize = 24;
/// Samples of which a region keeps track; of more it forgets the oldest.
const SAMPLES: usize = 4096;

type Stack = Vec<usize>;

/// An allocation that is alone in its line.
struct Sample {
    block: u32,
    line: usize,
    /// Bytes for which it stands.
    bytes: usize,
    stack: Stack,
}

/// What a core keeps.
pub(super) struct Samples(RefCell<VecDeque<Sample>>);

impl Samples {
    pub(super) const fn new() -> Self {
        Samples(RefCell::new(VecDeque::new()))
    }
}

#[derive(Default, Clone, Copy)]
struct Sum {
    samples: usize,
    bytes: usize,
}

/// What regions have left behind, by stack.
static FOUND: Mutex<Option<HashMap<Stack, Sum>>> = Mutex::new(None);

fn stack() -> Stack {
    let mut frames = Vec::with_capacity(FRAMES);
    crate::stack::walk(|address| {
        frames.push(address);
        frames.len() < FRAMES
    });
    frames
}

/// The following is called outside of regions: what is allocated here is the inner allocator's.
impl Core {
    /// Bytes after which the next sample is due. `None` if nobody wants any.
    pub(super) fn sampling(&self) -> Option<usize> {
        match self.home().pool().trace_every.load(Ordering::Relaxed) {
            0 => None,
            bytes => Some(bytes),
        }
    }

    /// Keeps track of the block that was just taken from a new window.
    pub(super) fn sample(&self, start: *mut u8) {
        if self.sampling().is_none() {
            return;
        }
        let size = self.pos.get().addr() - start.addr();
        let block = self.owned(self.current.get());
        let line = line::first(block.block().offset(start));
        // Nobody else comes into its last line.
        let used = block.block().offset(self.pos.get()) % LINE;
        if used > 0 {
            let rest = (LINE - used).min(self.end.get().addr() - self.pos.get().addr());
            if let Some(pos) = self.take(rest).filter(|_| rest > 0) {
                self.skip(pos, rest);
            }
        }
        // It stands for what else comes from the window.
        let bytes = size + self.end.get().addr() - self.pos.get().addr();
        let sample = Sample { block: block.block().index(), line, bytes, stack: stack() };
        let mut samples = self.samples.0.borrow_mut();
        if samples.len() == SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// What is opened was free, so samples in there were freed.
    pub(super) fn opened(&self, block: &Held<'_>, from: usize, to: usize) {
        let index = block.block().index();
        let lines = from / LINE..to / LINE;
        self.samples.0.borrow_mut().retain(|sample| sample.block != index || !lines.contains(&sample.line));
    }

    /// The region is left: what was sampled and is in use has escaped.
    pub(super) fn judge(&self) {
        let samples = self.samples.0.take();
        if samples.is_empty() {
            return;
        }
        // Another region may be current by now.
        let _outside = Entered::outside();
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let found = found.get_or_insert_default();
        for sample in samples {
            if self.owned(sample.block).is_line_free(sample.line) {
                continue;
            }
            let sum = found.entry(sample.stack).or_default();
            sum.samples += 1;
            sum.bytes += sample.bytes;
        }
    }
}

/// A call site that left memory behind: part of [`Escapes`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EscapeSite {
    /// Functions on the stack, the innermost first, without those of the allocator, with file and line where they are
    /// known.
    pub frames: Vec<String>,
    /// How many samples of it were in use when their region was left.
    pub samples: usize,
    /// Bytes for which these samples stand: an estimate of what was left behind.
    pub bytes: usize,
}

/// What regions left behind, the largest first: [`ScopedGlobal::escapes`]. Shown as a table for people.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Escapes {
    /// The call sites.
    pub sites: Vec<EscapeSite>,
}

impl fmt::Display for Escapes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sites.is_empty() {
            return f.write_str("no sample outlived its region");
        }
        for site in &self.sites {
            writeln!(f, "about {} in {} samples, allocated by", Bytes(site.bytes), site.samples)?;
            for frame in &site.frames {
                writeln!(f, "    {frame}")?;
            }
        }
        f.write_str("wrap what is meant to outlive its region in GLOBAL.outside(..)")
    }
}

/// The name of what is at an address of code, unless it belongs to the allocator.
fn name(address: usize) -> Option<String> {
    let mut name = None;
    crate::stack::resolve(address, |function| name = Some(function.shown));
    let ours = [
        "arenite::global::",
        "backtrace::",
        "__rust_alloc",
        "__rustc::",
        "alloc::alloc::",
        "alloc::raw_vec::",
    ];
    name.filter(|name| !crate::stack::is_below(name, &ours))
}

impl<T: Territory, G: core::alloc::GlobalAlloc + Sync + 'static> ScopedGlobal<T, G> {
    /// Samples an allocation of every region each `every` bytes, at most one for each line of 512, and remembers the call
    /// sites of those that were in use when their region was left. Zero stops it.
    ///
    /// For a debugging session: each sample walks the stack, and takes a line. What is found is kept under a lock: a process
    /// that forks meanwhile must not leave regions in the child.
    ///
    /// ```
    /// use arenite::ScopedGlobal;
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
    ///
    /// GLOBAL.trace_escapes(512);
    /// let kept = GLOBAL.region().enter(|| vec![0_u8; 1000]);
    /// GLOBAL.trace_escapes(0);
    /// println!("{}", GLOBAL.escapes());
    /// # assert_eq!(GLOBAL.escapes().sites.len(), 1);
    /// ```
    pub fn trace_escapes(&'static self, every: usize) {
        self.pool.trace_every.store(every, Ordering::Relaxed);
    }

    /// What regions have left behind while [`trace_escapes`](ScopedGlobal::trace_escapes) was on.
    ///
    /// Cost: reads the debug information of the program.
    #[must_use]
    pub fn escapes(&'static self) -> Escapes {
        self.outside(|| {
            let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
            let mut by_frames: HashMap<Vec<String>, Sum> = HashMap::new();
            for (stack, sum) in found {
                let frames = stack.iter().filter_map(|&address| name(address)).take(8).collect();
                let total = by_frames.entry(frames).or_default();
                total.samples += sum.samples;
                total.bytes += sum.bytes;
            }
            let mut sites: Vec<EscapeSite> = by_frames
                .into_iter()
                .map(|(frames, sum)| EscapeSite { frames, samples: sum.samples, bytes: sum.bytes })
                .collect();
            sites.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.frames.cmp(&b.frames)));
            Escapes { sites }
        })
    }
}
