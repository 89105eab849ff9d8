//! The calls of `ScopedGlobal`, one function each, and the same of the allocator below it: `.ci/instructions-global` looks
//! at what they compile to.

use std::alloc::{GlobalAlloc, Layout};

use arenite::ScopedGlobal;
use arenite::territory::{Chained, Virtual};

macro_rules! paths {
    ($($allocator:expr => $alloc:ident $zeroed:ident $dealloc:ident $realloc:ident;)*) => {$(
        /// # Safety
        ///
        /// As for `GlobalAlloc::alloc`.
        #[unsafe(no_mangle)]
        pub unsafe fn $alloc(layout: Layout) -> *mut u8 {
            // SAFETY: the contract is the same.
            unsafe { $allocator.alloc(layout) }
        }

        /// # Safety
        ///
        /// As for `GlobalAlloc::alloc_zeroed`.
        #[unsafe(no_mangle)]
        pub unsafe fn $zeroed(layout: Layout) -> *mut u8 {
            // SAFETY: the contract is the same.
            unsafe { $allocator.alloc_zeroed(layout) }
        }

        /// # Safety
        ///
        /// As for `GlobalAlloc::dealloc`.
        #[unsafe(no_mangle)]
        pub unsafe fn $dealloc(block: *mut u8, layout: Layout) {
            // SAFETY: the contract is the same.
            unsafe { $allocator.dealloc(block, layout) };
        }

        /// # Safety
        ///
        /// As for `GlobalAlloc::realloc`.
        #[unsafe(no_mangle)]
        pub unsafe fn $realloc(block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: the contract is the same.
            unsafe { $allocator.realloc(block, layout, size) }
        }
    )*};
}

/// Stands for an allocator of which nothing is known but its name. Arguments come in the order in which a `Layout` has its
/// parts, so that none has to be moved.
struct Inner;

unsafe extern "C" {
    fn inner_alloc(align: usize, size: usize) -> *mut u8;
    fn inner_zeroed(align: usize, size: usize) -> *mut u8;
    fn inner_dealloc(block: *mut u8, align: usize, size: usize);
    fn inner_realloc(block: *mut u8, align: usize, size: usize, new: usize) -> *mut u8;
}

// SAFETY: never run.
unsafe impl GlobalAlloc for Inner {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { inner_alloc(layout.align(), layout.size()) }
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { inner_zeroed(layout.align(), layout.size()) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { inner_dealloc(block, layout.align(), layout.size()) };
    }

    #[inline(always)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { inner_realloc(block, layout.align(), layout.size(), new) }
    }
}

static VIRTUAL: ScopedGlobal<Virtual, Inner> = ScopedGlobal::over(Inner);
static CHAINED: ScopedGlobal<Chained, Inner> = ScopedGlobal::chained_over(Inner);

paths! {

    VIRTUAL => virtual_alloc virtual_zeroed virtual_dealloc virtual_realloc;
    CHAINED => chained_alloc chained_zeroed chained_dealloc chained_realloc;
}
