//! How much address space and how many mappings this process has reserved, and what the next reservation may take.
//!
//! One account for all that reserve more than they need at once: to reserve costs nothing, but what is reserved is nobody
//! else's, neither a thread's for its stack nor `malloc`'s. So half of the address space is left to others, and so is a part
//! of the mappings that a process may have.

use crate::addr::share::Room;
use crate::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use crate::sys;

/// Bytes that are reserved.
static RESERVED: AtomicUsize = AtomicUsize::new(0);

/// How many reservations there are.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Bytes that are reserved or nobody's, as it was found last.
static ALL: AtomicUsize = AtomicUsize::new(usize::MAX);

/// How many reservations there may be; 0 before anybody asked.
static MOST_LIVE: AtomicUsize = AtomicUsize::new(0);

/// Bytes of memory that may be kept for later, as it was found last.
static SPARE: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Address space that is reserved, in the account as long as this value lives.
#[derive(Debug)]
pub(crate) struct Claim {
    bytes: usize,
}

impl Claim {
    /// To be made before the system is asked, so that threads which come at the same time know of one another.
    pub(crate) fn new(bytes: usize) -> Claim {
        RESERVED.fetch_add(bytes, Relaxed);
        LIVE.fetch_add(1, Relaxed);
        Claim { bytes }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        RESERVED.fetch_sub(self.bytes, Relaxed);
        LIVE.fetch_sub(1, Relaxed);
    }
}

/// What there is, as far as is known without asking the system.
pub(crate) fn room() -> Room {
    Room { all: ALL.load(Relaxed), reserved: RESERVED.load(Relaxed), live: LIVE.load(Relaxed) }
}

/// What there is. Asks the system: two calls, and three more where a limit is set.
pub(crate) fn look() -> Room {
    let most = sys::address_space();
    let limited = |left: usize| most.min(left.saturating_add(RESERVED.load(Relaxed)));
    ALL.store(sys::address_space_left().map_or(most, limited), Relaxed);
    look_at_memory();
    room()
}

/// Bytes of memory that may be kept for later where it counts although nobody uses it; without bound where it does not.
/// Asks the system.
pub(crate) fn look_at_memory() -> usize {
    // Where memory counts as soon as it may be written, what is kept for later is missing elsewhere.
    let spare =
        if counts_every_page() { 0 } else { sys::data_limit().map_or(usize::MAX, |limit| limit / 32) };
    SPARE.store(spare, Relaxed);
    spare
}

/// What [`look_at_memory`] found last.
pub(crate) fn spare() -> usize {
    SPARE.load(Relaxed)
}

/// As [`sys::counts_every_page`], which is asked once.
fn counts_every_page() -> bool {
    /// 0 before anybody asked.
    static ANSWER: AtomicU8 = AtomicU8::new(0);
    const NO: u8 = 1;
    const YES: u8 = 2;
    match ANSWER.load(Relaxed) {
        0 => {
            let answer = sys::counts_every_page();
            ANSWER.store(if answer { YES } else { NO }, Relaxed);
            answer
        }
        answer => answer == YES,
    }
}

/// How many reservations there may be: each is two mappings, or three, and a quarter of all is left to others.
pub(crate) fn most_live() -> usize {
    match MOST_LIVE.load(Relaxed) {
        0 => {
            let most = sys::most_mappings() / 4;
            MOST_LIVE.store(most.max(1), Relaxed);
            most.max(1)
        }
        most => most,
    }
}
