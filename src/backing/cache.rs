//! Reservations that their arenas left, pages and all, for the next arenas to take.
//!
//! A reservation is dear to make, and its pages are dear to touch for the first time. The cache is a fixed array of
//! slots, each handed from thread to thread by one atomic word: no list that a thread could read while another unmaps
//! it, no lock that a fork could leave held, no allocation. A slot that is busy in another thread while the process
//! forks stays busy in the child, which has one slot less.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use super::HugePages;
use super::range::Range;
use crate::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// How many reservations are kept.
const SLOTS: usize = 16;

/// How many bytes of memory they may hold in all. What exceeds it is given back to the system; the address space stays.
const MOST_BYTES: usize = 256 << 20;

const EMPTY: u8 = 0;
const BUSY: u8 = 1;
const FULL: u8 = 2;

/// # Invariants
///
/// `range` is initialised while `state` is `FULL`. Whoever changed `state` to `BUSY` is the only one to touch `range`.
struct Slot {
    state: AtomicU8,
    range: UnsafeCell<MaybeUninit<Cached>>,
}

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

// SAFETY: the range goes from thread to thread by `state`: acquired when it becomes `BUSY`, released when it stops to be.
unsafe impl Sync for Slot {}

static CACHE: [Slot; SLOTS] =
    [const { Slot { state: AtomicU8::new(EMPTY), range: UnsafeCell::new(MaybeUninit::uninit()) } }; SLOTS];

/// Bytes in all cached ranges that may hold memory.
static BYTES: AtomicUsize = AtomicUsize::new(0);

impl Slot {
    /// Makes the slot this thread's, if its state is `from`.
    fn enter(&self, from: u8) -> bool {
        // A load first, so that looking through the slots writes to none.
        self.state.load(Ordering::Relaxed) == from
            && self.state.compare_exchange(from, BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn leave(&self, to: u8) {
        self.state.store(to, Ordering::Release);
    }

    /// Takes the range if there is one and `wanted` says so.
    fn take(&self, wanted: impl Fn(Key) -> bool) -> Option<Range> {
        if !self.enter(FULL) {
            return None;
        }
        // SAFETY: the slot is this thread's now.
        let slot = unsafe { &*self.range.get() };
        // SAFETY: it was full, so it is initialised.
        if !wanted(unsafe { slot.assume_init_ref() }.key) {
            self.leave(FULL);
            return None;
        }
        // SAFETY: as above; from here on the slot counts as empty, so it is not read again.
        let Cached { range, .. } = unsafe { slot.assume_init_read() };
        BYTES.fetch_sub(range.soiled(), Ordering::Relaxed);
        self.leave(EMPTY);
        Some(range)
    }
}

/// A range that was made for `key`, if there is one. Its memory is not zero.
pub(super) fn take(key: Key) -> Option<Range> {
    CACHE.iter().find_map(|slot| slot.take(|cached| cached == key))
}

/// Keeps a range for later, or gives it back to the system if there is no room.
pub(super) fn give(mut range: Range, key: Key) {
    for slot in &CACHE {
        if slot.enter(EMPTY) {
            let others = BYTES.load(Ordering::Relaxed);
            range.discard(MOST_BYTES.saturating_sub(others));
            BYTES.fetch_add(range.soiled(), Ordering::Relaxed);
            // SAFETY: the slot is this thread's.
            unsafe { *slot.range.get() = MaybeUninit::new(Cached { range, key }) };
            slot.leave(FULL);
            return;
        }
    }
}

/// Gives every cached range back to the system.
pub(super) fn trim() {
    for slot in &CACHE {
        drop(slot.take(|_| true));
    }
}
