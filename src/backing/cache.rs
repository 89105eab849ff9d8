//! Reservations that their arenas left, pages and all, for the next arenas to take.
//!
//! A reservation is dear to make, and its pages are dear to touch for the first time. The cache is a fixed array of
//! slots, each handed from thread to thread by one atomic word: no list that a thread could read while another unmaps
//! it, no lock that a fork could leave held, no allocation. A slot that is busy in another thread while the process
//! forks stays busy in the child, which has one slot less.

use super::HugePages;
use super::range::Range;
use super::slot::Slot;
use crate::addr;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sys::HUGE_PAGE;

/// How many reservations are kept.
const SLOTS: usize = 16;

/// How many bytes of memory they may hold in all. What exceeds it is given back to the system; the address space stays.
const MOST_BYTES: usize = 256 << 20;

/// Ranges that hold no more are not counted, as counting them takes longer than all the rest; there is room for all.
const SMALL: usize = HUGE_PAGE;

/// How many bytes the others may hold.
const MOST_COUNTED: usize = MOST_BYTES - SLOTS * SMALL;

/// A range, and what it was made for.
struct Cached {
    range: Range,
    key: Key,
}

/// What a range must have in common with what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) len: usize,
    pub(super) guard: bool,
    pub(super) huge: HugePages,
}

static CACHE: [Slot<Cached>; SLOTS] = [const { Slot::new() }; SLOTS];

/// Bytes in all cached ranges that are counted.
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// The range in `slot`, if there is one that was made for a key of which `wanted` holds.
fn take_from(slot: &Slot<Cached>, wanted: impl Fn(Key) -> bool) -> Option<Range> {
    let Cached { range, .. } = slot.take_if(|cached| wanted(cached.key))?;
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

/// A range that was made for `key`, if there is one. Its memory is not zero.
pub(super) fn take(key: Key) -> Option<Range> {
    CACHE.iter().find_map(|slot| take_from(slot, |cached| cached == key))
}

/// Keeps a range for later, or gives it back to the system if there is no room.
pub(super) fn give(mut range: Range, key: Key) {
    // Counted before anything is decided, so that threads which come at the same time do not all take what is left of
    // the bound.
    let bytes = range.present();
    let most = addr::align_down(MOST_COUNTED.saturating_sub(count(bytes)), HUGE_PAGE).max(SMALL);
    if bytes > most {
        range.discard(most);
        let kept = range.present();
        // In one step, so that nobody takes the room meanwhile.
        BYTES.fetch_sub(if kept > SMALL { bytes - kept } else { bytes }, Ordering::Relaxed);
        // More is kept only if the system would not take it.
        if kept > most {
            return discount(kept);
        }
    }
    let Err(mut cached) = keep(Cached { range, key }) else { return };
    // A range of another kind, which nobody may want any more, makes way: what is wanted now stays.
    for slot in &CACHE {
        if let Some(other) = take_from(slot, |other| other != key) {
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

/// Gives every cached range back to the system.
pub(super) fn trim() {
    for slot in &CACHE {
        drop(take_from(slot, |_| true));
    }
}
