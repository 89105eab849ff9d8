//! The same for programs that know only the global allocator.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, RefCell};
use core::ptr;
use std::alloc::System;
use std::collections::BTreeMap;

use super::run::{Pass, Run, caught};
use super::{Failures, Report};
use crate::abort;

/// A global allocator whose requests can be made to fail, for one thread and for one run of a program: install it in a
/// test, and [`check_global`](Failures::check_global) reaches whatever code there is.
///
/// Around it, or anywhere else, it does what `G` does; that costs a load and a comparison. `G` may be a
/// [`ScopedGlobal`](crate::ScopedGlobal), so that programs are checked inside of a region, as they will run in one.
///
/// ```
/// use std::collections::TryReserveError;
///
/// use arenite::testing::failures::{GlobalProbe, check_all_global_allocation_failures};
///
/// #[global_allocator]
/// static GLOBAL: GlobalProbe = GlobalProbe::system();
///
/// /// Knows nothing of allocators.
/// fn squares(count: u32) -> Result<Vec<u32>, TryReserveError> {
///     let mut squares = Vec::new();
///     for n in 0..count {
///         squares.try_reserve(1)?;
///         squares.push(n * n);
///     }
///     Ok(squares)
/// }
///
/// fn main() {
///     let report = check_all_global_allocation_failures(&GLOBAL, || squares(100));
///     report.assert_clean();
///     assert!(report.requests() >= 2);
/// }
/// ```
#[derive(Debug, Default)]
pub struct GlobalProbe<G = System> {
    inner: G,
}

impl GlobalProbe {
    /// Over the system's allocator.
    pub const fn system() -> Self {
        GlobalProbe::new(System)
    }
}

impl<G> GlobalProbe<G> {
    /// Over another allocator.
    pub const fn new(inner: G) -> Self {
        GlobalProbe { inner }
    }

    /// The allocator underneath: a [`ScopedGlobal`](crate::ScopedGlobal) has regions to be made.
    pub const fn inner(&self) -> &G {
        &self.inner
    }

    fn address(&self) -> *const () {
        ptr::from_ref(self).cast()
    }
}

/// Lets each allocation of `program` from the global allocator fail once, with the default options. See
/// [`Failures::check_global`].
pub fn check_all_global_allocation_failures<G, T, E>(
    global: &GlobalProbe<G>,
    program: impl FnMut() -> Result<T, E>,
) -> Report {
    Failures::new().check_global(global, program)
}

impl<A> Failures<A> {
    /// Lets each request of `program` to the global allocator fail once in each pass. `global` must be the allocator that is
    /// installed; otherwise the report says that there was no request.
    ///
    /// As [`check`](Self::check), but for this:
    ///
    /// * What counts is what this thread asks for while `program` runs. What it leaves to other threads is not refused; what
    ///   they free of its blocks looks leaked, and so does what it prints in a test, which the harness collects.
    /// * `program` runs once more, before all else, with nothing refused or counted: what it initialises then, in statics
    ///   and thread-locals, stays.
    /// * While the thread panics nothing is refused: a panic allocates.
    /// * The code must use ways that can fail, `try_reserve` and the like. All others end in `handle_alloc_error`, and so
    ///   does the process.
    pub fn check_global<G, T, E>(
        &self,
        global: &GlobalProbe<G>,
        mut program: impl FnMut() -> Result<T, E>,
    ) -> Report {
        let address = global.address();
        _ = caught(&mut || program());
        self.check_by(|pass, request| {
            let watch = Watch::new(address, self.shrinks, pass, request);
            let outcome = {
                let _watching = Watching::new(&watch);
                // What was returned is dropped here, before the leaks are counted.
                caught(&mut || program())
            };
            let blocks = watch.blocks.into_inner();
            let leaked = (blocks.len(), blocks.values().sum());
            Run::new(pass, request, outcome, (watch.requests.get(), watch.refused.get()), leaked)
        })
    }
}

std::thread_local! {
    // Needs neither to be made nor to be dropped, so it can be read inside of an allocator.
    static CURRENT: Cell<*const Watch> = const { Cell::new(ptr::null()) };
}

/// What is refused in a run of a program, and what it asked for.
struct Watch {
    /// The allocator that it is for.
    global: *const (),
    shrinks: bool,
    moving: bool,
    /// The first and the last request that is refused, counted from 1; none is where `first` is 0.
    first: usize,
    last: usize,
    requests: Cell<usize>,
    refused: Cell<usize>,
    /// Sizes of blocks that the run has allocated and not freed, by their addresses.
    blocks: RefCell<BTreeMap<usize, usize>>,
}

/// Until it is dropped, this thread's requests are watched.
struct Watching<'w> {
    watch: &'w Watch,
    previous: *const Watch,
}

impl<'w> Watching<'w> {
    fn new(watch: &'w Watch) -> Self {
        Watching { watch, previous: CURRENT.replace(watch) }
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        if !ptr::eq(CURRENT.replace(self.previous), self.watch) {
            out_of_order();
        }
    }
}

/// A stack was switched below us. Each watch leads back to the one before it, so what would be this thread's from now on may
/// be the watch of a run that has ended.
#[cold]
#[inline(never)]
fn out_of_order() -> ! {
    // The message may allocate.
    CURRENT.set(ptr::null());
    abort::with(format_args!(
        "watched runs ended in another order than they began: each must end on the stack on which it began, inner ones first"
    ))
}

/// Runs `call` with nothing watched: it may allocate. The inner allocator may, too, which is not the program's business.
fn unwatched<R>(call: impl FnOnce() -> R) -> R {
    let previous = CURRENT.replace(ptr::null());
    let result = call();
    if !CURRENT.replace(previous).is_null() {
        out_of_order();
    }
    result
}

impl Watch {
    fn new(global: *const (), shrinks: bool, pass: Pass, request: Option<usize>) -> Self {
        let first = request.unwrap_or(0);
        Watch {
            global,
            shrinks,
            moving: pass.moving,
            first,
            last: if pass.from_then_on { usize::MAX } else { first },
            requests: Cell::new(0),
            refused: Cell::new(0),
            blocks: RefCell::new(BTreeMap::new()),
        }
    }

    /// Counts a request. Returns whether it is refused.
    fn refuses(&self) -> bool {
        if std::thread::panicking() {
            return false;
        }
        let number = self.requests.get() + 1;
        self.requests.set(number);
        let refused = self.first != 0 && (self.first..=self.last).contains(&number);
        self.refused.set(self.refused.get() + usize::from(refused));
        refused
    }

    /// A block of the inner allocator's that `allocate` returns, unless the request is refused.
    fn allocate(&self, size: usize, allocate: impl FnOnce() -> *mut u8) -> *mut u8 {
        if self.refuses() {
            return ptr::null_mut();
        }
        unwatched(|| {
            let block = allocate();
            if !block.is_null() {
                self.blocks.borrow_mut().insert(block.addr(), size);
            }
            block
        })
    }

    /// Has `free` free a block.
    fn free(&self, block: *mut u8, free: impl FnOnce()) {
        unwatched(|| {
            self.blocks.borrow_mut().remove(&block.addr());
            free();
        });
    }

    /// Makes a block of size `old`, which `resize` moves or not, one of size `new`, unless the request is refused.
    fn resize(&self, block: *mut u8, old: usize, new: usize, resize: impl FnOnce() -> *mut u8) -> *mut u8 {
        if (new > old || self.shrinks) && self.refuses() {
            return ptr::null_mut();
        }
        unwatched(|| {
            let resized = resize();
            if !resized.is_null() {
                let mut blocks = self.blocks.borrow_mut();
                // What was there before the run is not the run's now.
                if blocks.remove(&block.addr()).is_some() {
                    blocks.insert(resized.addr(), new);
                }
            }
            resized
        })
    }
}

impl<G: GlobalAlloc> GlobalProbe<G> {
    /// What watches this thread's requests to this allocator.
    #[inline]
    fn watch(&self) -> Option<&Watch> {
        // SAFETY: null, or made of a reference that a `Watching` of this thread borrows until it ends, so aligned and initialised.
        // They end in the reverse order in which they began, or the process ends: so the current one is that of a `Watching`
        // that has not ended. It goes on borrowing while this call lasts, and the caller is done with the watch before the
        // allocator returns. Nobody has a watch exclusively before its `Watching` has ended.
        let watch = unsafe { CURRENT.get().as_ref() };
        watch.filter(|watch| watch.global == self.address())
    }

    /// # Safety
    ///
    /// As for `GlobalAlloc::realloc`.
    unsafe fn relocate(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: valid, as the caller promises for the new size.
        let wanted = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: not of size zero, as the caller promises.
        let moved = unsafe { self.inner.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both blocks are at least that long, and apart, as both are in use.
            unsafe { ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size)) };
            // SAFETY: the block is still there; whoever kept a pointer to it reads this.
            unsafe { block.write_bytes(0xDB, layout.size()) };
            // SAFETY: it came from there with this layout, and its owner has another one now.
            unsafe { self.inner.dealloc(block, layout) };
        }
        moved
    }
}

// SAFETY: blocks are those of the inner allocator, with their layouts, or null where it was asked for nothing. Nothing here
// unwinds: the books are kept while nothing is watched, and none of their methods panics.
unsafe impl<G: GlobalAlloc> GlobalAlloc for GlobalProbe<G> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the callee's.
        let allocate = || unsafe { self.inner.alloc(layout) };
        match self.watch() {
            None => allocate(),
            Some(watch) => watch.allocate(layout.size(), allocate),
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the callee's.
        let allocate = || unsafe { self.inner.alloc_zeroed(layout) };
        match self.watch() {
            None => allocate(),
            Some(watch) => watch.allocate(layout.size(), allocate),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the callee's.
        let free = || unsafe { self.inner.dealloc(block, layout) };
        match self.watch() {
            None => free(),
            Some(watch) => watch.free(block, free),
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is the callee's.
        let resize = || unsafe { self.inner.realloc(block, layout, new_size) };
        match self.watch() {
            None => resize(),
            Some(watch) if watch.moving => {
                // SAFETY: the caller's promise is the callee's.
                let relocate = || unsafe { self.relocate(block, layout, new_size) };
                watch.resize(block, layout.size(), new_size, relocate)
            }
            Some(watch) => watch.resize(block, layout.size(), new_size, resize),
        }
    }
}
