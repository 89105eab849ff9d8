//! The region that a thread is in.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr;

use super::core::Core;
use crate::abort;

crate::sync::thread_local! {
    // Needs neither to be made nor to be dropped, so it can be read inside of an allocator, and by every destructor of a
    // thread.
    static CURRENT: Cell<*const Core> = const { Cell::new(ptr::null()) };
}

/// The core of the region that this thread is in, or null.
///
/// If it is not null, a shared reference can be made of it, and used as long as the thread has not returned to its caller:
///
/// * It is aligned and initialised, as it was made of a reference ([`Entered::new`]), which is borrowed until that
///   [`Entered`] ends. Those of a thread end in the reverse order in which they began, or the process ends; so what is
///   current, and what becomes so again, is that of one which has not ended. (One whose stack never goes on keeps what it
///   borrows.)
/// * Nobody has a core exclusively once it is in use: cores stay in their slab for ever, or on the stack of who asks whether
///   an allocator is installed.
/// * Its cells are this thread's: a region is entered through `&Region`, which is not `Sync`.
#[inline(always)]
pub(super) fn get() -> *const Core {
    CURRENT.with(Cell::get)
}

/// Until it is dropped the thread is in this region, or in none.
pub(super) struct Entered<'c> {
    core: *const Core,
    previous: *const Core,
    borrowed: PhantomData<&'c Core>,
}

impl<'c> Entered<'c> {
    #[inline]
    pub(super) fn new(core: &'c Core) -> Self {
        Entered::begin(core)
    }

    /// None at all: what is allocated comes from the inner allocator.
    #[inline]
    pub(super) fn outside() -> Self {
        Entered::begin(ptr::null())
    }

    #[inline]
    fn begin(core: *const Core) -> Self {
        let previous = CURRENT.with(|current| current.replace(core));
        Entered { core, previous, borrowed: PhantomData }
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        if CURRENT.with(|current| current.replace(self.previous)) != self.core {
            // A stack was switched below us: this thread would go on in a region that another one may be in.
            abort::now(
                "a region was left while another one was current: it must be left in the order of entering, on the same stack",
            );
        }
    }
}
