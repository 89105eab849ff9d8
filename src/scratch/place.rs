//! The scratch arenas of a thread, and the calls that have them.

use std::cell::{Cell, UnsafeCell};
use std::io::Write;
use std::iter;
use std::mem::ManuallyDrop;
use std::process;
use std::ptr;

use super::retained;
use crate::arena::{Arena, ResetMode, Settings};

thread_local! {
    // Constant and without a destructor: it stays where a call is in progress when the thread's values are destroyed.
    pub(super) static CHAIN: Chain = const { Chain { first: Place::new(), life: Cell::new(Life::New) } };

    /// Its destructor gives the memory back.
    static END: End = const { End };
}

/// The scratch arenas of a thread.
pub(super) struct Chain {
    pub(super) first: Place,
    life: Cell<Life>,
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    New,
    /// The memory will be given back when the thread ends.
    Alive,
    /// The thread's values are being destroyed.
    Ended,
}

impl Chain {
    /// Whether its arenas are there for new calls.
    #[inline(always)]
    pub(super) fn is_alive(&self) -> bool {
        self.life.get() == Life::Alive || self.begin()
    }

    #[cold]
    fn begin(&self) -> bool {
        if self.life.get() == Life::New && END.try_with(|_| ()).is_ok() {
            self.life.set(Life::Alive);
        }
        self.life.get() == Life::Alive
    }

    /// All that there are; none once the thread's values are being destroyed.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let first = (self.life.get() != Life::Ended).then_some(&self.first);
        iter::successors(first, |place| place.present_next())
    }
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        CHAIN.with(|chain| {
            // The thread's values are destroyed under a call if the process exits from within it, or if a library that
            // switches stacks left the call waiting. Other threads may be at what it has, or it may go on: all stays.
            let stays = chain.places().any(Place::is_in_use);
            chain.life.set(Life::Ended);
            if stays {
                return;
            }
            // SAFETY: no call has a place of this chain, and none will, as it has ended.
            unsafe { chain.first.end() };
        });
    }
}

/// A place for one call, of a thread that is at its end.
pub(super) struct Own(pub(super) Place);

impl Drop for Own {
    fn drop(&mut self) {
        // SAFETY: it was made for the call that ends here, and nobody looks at it again.
        unsafe { self.0.end() };
    }
}

/// A scratch arena of a thread, and where the next one is.
///
/// # Invariants
///
/// * `arena` is borrowed as long as `innermost` is not null; exclusively, as long as `busy`. Never both.
/// * `next` is null or a box that was taken apart.
/// * `innermost` is null or leads to an arena that is alive, on this thread's stacks or in `arena`: [`Leave`] sets it back
///   before the arena of a call ends, and [`Outermost`] makes it null before `arena` can.
pub(super) struct Place {
    /// Dropped by hand, as `next` is: see [`End`].
    arena: UnsafeCell<ManuallyDrop<Arena>>,
    /// The arena of the innermost call, the one above where that is about to begin or has just ended; null if there is no
    /// call.
    innermost: Cell<*const Arena>,
    /// Whether memory is being given back, for which the global allocator is called, which may come here again.
    busy: Cell<bool>,
    /// Bytes that the arena held when the last call ended.
    pub(super) held: Cell<usize>,
    next: Cell<*mut Place>,
}

impl Place {
    pub(super) const fn new() -> Self {
        Place {
            arena: UnsafeCell::new(ManuallyDrop::new(Arena::new())),
            innermost: Cell::new(ptr::null()),
            busy: Cell::new(false),
            held: Cell::new(0),
            next: Cell::new(ptr::null_mut()),
        }
    }

    /// The arena, unless it is busy.
    #[inline]
    pub(super) fn shared(&self) -> Option<&Arena> {
        // SAFETY: the pointer is that of the cell, so it is aligned and leads to an arena, which was not dropped: that is done
        // where the place ends, which is borrowed here. Nobody has it exclusively, as it is not busy, and nobody will have it
        // so while the borrow lasts: to become busy, the place must have no call, and this borrow is that of a call, that of
        // `Outermost`, whose call counts until it is done, or that of `stats`, which calls nothing meanwhile.
        (!self.busy.get()).then(|| unsafe { &**self.arena.get() })
    }

    /// Runs `f` with the arena, unless it is in use.
    pub(super) fn exclusively<R>(&self, f: impl FnOnce(&mut Arena) -> R) -> Option<R> {
        struct Idle<'a>(&'a Cell<bool>);
        impl Drop for Idle<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        if !self.innermost.get().is_null() || self.busy.replace(true) {
            return None;
        }
        let _idle = Idle(&self.busy);
        // SAFETY: the pointer is that of the cell, as in `shared`. No other borrow is there, as there is no call and the place
        // was not busy; none will be until `_idle` is dropped, after `f`: `shared`, `find` and this function take no place
        // that is busy.
        Some(f(unsafe { &mut *self.arena.get() }))
    }

    /// The first place, from this one on, whose arena is not among those in `avoid`.
    #[inline]
    pub(super) fn find(&self, avoid: &[&Arena]) -> &Place {
        let mut place = self;
        while !place.suits(avoid) {
            place = place.next();
        }
        place
    }

    #[inline]
    fn suits(&self, avoid: &[&Arena]) -> bool {
        let innermost = self.innermost.get();
        if innermost.is_null() {
            return !self.busy.get();
        }
        // SAFETY: it is not null, so it leads to an arena that is alive (invariant), which its call has as a shared reference.
        let innermost = unsafe { &*innermost };
        !avoid.iter().any(|arena| arena.is_kin(innermost))
    }

    #[inline]
    fn present_next(&self) -> Option<&Place> {
        // SAFETY: it is null or leads to a place (invariant), which stays until this one ends and is never borrowed exclusively
        // before.
        unsafe { self.next.get().as_ref() }
    }

    #[cold]
    fn next(&self) -> &Place {
        loop {
            if let Some(next) = self.present_next() {
                return next;
            }
            let next = Box::new(Place::new());
            // The global allocator may come here as well, and be first.
            if self.next.get().is_null() {
                self.next.set(Box::into_raw(next));
            }
        }
    }

    pub(super) fn has_call(&self) -> bool {
        !self.innermost.get().is_null()
    }

    /// Whether a call has the arena, or its memory is being given back.
    fn is_in_use(&self) -> bool {
        self.has_call() || self.busy.get()
    }

    /// Gives the arena back, and those that follow.
    ///
    /// # Safety
    ///
    /// None of them is in use, and nobody looks at this one again.
    unsafe fn end(&self) {
        let next = self.next.replace(ptr::null_mut());
        // SAFETY: the pointer is that of the cell, so it is aligned and leads to an arena. Nobody has it, nor will have it, so
        // it is this function's alone (this function's contract).
        let arena = unsafe { &mut *self.arena.get() };
        // SAFETY: it is dropped here alone, and nobody looks at it again (this function's contract).
        unsafe { ManuallyDrop::drop(arena) };
        if !next.is_null() {
            // SAFETY: a box that was taken apart (invariant), and that nothing leads to any more.
            let next = unsafe { Box::from_raw(next) };
            // SAFETY: not in use (this function's contract); it goes now.
            unsafe { next.end() };
        }
    }

    /// Runs `f` with an arena for a call that begins here.
    #[inline]
    #[track_caller]
    pub(super) fn enter<R>(&self, f: impl FnOnce(&Arena) -> R) -> R {
        let outer = self.innermost.get();
        if outer.is_null() {
            let Some(arena) = self.shared() else { unreachable!("it was found fit") };
            self.innermost.set(arena);
            let _outermost = Outermost(self);
            return self.open(arena, f);
        }
        // SAFETY: it is not null, so it leads to an arena that is alive (invariant), which its call has as a shared reference.
        // It stays so until this call has returned: calls that end out of order end the process first (`Leave`).
        let outer = unsafe { &*outer };
        let window = outer.window();
        let result = self.open(outer, f);
        debug_assert!(
            outer.window() == window,
            "scratch: something was allocated in the arena of an outer call while an inner call had its place; \
             name that arena to `scratch_avoiding`"
        );
        result
    }

    /// Runs `f` with a child of `outer`.
    #[inline]
    fn open<R>(&self, outer: &Arena, f: impl FnOnce(&Arena) -> R) -> R {
        outer.scope(|inner| {
            let _leave = Leave { place: self, inner, outer, settings: outer.settings() };
            self.innermost.set(inner);
            f(inner)
        })
    }

    /// Sees to it that the arena keeps no more than it may, and that in one chunk.
    #[cold]
    #[inline(never)]
    fn tidy(&self) {
        self.exclusively(|arena| {
            arena.reset_with(ResetMode::RetainLimit(retained()));
            self.held.set(arena.allocated_bytes());
        });
    }
}

/// Makes the outer arena the innermost again, and takes back what the call set. Until then the inner arena is alive: this is
/// dropped before it ends.
///
/// Calls end in the reverse order in which they began, as closures on one stack do. A library that switches stacks could
/// break that, and an arena would end while its child is in use: then the process ends first.
struct Leave<'a> {
    place: &'a Place,
    inner: *const Arena,
    outer: &'a Arena,
    settings: Settings,
}

impl Drop for Leave<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.place.innermost.replace(self.outer) != self.inner {
            out_of_order();
        }
        self.outer.set(self.settings);
    }
}

#[cold]
#[inline(never)]
fn out_of_order() -> ! {
    let message =
        b"arenite: calls of `scratch` ended out of order, which would leave memory in use without an owner\n";
    // There is nothing to be done if it cannot be written.
    _ = std::io::stderr().write_all(message);
    process::abort()
}

/// Ends the outermost call.
struct Outermost<'a>(&'a Place);

impl Drop for Outermost<'_> {
    #[inline]
    fn drop(&mut self) {
        let place = self.0;
        let mut bytes = 0;
        if let Some(arena) = place.shared() {
            bytes = arena.allocated_bytes();
        }
        place.innermost.set(ptr::null());
        // What was obtained is in several chunks.
        if bytes > place.held.get() || bytes > retained() {
            place.tidy();
        }
    }
}
