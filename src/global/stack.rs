//! A stack of numbers that threads share, without a lock.
//!
//! `tests/loom` checks this file by itself.

use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What is not on a stack, or is the last.
pub(crate) const NONE: u32 = u32::MAX;

/// The links are kept by whatever the numbers stand for, in memory that stays what it is for ever: a thread that was
/// overtaken may read the link of what is not on the stack any more.
///
/// # Invariants
///
/// The lower half of `head` is the number on top plus one, zero for [`NONE`], below a tag that counts removals: a number that was
/// taken off and put on again in between does not deceive a thread that saw it before. (The tag comes round: that thread would
/// have to stand still, between its load and its exchange, for exactly a multiple of 2^32 removals.)
pub(crate) struct Stack {
    head: AtomicU64,
}

fn top(head: u64) -> u32 {
    (head as u32).wrapping_sub(1)
}

fn with_top(head: u64, number: u32) -> u64 {
    head & !u64::from(u32::MAX) | u64::from(number.wrapping_add(1))
}

impl Stack {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Stack { head: AtomicU64::new(0) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Stack { head: AtomicU64::new(0) }
    }

    /// Puts a number on top. The caller gives it away, with what it stands for.
    pub(crate) fn push(&self, number: u32, link: &AtomicU32) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            link.store(top(head), Ordering::Relaxed);
            let new = with_top(head, number);
            match self.head.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Takes the number on top: it is the caller's alone. `link` finds the link of a number.
    pub(crate) fn pop<'l>(&self, link: impl Fn(u32) -> &'l AtomicU32) -> Option<u32> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let number = top(head);
            if number == NONE {
                return None;
            }
            let below = link(number).load(Ordering::Relaxed);
            let new = with_top(head.wrapping_add(1 << 32), below);
            match self.head.compare_exchange_weak(head, new, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(number),
                Err(now) => head = now,
            }
        }
    }
}
