//! Reservations that their arenas left, pages and all, for the next arenas to take.
//!
//! A reservation is dear to make, and its pages are dear to touch for the first time. The cache is a fixed array of
//! slots, each handed from thread to thread by one atomic word: no list that a thread could read while another unmaps
//! it, no lock that a fork could leave held, no allocation. A slot that is busy in another thread while the process
//! forks stays busy in the child, which has one slot less.
//!
//! What is kept is in proportion to what is used, and goes when it is not: a range holds no more than its last owners had
//! use for, all ranges together no more than a part of the peak, and one that nobody takes is given back. Time is counted in
//! ranges that come back, as there is no other clock that costs nothing.

use super::HugePages;
use super::range::{self, Range};
use super::slot::Slot;
use crate::addr;
use crate::space;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sys::HUGE_PAGE;

/// How many reservations are kept.
const SLOTS: usize = 16;

/// Ranges that hold no more are not counted, as counting them takes longer than all the rest; there is room for all.
const SMALL: usize = HUGE_PAGE;

/// How many bytes of memory the others may hold in all, however little was in use: 64 MiB, and what rounding to huge pages
/// adds. What exceeds the bound is given back to the system; the address space stays.
const LEAST_BYTES: usize = (64 << 20) + 2 * HUGE_PAGE;

/// As [`LEAST_BYTES`], however much was in use. With those that are not counted it makes 256 MiB.
const MOST_BYTES: usize = (256 << 20) - SLOTS * SMALL;

/// A range that is not taken while so many others come back is given back to the system.
const IDLE: usize = 64;

/// A range, and what it is good for.
struct Cached {
    range: Range,
    key: Key,
    /// When it came.
    since: usize,
}

/// What a range must have in common with what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// Bytes that it was to have; that it has if it is longer, made for a block that was.
    pub(super) len: usize,
    pub(super) guard: bool,
    pub(super) huge: HugePages,
}

impl Key {
    /// Whether a range of this key, of `len` bytes, is one for `wanted` with a block of `bytes` bytes.
    fn serves(self, len: usize, wanted: Key, bytes: usize) -> bool {
        // A block that is longer than what is asked for otherwise gets a range that is not much longer.
        let suits =
            if bytes > wanted.len { self.len <= bytes.saturating_mul(2) } else { self.len == wanted.len };
        suits && len >= bytes && (self.guard, self.huge) == (wanted.guard, wanted.huge)
    }
}

static CACHE: [Slot<Cached>; SLOTS] = [const { Slot::new() }; SLOTS];

/// Bytes in all cached ranges that are counted.
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// How many ranges came. Threads that count at the same time may count as one, which is cheaper and does no harm.
static CAME: AtomicUsize = AtomicUsize::new(0);

/// The range in `slot`, if there is one of which `wanted` holds.
fn take_from(slot: &Slot<Cached>, wanted: impl Fn(&Cached) -> bool) -> Option<Range> {
    let Cached { range, .. } = slot.take_if(wanted)?;
    range.set_in_use(true);
    discount(range.present());
    Some(range)
}

/// Counts the bytes of a range. Returns how many the others have.
fn count(bytes: usize) -> usize {
    if bytes > SMALL { BYTES.fetch_add(bytes, Ordering::Relaxed) } else { 0 }
}

/// Takes [`count`] back.
fn discount(bytes: usize) {
    if bytes > SMALL {
        BYTES.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// How many bytes the cached ranges may hold that are counted: up to a quarter of what was in use at the peak, for which half
/// as much again may have been committed.
fn bound() -> usize {
    (range::peak() / 6).clamp(LEAST_BYTES, MOST_BYTES).min(space::spare())
}

/// A range for `key` with a block of `bytes` bytes, if there is one. Its memory is not zero.
pub(super) fn take(key: Key, bytes: usize) -> Option<Range> {
    let serves = |cached: &Cached| cached.key.serves(cached.range.len(), key, bytes);
    CACHE.iter().find_map(|slot| take_from(slot, serves))
}

/// Keeps a range, which was asked for by `key`, for later, or gives it back to the system if there is no room.
pub(super) fn give(mut range: Range, key: Key) {
    let since = tick();
    let key = Key { len: key.len.max(range.len()), ..key };
    // Where it is missing elsewhere, or is too short for what its owners want, it is of no use.
    if range.len() > space::room().all / 8 || range.is_outgrown(key.len) {
        return;
    }
    let worth = range.settle();
    // Counted before anything is decided, so that threads which come at the same time do not all take what is left of
    // the bound.
    let bytes = range.present();
    let others = count(bytes);
    let most = |bound: usize| addr::align_down(bound.saturating_sub(others).min(worth), HUGE_PAGE).max(SMALL);
    if bytes > worth.max(SMALL) || bytes > most(bound()) || range.is_committed_beyond(most(bound())) {
        // What counts as used may have changed.
        space::look_at_memory();
        let most = most(bound());
        range.discard(most);
        let kept = range.present();
        if bytes > SMALL {
            // In one step, so that nobody takes the room meanwhile.
            BYTES.fetch_sub(if kept > SMALL { bytes - kept } else { bytes }, Ordering::Relaxed);
        }
        // More is kept only if the system would not take it.
        if kept > most {
            return discount(kept);
        }
    }
    let Err(mut cached) = keep(Cached { range, key, since }) else { return };
    // A range of another kind, which nobody may want any more, makes way: what is wanted now stays.
    for slot in &CACHE {
        if let Some(other) = take_from(slot, |other| other.key != key) {
            drop(other);
            match put(slot, cached) {
                Ok(()) => return,
                Err(back) => cached = back,
            }
        }
    }
    discount(cached.range.present());
}

/// Puts a range into the first slot that is free.
#[inline]
fn keep(mut cached: Cached) -> Result<(), Cached> {
    for slot in &CACHE {
        match put(slot, cached) {
            Ok(()) => return Ok(()),
            Err(back) => cached = back,
        }
    }
    Err(cached)
}

#[inline]
fn put(slot: &Slot<Cached>, cached: Cached) -> Result<(), Cached> {
    // Before another thread can have it.
    cached.range.set_in_use(false);
    slot.put(cached).inspect_err(|back| back.range.set_in_use(true))
}

/// Counts a range that comes. Returns how many there were.
fn tick() -> usize {
    let came = CAME.load(Ordering::Relaxed).wrapping_add(1);
    CAME.store(came, Ordering::Relaxed);
    if came % IDLE == 0 {
        forget(came);
    }
    came
}

/// Gives ranges that nobody took for a while back to the system.
#[cold]
fn forget(now: usize) {
    range::forget_peak();
    for slot in &CACHE {
        drop(take_from(slot, |cached| now.wrapping_sub(cached.since) > IDLE));
    }
}

/// Gives every cached range back to the system. Returns whether there was one.
pub(super) fn trim() -> bool {
    let given = CACHE.iter().filter(|slot| take_from(slot, |_| true).is_some());
    given.count() > 0
}
