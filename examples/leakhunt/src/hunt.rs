//! Running the program, and telling caches from leaks.

use std::alloc::System;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use arenite::wrap::{LeakReport, LeakSite, Tracking};

use crate::progress::Progress;
use crate::walk::Corpus;
use crate::work::{self, Summary};

/// What one of the program's own functions holds.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    /// The innermost function that is the program's own.
    pub(crate) function: String,
    pub(crate) bytes: usize,
    pub(crate) blocks: usize,
    /// How many blocks it made, or had made, in all.
    pub(crate) made: usize,
    /// When the oldest block that is live was made, and the youngest.
    pub(crate) first: Duration,
    pub(crate) last: Duration,
    /// By how many bytes a pass it grew after the first.
    pub(crate) growth: usize,
    pub(crate) verdict: Verdict,
    /// The stack that holds the most.
    pub(crate) stack: Vec<String>,
}

/// What there is to say about a holder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It was full after the first pass.
    Cache,
    /// It grew in some later pass. Which thread does what is different each time, and so is what each keeps for itself.
    Filling,
    /// It grew in each pass.
    Leak,
}

/// What was found.
pub(crate) struct Findings {
    pub(crate) summary: Summary,
    pub(crate) passes: u32,
    pub(crate) time: Duration,
    /// The largest first.
    pub(crate) holders: Vec<Holder>,
}

/// Has the program look through all files a few times, and compares what it holds after each pass.
pub(crate) fn hunt(allocator: &Tracking<System>, corpus: &Corpus, passes: u32) -> Findings {
    // What was there before is none of the program's.
    let start = allocator.mark();
    let progress = Progress::new("looking through", corpus.files.len() * passes as usize);
    let begun = Instant::now();
    let mut summary = Summary::default();
    // Reports do not report themselves, but what is made of them here would be reported: so that comes later.
    let mut reports = Vec::with_capacity(passes as usize);
    for _ in 0..passes {
        summary = work::pass(corpus, &progress);
        reports.push(allocator.report_since(start));
    }
    let time = begun.elapsed();
    drop(progress);
    let after: Vec<HashMap<String, Holder>> = reports.iter().map(by_function).collect();
    let mut holders: Vec<Holder> =
        after.last().map_or_else(Vec::new, |last| last.values().cloned().collect());
    // What was made for the hunt itself: the place for the reports.
    holders.retain(|holder| !holder.function.starts_with("hunt::"));
    for holder in &mut holders {
        let bytes: Vec<usize> =
            after.iter().map(|then| then.get(&holder.function).map_or(0, |holder| holder.bytes)).collect();
        let grew = bytes.windows(2).filter(|pair| pair[0] < pair[1]).count();
        holder.verdict = match grew {
            0 => Verdict::Cache,
            all if all + 1 == bytes.len() => Verdict::Leak,
            _ => Verdict::Filling,
        };
        holder.growth = holder.bytes.saturating_sub(bytes[0]) / (bytes.len() - 1);
    }
    holders.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.function.cmp(&b.function)));
    Findings { summary, passes, time, holders }
}

/// Takes all stacks together that go through the same function of the program's own.
fn by_function(report: &LeakReport) -> HashMap<String, Holder> {
    let mut holders: HashMap<String, Holder> = HashMap::new();
    // The largest come first, so the stack of a holder is the one that holds the most.
    for site in &report.sites {
        let function = function(site);
        match holders.get_mut(&function) {
            Some(holder) => {
                holder.bytes += site.bytes;
                holder.blocks += site.blocks;
                holder.made += site.made;
                holder.first = holder.first.min(site.first);
                holder.last = holder.last.max(site.last);
            }
            None => {
                let LeakSite { bytes, blocks, made, first, last, .. } = *site;
                let stack = site.frames.clone();
                holders.insert(
                    function.clone(),
                    Holder {
                        function,
                        bytes,
                        blocks,
                        made,
                        first,
                        last,
                        growth: 0,
                        verdict: Verdict::Cache,
                        stack,
                    },
                );
            }
        }
    }
    holders
}

/// The innermost function of the program's own, or of whatever is innermost; with its file and without its line, so that a
/// function is one holder.
fn function(site: &LeakSite) -> String {
    let own = site.frames.iter().find(|frame| is_own(frame));
    let frame = own.or(site.frames.first()).map_or("unknown", String::as_str);
    let name = frame.split(" at ").next().unwrap_or(frame).trim_start_matches("leakhunt::");
    name.trim_end_matches("::{{closure}}").trim_end_matches("::{closure#0}").to_owned()
}

/// Whether a frame is of a function of the program's own.
pub(crate) fn is_own(frame: &str) -> bool {
    frame.trim_start_matches('<').starts_with("leakhunt::")
}
