//! What all runs came to.

use super::run::{Run, Verdict};
use alloc::vec::Vec;
use core::fmt;

/// How a program took the failure of each of its requests.
///
/// Its `Display` is a line of totals and a line for each problem.
///
/// ```
/// use allocator_api2::{alloc::AllocError, boxed::Box};
/// use arenite::testing::failures::check_all_allocation_failures;
///
/// let report = check_all_allocation_failures(|allocator| {
///     let _ = Box::try_new_in(1, allocator);
///     Ok::<(), AllocError>(())
/// });
/// assert!(!report.is_clean());
/// assert_eq!(report.to_string(), "\
/// 1 requests, 3 runs: 2 handled, 1 swallowed
///   request 1 refused: swallowed");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "a report says something only when it is looked at"]
pub struct Report {
    runs: Vec<Run>,
    allow_swallowed: bool,
}

impl Report {
    pub(super) fn new(allow_swallowed: bool) -> Self {
        Self { runs: Vec::new(), allow_swallowed }
    }

    pub(super) fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// How many requests the program makes when nothing fails.
    pub fn requests(&self) -> usize {
        self.runs.first().map_or(0, Run::requests)
    }

    /// Every run, in order: in each pass two in which nothing fails, then one for each request.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The runs that went wrong. Swallowed failures are among them unless the options allow them.
    pub fn problems(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| match run.verdict() {
            Verdict::Handled => false,
            Verdict::Swallowed => !self.allow_swallowed,
            _ => true,
        })
    }

    /// Whether there are no problems, and the program made a request at all.
    pub fn is_clean(&self) -> bool {
        self.requests() > 0 && self.problems().next().is_none()
    }

    /// Does nothing where the report is clean.
    ///
    /// # Panics
    ///
    /// With the report where it is not, also where the program made no request that could have failed.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.is_clean(), "allocation failures are not handled: {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests, {} runs:", self.requests(), self.runs.len())?;
        let verdicts = [
            Verdict::Handled,
            Verdict::Swallowed,
            Verdict::FailedUnaided,
            Verdict::Nondeterministic,
            Verdict::Leaked,
            Verdict::Panicked,
        ];
        let mut separator = " ";
        for verdict in verdicts {
            let count = self.runs.iter().filter(|run| run.verdict() == verdict).count();
            if count > 0 {
                write!(f, "{separator}{count} {verdict}")?;
                separator = ", ";
            }
        }
        if self.requests() == 0 {
            write!(f, "\n  the program never allocated from the allocator that it was given")?;
        }
        for run in self.problems() {
            write!(f, "\n  {run}")?;
        }
        Ok(())
    }
}
