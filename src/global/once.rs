//! Memory that is obtained once, by whichever thread is first, and stays for ever.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use crate::sync::atomic::{AtomicPtr, Ordering};

/// What is behind `slot`. If there is nothing yet, a block for `layout`, which is not of size zero, is got from `inner`, and
/// is all zeroes. `None` if there is no memory.
pub(super) fn get_or_obtain<T>(
    slot: &AtomicPtr<T>,
    layout: Layout,
    inner: &dyn GlobalAlloc,
) -> Option<*mut T> {
    let present = slot.load(Ordering::Acquire);
    if !present.is_null() {
        return Some(present);
    }
    // SAFETY: not of size zero, as our caller promises.
    let fresh = unsafe { inner.alloc_zeroed(layout) }.cast::<T>();
    if fresh.is_null() {
        return None;
    }
    match slot.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Some(fresh),
        Err(other) => {
            // Another thread was faster.
            // SAFETY: from the same allocator, with this layout, and nobody has seen it.
            unsafe { inner.dealloc(fresh.cast(), layout) };
            Some(other)
        }
    }
}
