//! [`Failing`].

use super::conditions::Conditions;
use super::forward::{Observe, Request, Route};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Refuses the requests it is told to refuse, so that the error paths of its user run.
///
/// A refused request never reaches the inner allocator; a refused resize leaves its block as it was. To begin with
/// nothing is refused. Conditions add up: a request is refused as soon as one of them says so, until
/// [`succeed`](Self::succeed) takes them all back.
///
/// *Requests* are calls to `allocate` and `allocate_zeroed`, and those resizes that count: `grow` does unless
/// [`count_grow`](Self::count_grow) says otherwise, `shrink` does not unless [`count_shrink`](Self::count_shrink)
/// says so. Resizes that do not count are not refused either. Each condition that counts requests starts counting
/// when it is set. Besides, resizes have [conditions of their own](Self::resizes).
///
/// All settings can be changed through a shared reference while blocks are live. `Send` and `Sync` where `A` is; a
/// setting reaches other threads sooner or later, so set it before they start where the exact request matters.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box};
/// use arenite::wrap::Failing;
///
/// let allocator = Failing::new(Global);
/// allocator.fail_after(1);
/// assert!(Box::try_new_in(1, &allocator).is_ok());
/// assert!(Box::try_new_in(2, &allocator).is_err());
/// allocator.succeed();
/// assert!(Box::try_new_in(3, &allocator).is_ok());
/// assert_eq!(allocator.refused(), 1);
/// # }
/// ```
#[derive(Debug)]
pub struct Failing<A> {
    inner: A,
    requests: Conditions,
    resizes: Conditions,
    count_grow: AtomicBool,
    count_shrink: AtomicBool,
    move_resizes: AtomicBool,
}

impl<A> Failing<A> {
    /// Refuses nothing yet.
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            requests: Conditions::new(),
            resizes: Conditions::new(),
            count_grow: AtomicBool::new(true),
            count_shrink: AtomicBool::new(false),
            move_resizes: AtomicBool::new(false),
        }
    }

    /// The allocator underneath, which refuses nothing.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the conditions.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// Refuses the `n`-th request from now, and only that: 1 is the next one, 0 refuses none.
    pub fn fail_nth(&self, n: usize) {
        self.requests.fail_nth(n);
    }

    /// Lets the next `n` requests through and refuses all that follow.
    pub fn fail_after(&self, n: usize) {
        self.requests.fail_after(n);
    }

    /// Refuses every request.
    pub fn fail_always(&self) {
        self.requests.fail_always();
    }

    /// Refuses every `n`-th request from now: with 3 the third, the sixth and so on. 0 takes the condition back.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use allocator_api2::{alloc::Global, boxed::Box};
    /// use arenite::wrap::Failing;
    ///
    /// let allocator = Failing::new(Global);
    /// allocator.fail_every(3);
    /// let refused: Vec<u32> = (1..=9).filter(|n| Box::try_new_in(*n, &allocator).is_err()).collect();
    /// assert_eq!(refused, [3, 6, 9]);
    /// # }
    /// ```
    pub fn fail_every(&self, n: usize) {
        self.requests.fail_every(n);
    }

    /// Refuses every request for more than `bytes`. `usize::MAX` takes the condition back.
    pub fn fail_above(&self, bytes: usize) {
        self.requests.fail_above(bytes);
    }

    /// Refuses each request with this probability, from 0, which takes the condition back, to 1: the same requests
    /// whenever `seed` is [the same](Conditions::fail_with_probability).
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use allocator_api2::{alloc::Global, boxed::Box};
    /// use arenite::wrap::Failing;
    ///
    /// let allocator = Failing::new(Global);
    /// let refused = |seed| {
    ///     allocator.fail_with_probability(0.25, seed);
    ///     (0..1000).filter(|n| Box::try_new_in(*n, &allocator).is_err()).collect::<Vec<_>>()
    /// };
    /// assert!((200..300).contains(&refused(1).len()));
    /// assert_eq!(refused(1), refused(1));
    /// assert_ne!(refused(1), refused(2));
    /// # }
    /// ```
    pub fn fail_with_probability(&self, probability: f64, seed: u64) {
        self.requests.fail_with_probability(probability, seed);
    }

    /// Takes back every condition, also those of resizes. What counts as a request, and whether resizes move, stays as it
    /// is.
    pub fn succeed(&self) {
        self.requests.succeed();
        self.resizes.succeed();
    }

    /// Conditions for resizes alone, which add to the others: they count each `grow`, `grow_zeroed` and `shrink`, and
    /// nothing else.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use allocator_api2::{alloc::Global, vec::Vec};
    /// use arenite::wrap::Failing;
    ///
    /// let allocator = Failing::new(Global);
    /// allocator.resizes().fail_nth(2);
    /// let mut numbers = Vec::<u8, _>::with_capacity_in(1, &allocator);
    /// assert!(numbers.try_reserve_exact(2).is_ok());
    /// let mut others = Vec::<u8, _>::with_capacity_in(1, &allocator);
    /// assert!(others.try_reserve_exact(2).is_err(), "the second resize");
    /// # }
    /// ```
    pub const fn resizes(&self) -> &Conditions {
        &self.resizes
    }

    /// Whether `grow` and `grow_zeroed` count as requests, which can be refused. They do unless told otherwise.
    pub fn count_grow(&self, count: bool) {
        self.count_grow.store(count, Relaxed);
    }

    /// Whether `shrink` counts as a request, which can be refused. It does not unless told so: most callers have no
    /// way to report that a shrink failed.
    pub fn count_shrink(&self, count: bool) {
        self.count_shrink.store(count, Relaxed);
    }

    /// Whether every resize moves its block, even where the inner allocator would have resized it in place.
    ///
    /// A resize then is an allocation of the new layout from the inner allocator, a copy, and a free of the old
    /// block, whose bytes are overwritten first: a pointer that was kept to it reads junk at once. A block of no
    /// bytes may stay where it is.
    pub fn move_resizes(&self, on: bool) {
        self.move_resizes.store(on, Relaxed);
    }

    /// Requests since a condition was last set, refused ones included.
    pub fn requests(&self) -> usize {
        self.requests.requests()
    }

    /// Requests refused since the wrapper was made, by whichever condition.
    pub fn refused(&self) -> usize {
        self.requests.refused().wrapping_add(self.resizes.refused())
    }

    fn counts(&self, request: Request) -> bool {
        match request {
            Request::Allocate { .. } => true,
            Request::Grow { .. } => self.count_grow.load(Relaxed),
            Request::Shrink { .. } => self.count_shrink.load(Relaxed),
        }
    }
}

impl<A: Default> Default for Failing<A> {
    fn default() -> Self {
        Self::new(A::default())
    }
}

impl<A> Observe for Failing<A> {
    fn before(&self, request: Request) -> Route {
        let bytes = request.layout().size();
        let is_resize = !matches!(request, Request::Allocate { .. });
        let refused = self.counts(request) && self.requests.refuse(bytes);
        if refused || is_resize && self.resizes.refuse(bytes) {
            return Route::Refuse;
        }
        if self.move_resizes.load(Relaxed) { Route::Move } else { Route::Forward }
    }
}

allocator_by_calls!(Failing);
