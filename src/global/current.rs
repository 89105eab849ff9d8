//! The region that a thread is in.

use core::cell::Cell;
use core::ptr;

use super::core::Core;
use crate::abort;

crate::sync::thread_local! {
    // Needs neither to be made nor to be dropped, so it can be read inside of an allocator, and by every destructor of a
    // thread.
    static CURRENT: Cell<*const Core> = const { Cell::new(ptr::null()) };
}

/// The core of the region that this thread is in, or null.
#[inline(always)]
pub(super) fn get() -> *const Core {
    CURRENT.with(Cell::get)
}

/// Until it is dropped the thread is in this region, or in none.
pub(super) struct Entered {
    core: *const Core,
    previous: *const Core,
}

impl Entered {
    #[inline]
    pub(super) fn new(core: *const Core) -> Self {
        Entered { core, previous: CURRENT.with(|current| current.replace(core)) }
    }

    /// None at all: what is allocated comes from the inner allocator.
    #[inline]
    pub(super) fn outside() -> Self {
        Entered::new(ptr::null())
    }
}

impl Drop for Entered {
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
