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
//! destructors of other thread-local values, gets an arena that is made for it. If a call is in progress when the thread's
//! values are destroyed, as in [`std::process::exit`], the memory stays.
//!
//! # What ends with a call
//!
//! A [limit](Arena::set_allocation_limit) and a [hook](Arena::on_out_of_memory) are of the whole arena, calls further out
//! included. When a call returns or panics, both are again what they were when it began.
//!
//! The idea, and the list of what to avoid, is that of Ryan Fleury's scratch arenas in C.

mod place;

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::arena::{Arena, ResetMode};
use crate::size::Bytes;
use place::{CHAIN, Own, Place};

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
/// is as quick as ever. An arena that is not one of the thread's scratch arenas does no harm there.
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
    let chain = CHAIN.with(ptr::from_ref);
    // SAFETY: the pointer was made of a reference just now, so it is aligned and leads to a chain. The chain is constant and
    // without a destructor, so it stays initialised as long as the thread has its storage, in which this call runs. Nobody
    // ever has it exclusively.
    let chain = unsafe { &*chain };
    let place = if chain.is_alive() { chain.first.find(avoid) } else { &own.insert(Own(Place::new())).0 };
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
        in_use: sum.in_use + usize::from(place.has_call()),
        bytes: sum.bytes + place.shared().map_or(0, Arena::allocated_bytes),
    })
}

/// Goes through the thread's arenas.
fn over_all<S: Copy>(start: S, mut step: impl FnMut(S, &Place) -> S) -> S {
    CHAIN.with(|chain| chain.places().fold(start, &mut step))
}
