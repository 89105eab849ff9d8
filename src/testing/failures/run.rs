//! One run of a program under test.

use super::Probe;
use crate::wrap::{Counting, Failing};
use allocator_api2::alloc::Allocator;
use core::fmt;

/// What all runs of a pass have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Pass {
    /// Every resize moves its block.
    pub moving: bool,
    /// All requests are refused from the failing one on, not that one alone.
    pub from_then_on: bool,
}

/// How a program took the failure of a request, the gravest that applies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// It returned an error and gave everything back. In a run in which nothing failed: it succeeded and gave
    /// everything back.
    Handled,
    /// It succeeded all the same.
    Swallowed,
    /// It returned an error although nothing failed.
    FailedUnaided,
    /// It made other requests than before: fewer than led to the failing one, or another number where nothing failed.
    Nondeterministic,
    /// It returned with blocks still live.
    Leaked,
    /// It panicked.
    Panicked,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Handled => "handled",
            Self::Swallowed => "swallowed",
            Self::FailedUnaided => "failed unaided",
            Self::Nondeterministic => "nondeterministic",
            Self::Leaked => "leaked",
            Self::Panicked => "panicked",
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Succeeded,
    Failed,
    #[cfg_attr(not(feature = "std"), expect(dead_code, reason = "without `std` a panic goes through"))]
    Panicked,
}

/// One run of a program under test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    pass: Pass,
    request: Option<usize>,
    /// How many requests an earlier run made, where this one has to make as many.
    expected: Option<usize>,
    outcome: Outcome,
    requests: usize,
    refused: usize,
    blocks_leaked: usize,
    bytes_leaked: usize,
}

impl Run {
    /// A run that made `asked.0` requests, of which `asked.1` were refused, and left `leaked.0` blocks of `leaked.1` bytes
    /// in all behind.
    pub(super) fn new(
        pass: Pass,
        request: Option<usize>,
        outcome: Outcome,
        asked: (usize, usize),
        leaked: (usize, usize),
    ) -> Run {
        let ((requests, refused), (blocks_leaked, bytes_leaked)) = (asked, leaked);
        Run { pass, request, expected: None, outcome, requests, refused, blocks_leaked, bytes_leaked }
    }

    /// The pass it belongs to.
    pub const fn pass(&self) -> Pass {
        self.pass
    }

    /// The number of the request that failed, from 1; `None` where nothing failed.
    pub const fn request(&self) -> Option<usize> {
        self.request
    }

    /// How many requests the program made.
    pub const fn requests(&self) -> usize {
        self.requests
    }

    /// How many blocks it left behind.
    pub const fn blocks_leaked(&self) -> usize {
        self.blocks_leaked
    }

    /// How many bytes it left behind.
    pub const fn bytes_leaked(&self) -> usize {
        self.bytes_leaked
    }

    /// How the program took it.
    pub fn verdict(&self) -> Verdict {
        let reached = self.request.is_none() || self.refused > 0;
        let as_before = self.expected.is_none_or(|expected| expected == self.requests);
        match self.outcome {
            Outcome::Panicked => Verdict::Panicked,
            _ if self.blocks_leaked > 0 => Verdict::Leaked,
            _ if !reached || !as_before => Verdict::Nondeterministic,
            Outcome::Failed if self.request.is_none() => Verdict::FailedUnaided,
            Outcome::Succeeded if self.request.is_some() => Verdict::Swallowed,
            _ => Verdict::Handled,
        }
    }

    /// Whether the runs in which a request fails mean anything after this one in which none did.
    pub(super) fn is_repeatable(&self) -> bool {
        let as_before = self.expected.is_none_or(|expected| expected == self.requests);
        self.outcome == Outcome::Succeeded && as_before
    }

    pub(super) fn expecting(mut self, requests: usize) -> Self {
        self.expected = Some(requests);
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.request {
            None => write!(f, "no request refused")?,
            Some(n) if self.pass.from_then_on => write!(f, "request {n} and all later ones refused")?,
            Some(n) => write!(f, "request {n} refused")?,
        }
        if self.pass.moving {
            write!(f, ", every resize moving")?;
        }
        write!(f, ": {}", self.verdict())?;
        if let (Verdict::Nondeterministic, requests) = (self.verdict(), self.requests) {
            match self.expected {
                Some(expected) => write!(f, ", {requests} requests instead of {expected}")?,
                None => write!(f, ", {requests} requests only")?,
            }
        }
        if self.blocks_leaked > 0 {
            write!(f, ", {} blocks of {} bytes still live", self.blocks_leaked, self.bytes_leaked)?;
        }
        Ok(())
    }
}

/// Runs `program` once, with request number `request` refused.
pub(super) fn perform<A: Allocator, T, E>(
    base: &A,
    shrinks: bool,
    pass: Pass,
    request: Option<usize>,
    program: &mut impl FnMut(&Probe<'_, A>) -> Result<T, E>,
) -> Run {
    let probe = Counting::new(Failing::new(base));
    let failing = probe.inner();
    failing.count_shrink(shrinks);
    failing.move_resizes(pass.moving);
    match request {
        None => {}
        Some(n) if pass.from_then_on => failing.fail_after(n - 1),
        Some(n) => failing.fail_nth(n),
    }
    // What was returned is dropped here, before the leaks are counted.
    let outcome = caught(&mut || program(&probe));
    let counts = probe.counts();
    let asked = (failing.requests(), failing.refused());
    Run::new(pass, request, outcome, asked, (counts.blocks_live, counts.bytes_live))
}

/// Runs a program, and drops what it returns.
pub(super) fn caught<T, E>(program: &mut dyn FnMut() -> Result<T, E>) -> Outcome {
    fn outcome<T, E>(result: Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Succeeded } else { Outcome::Failed }
    }

    // The program is run again after a panic, and may find its own captures half changed; its verdict says why.
    #[cfg(feature = "std")]
    return std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| outcome(program())))
        .unwrap_or(Outcome::Panicked);
    #[cfg(not(feature = "std"))]
    outcome(program())
}
