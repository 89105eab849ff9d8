//! [`Tracking`].

use super::books::{Books, Caller, Origin};
use super::calls::{Calls, Granted};
use super::forward::clear;
use super::leaks::{LeakReport, Mark};
use super::lock::Lock;
use super::misuse::{Judge, Misuse};
use crate::abort;
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;
use std::thread_local;

/// Knows each live block, who made it and when, and prints who holds what.
///
/// [`report`](Self::report) names the call sites whose blocks are live, the largest first; [`report_since`](Self::report_since)
/// those that were made after a [mark](Self::mark), which is how to find what a round of a program leaves behind;
/// [`report_at_end`](Self::report_at_end) prints it when the program ends. A block that grew or shrank counts for the call site
/// that did that. Call sites need the feature `backtrace`, and debug information in the program if files and lines are to be
/// known. Without the feature nothing is known of the caller (`#[track_caller]` reaches no allocator), and the report groups
/// by layout.
///
/// *Misuse.* A block that is not live when it is freed or resized is named: one that was freed before (the last 4096 frees are
/// remembered), one that is no block here, one with another layout. By default the process ends with a message. With
/// [`on_misuse`](Self::on_misuse) a hook is called instead, after which the call goes no further: the inner allocator does not
/// hear of it, nothing is freed, and a resize fails. A block that came back with a wrong layout stays live.
///
/// As the `#[global_allocator]` it takes the memory for its books from the system, so they neither call themselves nor show up
/// in reports; nor does what the reports themselves allocate. Costs some dozens of bytes a live block and a stack a call site;
/// a lock and a look into a table a call; and a walk of the stack for each block made or resized, which takes microseconds. For
/// a debugging session, not for production. Where there is no memory for the books, the request is refused. Blocks of no bytes
/// are not tracked. A process that forks while another of its threads allocates must not allocate in the child. `Send` and
/// `Sync` where `A` is.
///
/// ```
/// use allocator_api2::{alloc::Global, boxed::Box, vec::Vec};
/// use arenite::wrap::Tracking;
///
/// let allocator = Tracking::new(Global);
/// let kept = Box::new_in([0_u8; 100], &allocator);
/// let mark = allocator.mark();
/// drop(Box::new_in([0_u8; 50], &allocator));
/// assert_eq!(allocator.report_since(mark).bytes, 0);
/// assert_eq!(allocator.report().bytes, 100);
/// println!("{}", allocator.report());
/// # drop(kept);
/// # assert_eq!(allocator.blocks_live(), 0);
/// ```
pub struct Tracking<A> {
    inner: A,
    books: Lock<Books>,
    trace_frees: bool,
    judge: Judge,
}

thread_local! {
    // Constant and without a destructor: there as long as the thread is, and never allocated.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `call`; what it allocates is tracked, but no part of any report, and nobody walks the stack for it.
pub(super) fn quietly<R>(call: impl FnOnce() -> R) -> R {
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            QUIET.with(|quiet| quiet.set(self.0));
        }
    }

    let _restore = Restore(QUIET.with(|quiet| quiet.replace(true)));
    call()
}

fn caller(layout: Layout) -> Caller {
    if QUIET.with(Cell::get) {
        return Caller(None);
    }
    // A walk of the stack might allocate.
    quietly(|| Caller(Some(origin(layout))))
}

#[cfg(feature = "backtrace")]
fn origin(_layout: Layout) -> Origin {
    crate::stack::Stack::here()
}

#[cfg(not(feature = "backtrace"))]
fn origin(layout: Layout) -> Origin {
    layout
}

impl<A> Tracking<A> {
    /// Tracks what is allocated from now on; ends the process at the first misuse.
    pub const fn new(inner: A) -> Self {
        let judge = Judge::new(|misuse| quietly(|| abort::with(format_args!("{misuse}"))));
        Self { inner, books: Lock::new(Books::new()), trace_frees: false, judge }
    }

    /// Calls `hook` with each [`Misuse`], instead of ending the process.
    ///
    /// The hook may allocate, also from here. If it panics, the process ends, since an allocator must not unwind.
    ///
    /// ```
    /// use allocator_api2::alloc::{Allocator, Global, Layout};
    /// use arenite::wrap::Tracking;
    ///
    /// let allocator = Tracking::new(Global).on_misuse(|misuse| println!("{misuse}"));
    /// let layout = Layout::new::<u64>();
    /// let block = allocator.allocate(layout).unwrap().cast();
    /// // SAFETY: for the first, the block is live, with this layout. The second is the mistake.
    /// unsafe {
    ///     allocator.deallocate(block, layout);
    ///     allocator.deallocate(block, layout); // prints "double free: the block at 0x.., of 8 bytes ..."
    /// }
    /// assert_eq!(allocator.misuses(), 1);
    /// ```
    #[must_use]
    pub const fn on_misuse(mut self, hook: fn(&Misuse)) -> Self {
        self.judge = Judge::new(hook);
        self
    }

    /// Whether to walk the stack for each free as well, so that of a double free both ends are known. Off to begin with.
    #[must_use]
    pub const fn trace_frees(mut self, on: bool) -> Self {
        self.trace_frees = on;
        self
    }

    /// How many misuses there were.
    pub fn misuses(&self) -> usize {
        self.judge.found()
    }

    /// Blocks handed out and not yet given back.
    pub fn blocks_live(&self) -> usize {
        self.books.with(|books| books.totals().0)
    }

    /// Bytes handed out and not yet given back.
    pub fn bytes_live(&self) -> usize {
        self.books.with(|books| books.totals().1)
    }

    /// A moment, for [`report_since`](Self::report_since).
    pub fn mark(&self) -> Mark {
        self.books.with(|books| Mark(books.serial()))
    }

    /// What is live, by call site.
    ///
    /// Cost: O(live blocks), during which whoever allocates waits, and then a look into the debug information of the program
    /// for each call site.
    #[must_use]
    pub fn report(&self) -> LeakReport {
        self.report_since(Mark(0))
    }

    /// What was made after the mark and is live, by call site. A block that was resized was made when it was made first.
    #[must_use]
    pub fn report_since(&self, mark: Mark) -> LeakReport {
        quietly(|| LeakReport::of(&self.books, mark))
    }

    /// Prints what is live to the standard error stream when the returned value is dropped, if anything is: at the end of
    /// `main`, for one that is made at its beginning.
    #[must_use = "the report is printed when this is dropped"]
    pub fn report_at_end(&self) -> ReportAtEnd<'_, A> {
        ReportAtEnd { tracking: self }
    }

    /// The allocator underneath. What is allocated through it is not tracked.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the books: of blocks that are live nothing is known any more.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A: Default> Default for Tracking<A> {
    fn default() -> Self {
        Self::new(A::default())
    }
}

impl<A: fmt::Debug> fmt::Debug for Tracking<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (blocks, bytes) = self.books.with(|books| books.totals());
        let mut fields = f.debug_struct("Tracking");
        fields.field("inner", &self.inner).field("blocks_live", &blocks).field("bytes_live", &bytes);
        fields.field("misuses", &self.misuses()).finish_non_exhaustive()
    }
}

/// Prints a report when it is dropped: [`Tracking::report_at_end`].
#[derive(Debug)]
pub struct ReportAtEnd<'t, A> {
    tracking: &'t Tracking<A>,
}

impl<A> Drop for ReportAtEnd<'_, A> {
    fn drop(&mut self) {
        let report = self.tracking.report();
        if report.blocks > 0 {
            eprintln!("{report}");
        }
    }
}

impl<A> Calls for Tracking<A> {
    fn obtain(&self, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
        let block = if zeroed { inner.allocate_zeroed(layout)? } else { inner.allocate(layout)? }.cast();
        if layout.size() == 0 {
            return Ok(block);
        }
        let caller = caller(layout);
        if self.books.with(|books| books.enter(block, layout, caller)).is_some() {
            return Ok(block);
        }
        // SAFETY: granted just now, with this layout.
        unsafe { inner.deallocate(block, layout) }
        Err(AllocError)
    }

    unsafe fn give_back(&self, inner: &impl Allocator, block: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            let caller = self.trace_frees.then(|| caller(layout));
            // Before it is freed: afterwards another thread may be given the same address.
            if let Err(misuse) = self.books.with(|books| books.strike(block, layout, caller)) {
                return self.judge.report(&misuse);
            }
        }
        // SAFETY: the block was found to be live, with this layout, or is empty (the caller vouches).
        unsafe { inner.deallocate(block, layout) }
    }

    unsafe fn enlarge(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Granted {
        if old.size() == 0 {
            let fresh = self.obtain(inner, new, zeroed)?;
            // SAFETY: the caller vouches for the block and its layout.
            unsafe { inner.deallocate(block, old) }
            return Ok(fresh);
        }
        let grown = self.resized(block, old, new, || {
            // SAFETY: the caller vouches for all three conditions: blocks of ours are the inner allocator's.
            unsafe { inner.grow(block, old, new) }.map(NonNull::cast)
        })?;
        if zeroed {
            // SAFETY: the block has `new.size()` bytes, and `old` is no larger (the caller vouches).
            unsafe { clear(grown, old.size(), new.size()) }
        }
        Ok(grown)
    }

    unsafe fn reduce(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: the caller vouches for all three conditions: blocks of ours are the inner allocator's.
        let shrink = || unsafe { inner.shrink(block, old, new) }.map(NonNull::cast);
        if old.size() == 0 { shrink() } else { self.resized(block, old, new, shrink) }
    }
}

impl<A> Tracking<A> {
    /// Has a block resized that is live, with this layout, and keeps the books.
    fn resized(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        resize: impl FnOnce() -> Granted,
    ) -> Granted {
        let caller = caller(new);
        // Before it is resized: if it moves, another thread may be given the same address.
        let (record, by) = match self.books.with(|books| books.lift(block, old, caller)) {
            Ok(lifted) => lifted,
            Err(misuse) => {
                if let Some(misuse) = misuse {
                    self.judge.report(&misuse);
                }
                return Err(AllocError);
            }
        };
        let resized = resize();
        self.books.with(|books| match resized {
            Ok(to) => books.put(block, record, to, new, by),
            Err(_) => books.put_back(block, record),
        });
        resized
    }
}

allocator_by_calls!(Tracking);
