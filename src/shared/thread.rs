//! Which thread this is.

use core::cell::Cell;
use core::marker::PhantomData;

use super::numbers::Numbers;
use crate::abort;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// The number of a thread that has none.
pub(super) const NO_NUMBER: usize = usize::MAX;

/// The identity of nobody.
pub(super) const NOBODY: usize = 0;

/// Who a thread is.
#[derive(Clone, Copy)]
pub(super) struct Here {
    /// A small number that no other thread has meanwhile; after this one's end another may have it.
    /// [`NO_NUMBER`] before the thread is [introduced](introduce), while its thread-local values are destroyed, and when
    /// there are more threads than numbers.
    pub(super) number: usize,
    /// What no other thread ever is. [`NOBODY`] before the thread is introduced.
    pub(super) id: usize,
}

static NUMBERS: Numbers = Numbers::new();
static LAST_ID: AtomicUsize = AtomicUsize::new(NOBODY);

std::thread_local! {
    // Constant and without a destructor: there as long as the thread is, and one instruction away.
    static HERE: Cell<Here> = const { Cell::new(Here { number: NO_NUMBER, id: NOBODY }) };

    /// Whether the thread is being introduced. Some systems allocate in order to note down a destructor; if the program's
    /// allocator is ours, that is a call from within, which goes without a number.
    static ENTERING: Cell<bool> = const { Cell::new(false) };

    /// Its destructor gives the number back.
    static LEAVE: Leave = const { Leave };

    /// How many [`Stay`]s there are.
    static STAYS: Cell<usize> = const { Cell::new(0) };

    /// The number to give back when the last of these is gone.
    static OWED: Cell<usize> = const { Cell::new(NO_NUMBER) };
}

struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        let Here { number, id } = here();
        if number != NO_NUMBER {
            // First: destructors that run after this one may call again.
            HERE.set(Here { number: NO_NUMBER, id });
            if STAYS.get() > 0 {
                OWED.set(number);
            } else {
                NUMBERS.release(number);
            }
        }
    }
}

/// While it lives, the number that this thread has goes to no other one. For what has a thing under the number and runs code
/// of the user's: the thread's values may be destroyed meanwhile, if the process exits in there, or if the stack is left for
/// another one.
pub(super) struct Stay(PhantomData<*const ()>);

#[inline]
pub(super) fn stay() -> Stay {
    STAYS.set(STAYS.get() + 1);
    Stay(PhantomData)
}

impl Drop for Stay {
    #[inline]
    fn drop(&mut self) {
        STAYS.set(STAYS.get() - 1);
        if OWED.get() != NO_NUMBER && STAYS.get() == 0 {
            NUMBERS.release(OWED.replace(NO_NUMBER));
        }
    }
}

/// Who this thread is, as far as is known.
#[inline(always)]
pub(super) fn here() -> Here {
    HERE.get()
}

/// Who this thread is; gives it an identity, and a number if there is one for it.
#[cold]
pub(super) fn introduce() -> Here {
    let mut known = here();
    if known.id == NOBODY {
        let next = |last: usize| last.checked_add(1);
        let Ok(last) = LAST_ID.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) else {
            // Not out of an allocator.
            let _armed = abort::Armed;
            panic!("there have been more threads than there are identities for them");
        };
        known.id = last + 1;
        HERE.set(known);
    }
    if known.number == NO_NUMBER && !ENTERING.replace(true) {
        // Without the destructor the number would never come back.
        if LEAVE.try_with(|_| ()).is_ok() {
            if let Some(number) = NUMBERS.claim() {
                known.number = number;
                HERE.set(known);
            }
        }
        ENTERING.set(false);
    }
    known
}
