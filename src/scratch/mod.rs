//! Scratch arenas: memory for a moment, from an arena that the thread has anyway.
//!
//! A function that needs memory until it returns takes it from [`scratch`]: no arena is made, none is passed down, and the
//! memory is warm. To enter and to leave takes constant time.
//!
//! ```
//! use arenite::collections::Vec;
//! use arenite::scratch::scratch;
//!
//! fn median(values: &[f64]) -> Option<f64> {
//!     scratch(|arena| {
//!         let mut sorted = Vec::new_in(arena);
//!         sorted.extend_from_slice(values);
//!         sorted.sort_by(f64::total_cmp);
//!         sorted.get(values.len() / 2).copied()
//!     })
//! }
//! assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
//! ```
//!
//! # Collisions
//!
//! Calls nest. Each gets a child of the one outside ([`Arena::scope`]), so the inner memory comes from where the outer one
//! would have gone on, and is given back first. A function that fills an arena of its caller's while it has a scratch
//! arena of its own, however, had better name the former to [`scratch_avoiding`]: the caller's may itself be a scratch
//! arena, and would have to go on elsewhere each time. The scratch arena is then another one, of as many as it takes.
//!
//! ```
//! use arenite::scratch::{scratch, scratch_avoiding};
//! use arenite::{Arena, collections::Vec};
//!
//! fn words<'a>(text: &str, out: &'a Arena) -> Vec<'a, &'a str> {
//!     scratch_avoiding(&[out], |temporary| {
//!         let upper = temporary.alloc_str(text);
//!         upper.make_ascii_uppercase();
//!         let mut words = Vec::new_in(out);
//!         words.extend(upper.split(' ').map(|word| &*out.alloc_str(word)));
//!         words
//!     })
//! }
//! scratch(|arena| assert_eq!(words("of sand", arena), ["OF", "SAND"]));
//! ```
//!
//! Where arenas are pointers in C, a collision overwrites the result. Here it costs time and memory, no more. Builds with
//! debug assertions panic when they see one, at the end of the inner call, so that tests find it.
//!
//! # How much a thread keeps
//!
//! What a call needed beyond [`retained`] bytes, 1 MiB unless changed by [`set_retained`], goes back when the outermost call
//! on that arena ends; the rest serves the next call. A thread has one such arena, and one more for each that was to be
//! avoided at the same time. [`trim`] gives all of it back; so does the end of the thread. Code that runs after that, in
//! destructors of other thread-local values, gets an arena that is made for it.
//!
//! The idea, and the list of what to avoid, is that of Ryan Fleury's scratch arenas in C.

use std::cell::{Cell, OnceCell, UnsafeCell};
use std::fmt;
use std::io::Write;
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::arena::{Arena, ResetMode};
use crate::size::Bytes;

/// Bytes that a thread keeps in each of its arenas.
static RETAINED: AtomicUsize = AtomicUsize::new(1 << 20);

/// How many bytes a thread keeps in each of its scratch arenas between calls, at most.
pub fn retained() -> usize {
    RETAINED.load(Relaxed)
}

/// Sets how many bytes each thread keeps in each of its scratch arenas between calls, at most; for the whole process.
/// What is kept already stays until the arena is used again.
///
/// More is of use where calls need that much again and again.
pub fn set_retained(bytes: usize) {
    RETAINED.store(bytes, Relaxed);
}

/// Runs `f` with a scratch arena of this thread. What it hands out is taken back when `f` returns or panics.
///
/// O(1); about as much as [`Arena::scope`]. No call to an allocator once the thread's arena has the memory.
///
/// # Panics
///
/// With debug assertions: if a call is inside of another, and something was allocated in the arena of the outer one
/// meanwhile. Name that arena to [`scratch_avoiding`].
///
/// # Examples
///
/// ```
/// use arenite::scratch::scratch;
///
/// let digits = scratch(|arena| arena.alloc_fmt(format_args!("{}", 2_u64.pow(40))).len());
/// assert_eq!(digits, 13);
/// ```
///
/// Nothing of the arena's gets out:
///
/// ```compile_fail
/// let escaped = arenite::scratch::scratch(|arena| arena.alloc(1));
/// ```
#[inline]
#[track_caller]
pub fn scratch<R>(f: impl FnOnce(&Arena) -> R) -> R {
    scratch_avoiding(&[], f)
}

/// As [`scratch`], with an arena that has no memory in common with those in `avoid`, so that to allocate in them meanwhile
/// is as quick as ever. An arena that is none of the thread's scratch arenas does no harm there.
///
/// O(arenas to avoid, times arenas in use by outer calls).
///
/// # Panics
///
/// As [`scratch`].
#[inline]
#[track_caller]
pub fn scratch_avoiding<R>(avoid: &[&Arena], f: impl FnOnce(&Arena) -> R) -> R {
    let mut own = None;
    let place = match FIRST.try_with(ptr::from_ref) {
        // SAFETY: a thread's values end one by one, when everything that it called has returned, this call too.
        Ok(first) => unsafe { &*first }.find(avoid),
        // The thread is at its end.
        Err(_) => own.insert(Place::new()),
    };
    place.enter(f)
}

/// Gives the memory of this thread's scratch arenas back, but for those in use. Returns how many bytes that were.
///
/// # Examples
///
/// ```
/// use arenite::scratch::{scratch, stats, trim};
///
/// scratch(|arena| arena.alloc([0_u8; 10_000]).len());
/// assert!(stats().bytes >= 10_000);
/// trim();
/// assert_eq!(stats().bytes, 0);
/// ```
pub fn trim() -> usize {
    over_all(0, |sum, place| {
        let freed = place.exclusively(|arena| {
            let before = arena.allocated_bytes();
            arena.reset_with(ResetMode::FreeAll);
            place.held.set(arena.allocated_bytes());
            before - arena.allocated_bytes()
        });
        sum + freed.unwrap_or(0)
    })
}

/// Figures about the scratch arenas of a thread. Made by [`stats`]. `Display` shows them as a line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScratchStats {
    /// How many there are: one for each that was to be avoided at the same time, and one more.
    pub arenas: usize,
    /// How many of them are in use by a call.
    pub in_use: usize,
    /// Bytes that they hold, in use or not.
    pub bytes: usize,
}

impl fmt::Display for ScratchStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ScratchStats { arenas, in_use, bytes } = *self;
        let plural = if arenas == 1 { "" } else { "s" };
        write!(f, "{} in {arenas} scratch arena{plural}, {in_use} in use", Bytes(bytes))
    }
}

/// Figures about this thread's scratch arenas. All are zero once the thread has come to its end.
pub fn stats() -> ScratchStats {
    over_all(ScratchStats::default(), |sum, place| ScratchStats {
        arenas: sum.arenas + 1,
        in_use: sum.in_use + usize::from(!place.innermost.get().is_null()),
        bytes: sum.bytes + place.shared().map_or(0, Arena::allocated_bytes),
    })
}

/// Goes through the thread's arenas.
fn over_all<S: Copy>(start: S, mut step: impl FnMut(S, &Place) -> S) -> S {
    let sum = FIRST.try_with(|first| {
        let (mut sum, mut place) = (step(start, first), first);
        while let Some(next) = place.next.get() {
            (sum, place) = (step(sum, next), next);
        }
        sum
    });
    sum.unwrap_or(start)
}

thread_local! {
    static FIRST: Place = const { Place::new() };
}

/// A scratch arena of a thread, and where the next one is.
struct Place {
    /// Borrowed as long as `innermost` is not null; exclusively, as long as `busy`. Never both.
    arena: UnsafeCell<Arena>,
    /// The arena of the innermost call, the one above where that is about to begin or has just ended; null if there is no
    /// call.
    innermost: Cell<*const Arena>,
    /// Whether memory is being given back, for which the global allocator is called, which may come here again.
    busy: Cell<bool>,
    /// Bytes that the arena held when the last call ended.
    held: Cell<usize>,
    next: OnceCell<Box<Place>>,
}

impl Place {
    const fn new() -> Self {
        Place {
            arena: UnsafeCell::new(Arena::new()),
            innermost: Cell::new(ptr::null()),
            busy: Cell::new(false),
            held: Cell::new(0),
            next: OnceCell::new(),
        }
    }

    /// The arena, unless it is busy.
    #[inline]
    fn shared(&self) -> Option<&Arena> {
        // SAFETY: nobody has it exclusively, as it is not busy. Whoever makes it busy while this borrow lasts finds that
        // `innermost` is not null, or the borrow is that of `stats`, which calls nothing meanwhile.
        (!self.busy.get()).then(|| unsafe { &*self.arena.get() })
    }

    /// Runs `f` with the arena, unless it is in use.
    fn exclusively<R>(&self, f: impl FnOnce(&mut Arena) -> R) -> Option<R> {
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
        // SAFETY: there is no call, and there will be none while the arena is busy.
        Some(f(unsafe { &mut *self.arena.get() }))
    }

    /// The first place, from this one on, whose arena is none of those in `avoid`.
    #[inline]
    fn find(&self, avoid: &[&Arena]) -> &Place {
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
        // SAFETY: what is innermost is alive: `Leave`.
        let innermost = unsafe { &*innermost };
        !avoid.iter().any(|arena| arena.is_kin(innermost))
    }

    #[cold]
    fn next(&self) -> &Place {
        loop {
            if let Some(next) = self.next.get() {
                return next;
            }
            // The global allocator may come here as well, and be first.
            _ = self.next.set(Box::new(Place::new()));
        }
    }

    /// Runs `f` with an arena for a call that begins here.
    #[inline]
    #[track_caller]
    fn enter<R>(&self, f: impl FnOnce(&Arena) -> R) -> R {
        let outer = self.innermost.get();
        if outer.is_null() {
            let Some(arena) = self.shared() else { unreachable!("it was found fit") };
            self.innermost.set(arena);
            let _outermost = Outermost(self);
            return self.open(arena, f);
        }
        // SAFETY: what is innermost is alive, and stays so while it is `outer` to another one: `Leave`.
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
            let _leave = Leave { place: self, inner, outer };
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

/// Makes the outer arena the innermost again. Until then the inner one is alive: this is dropped before it ends.
///
/// Calls end in the reverse order in which they began, as closures on one stack do. A library that switches stacks could
/// break that, and an arena would end while its child is in use: then the process ends first.
struct Leave<'a> {
    place: &'a Place,
    inner: *const Arena,
    outer: *const Arena,
}

impl Drop for Leave<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.place.innermost.replace(self.outer) != self.inner {
            out_of_order();
        }
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
            // A limit is of the whole arena, and was meant for this call.
            arena.set_allocation_limit(None);
            bytes = arena.allocated_bytes();
        }
        place.innermost.set(ptr::null());
        // What was obtained is in several chunks.
        if bytes > place.held.get() || bytes > retained() {
            place.tidy();
        }
    }
}
