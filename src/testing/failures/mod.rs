//! Lets each allocation of a program fail once, and says how the program took it.
//!
//! The program is a closure that allocates from what it is given and returns a `Result`. It runs twice to count its
//! requests and to see that they are the same, and then once for each of them with that one refused. It should return an error then, and give back
//! everything it had allocated.
//!
//! ```
//! use allocator_api2::collections::TryReserveError;
//! use allocator_api2::vec::Vec;
//! use arenite::testing::failures::check_all_allocation_failures;
//!
//! let report = check_all_allocation_failures(|allocator| {
//!     let mut squares = Vec::new_in(allocator);
//!     for n in 0..100u32 {
//!         squares.try_reserve(1)?;
//!         squares.push(n * n);
//!     }
//!     Ok::<(), TryReserveError>(())
//! });
//! report.assert_clean();
//! println!("{report}");
//! ```
//!
//! Code that knows only the global allocator is reached by a [`GlobalProbe`], if that is installed.
//!
//! The idea is that of SQLite's out-of-memory tests and of Zig's `checkAllAllocationFailures`.

#[cfg(feature = "std")]
mod global;
mod report;
mod run;

#[cfg(feature = "std")]
pub use global::{GlobalProbe, check_all_global_allocation_failures};
pub use report::Report;
pub use run::{Pass, Run, Verdict};

use crate::wrap::{Counting, Failing};
use allocator_api2::alloc::{Allocator, Global};
use run::perform;

/// The allocator that a program under test is given, by reference.
///
/// The program may read the counters, for instance `allocator.counts()`; the conditions underneath are the
/// harness's to set.
pub type Probe<'a, A = Global> = Counting<Failing<&'a A>>;

/// Lets each allocation of `program` from the global allocator fail once, with the default options.
///
/// Runs `program` twice, and once more for each request that it makes: quadratic in the work it does.
///
/// ```
/// use allocator_api2::{alloc::AllocError, boxed::Box};
/// use arenite::testing::failures::{Verdict, check_all_allocation_failures};
///
/// let report = check_all_allocation_failures(|allocator| {
///     let first = Box::into_raw(Box::try_new_in(1, allocator)?);
///     let second = Box::try_new_in(2, allocator)?; // forgets to free the first
///     drop(second);
///     // SAFETY: the pointer is a box's of this allocator.
///     drop(unsafe { Box::from_raw_in(first, allocator) });
///     Ok::<(), AllocError>(())
/// });
/// let problem = report.problems().next().unwrap();
/// assert_eq!((problem.request(), problem.verdict()), (Some(2), Verdict::Leaked));
/// ```
pub fn check_all_allocation_failures<T, E>(program: impl FnMut(&Probe<'_>) -> Result<T, E>) -> Report {
    Failures::new().check(program)
}

/// How allocations fail, and what a program may make of it.
///
/// ```
/// use allocator_api2::alloc::{Allocator, Global};
/// use allocator_api2::{collections::TryReserveError, vec::Vec};
/// use arenite::testing::failures::{Failures, Probe};
/// use arenite::wrap::Counting;
///
/// fn program<A: Allocator>(allocator: &Probe<'_, A>) -> Result<(), TryReserveError> {
///     let mut bytes = Vec::<u8, _>::new_in(allocator);
///     bytes.try_reserve(10)?;
///     bytes.try_reserve(1000)
/// }
///
/// let base = Counting::new(Global);
/// let report = Failures::new().from_then_on(true).moving(true).over(&base).check(program);
/// report.assert_clean();
/// assert_eq!(base.counts().bytes_live, 0);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "options check nothing by themselves"]
pub struct Failures<A = Global> {
    base: A,
    from_then_on: bool,
    moving: bool,
    shrinks: bool,
    allow_swallowed: bool,
}

impl Failures {
    /// The defaults: the global allocator, where one allocation or growth fails and all later ones succeed.
    pub const fn new() -> Self {
        Self { base: Global, from_then_on: false, moving: false, shrinks: false, allow_swallowed: false }
    }
}

impl<A> Failures<A> {
    /// Takes memory from `base`. It should not fail by itself, and has to last for all runs.
    pub fn over<B: Allocator>(self, base: B) -> Failures<B> {
        let Self { from_then_on, moving, shrinks, allow_swallowed, .. } = self;
        Failures { base, from_then_on, moving, shrinks, allow_swallowed }
    }

    /// Whether to run everything a second time with all requests refused from the failing one on, as when memory is
    /// really gone: what cleans up by allocating shows.
    pub fn from_then_on(mut self, on: bool) -> Self {
        self.from_then_on = on;
        self
    }

    /// Whether to run everything a second time with every resize moving its block, and the old place overwritten:
    /// what keeps a pointer across a resize shows.
    pub fn moving(mut self, on: bool) -> Self {
        self.moving = on;
        self
    }

    /// Whether shrinking fails as well. It can, but most programs have no way to report it.
    pub fn shrinks(mut self, on: bool) -> Self {
        self.shrinks = on;
        self
    }

    /// Whether the program may succeed although an allocation failed, as one that has a fallback does.
    pub fn allow_swallowed(mut self, allow: bool) -> Self {
        self.allow_swallowed = allow;
        self
    }
}

impl<A: Allocator> Failures<A> {
    /// Lets each request of `program` fail once in each pass.
    ///
    /// What the program returns is dropped before its leaks are counted. A panic of the program is caught and
    /// reported where the feature `std` is on; otherwise it goes through. A call to `handle_alloc_error`, as the
    /// infallible methods of collections make it, ends the process: nothing can be reported then.
    pub fn check<T, E>(&self, mut program: impl FnMut(&Probe<'_, A>) -> Result<T, E>) -> Report {
        self.check_by(|pass, request| perform(&self.base, self.shrinks, pass, request, &mut program))
    }
}

impl<A> Failures<A> {
    /// Makes all the runs that the options ask for; `perform` makes one, with that request refused.
    fn check_by(&self, mut perform: impl FnMut(Pass, Option<usize>) -> Run) -> Report {
        let mut report = Report::new(self.allow_swallowed);
        for pass in self.passes() {
            let unaided = perform(pass, None);
            let again = perform(pass, None).expecting(unaided.requests());
            report.add(unaided);
            report.add(again);
            if unaided.is_repeatable() && again.is_repeatable() {
                for request in 1..=unaided.requests() {
                    report.add(perform(pass, Some(request)));
                }
            }
        }
        report
    }

    fn passes(&self) -> impl Iterator<Item = Pass> + use<A> {
        let Self { moving, from_then_on, .. } = *self;
        let all = [(false, false), (false, true), (true, false), (true, true)];
        let wanted = move |pass: &(bool, bool)| (moving || !pass.0) && (from_then_on || !pass.1);
        all.into_iter().filter(wanted).map(|(moving, from_then_on)| Pass { moving, from_then_on })
    }
}

impl Default for Failures {
    fn default() -> Self {
        Self::new()
    }
}
