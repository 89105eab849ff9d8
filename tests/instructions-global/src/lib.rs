//! The calls of `ScopedGlobal`, one function each, and the same of the allocator below it: `.ci/instructions-global` looks
//! at what they compile to.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering};

use arenite::ScopedGlobal;
use arenite::territory::{Chained, Virtual};

macro_rules! paths {
    ($($allocator:expr => $alloc:ident $zeroed:ident $dealloc:ident $realloc:ident;)*) => {$(
        /// # Safety
        ///
        /// As for `GlobalAlloc::alloc`.
        #[unsafe(no_mangle)]
        pub unsafe fn $alloc(size: usize, align: usize) -> *mut u8 {
            // SAFETY: the parts of a layout.
            let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
            // SAFETY: the contract is the same.
            unsafe { $allocator.alloc(layout) }
        }

        /// # Safety
        ///
        /// As for `GlobalAlloc::alloc_zeroed`.
        #[unsafe(no_mangle)]
        pub unsafe fn $zeroed(size: usize, align: usize) -> *mut u8 {
            // SAFETY: the parts of a layout.
            let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
            // SAFETY: the contract is the same.
            unsafe { $allocator.alloc_zeroed(layout) }
        }

        /// # Safety
        ///
        /// As for `GlobalAlloc::dealloc`.
        #[unsafe(no_mangle)]
        pub unsafe fn $dealloc(block: *mut u8, size: usize, align: usize) {
            // SAFETY: the parts of a layout.
            let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
            // SAFETY: the contract is the same.
            unsafe { $allocator.dealloc(block, layout) };
        }

        /// # Safety
        ///
        /// As for `GlobalAlloc::realloc`.
        #[unsafe(no_mangle)]
        pub unsafe fn $realloc(block: *mut u8, size: usize, align: usize, new: usize) -> *mut u8 {
            // SAFETY: the parts of a layout.
            let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
            // SAFETY: the contract is the same.
            unsafe { $allocator.realloc(block, layout, new) }
        }
    )*};
}

/// Stands for an allocator of which nothing is known but its name. Arguments come in the order in which the compiler has
/// them when it calls an installed allocator, so that none has to be moved.
struct Inner;

unsafe extern "C" {
    fn inner_alloc(size: usize, align: usize) -> *mut u8;
    fn inner_zeroed(size: usize, align: usize) -> *mut u8;
    fn inner_dealloc(block: *mut u8, size: usize, align: usize);
    fn inner_realloc(block: *mut u8, size: usize, align: usize, new: usize) -> *mut u8;
}

// SAFETY: never run.
unsafe impl GlobalAlloc for Inner {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { inner_alloc(layout.size(), layout.align()) }
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { inner_zeroed(layout.size(), layout.align()) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { inner_dealloc(block, layout.size(), layout.align()) };
    }

    #[inline(always)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { inner_realloc(block, layout.size(), layout.align(), new) }
    }
}

static VIRTUAL: ScopedGlobal<Virtual, Inner> = ScopedGlobal::over(Inner);
static CHAINED: ScopedGlobal<Chained, Inner> = ScopedGlobal::chained_over(Inner);

paths! {
    VIRTUAL => virtual_alloc virtual_zeroed virtual_dealloc virtual_realloc;
    CHAINED => chained_alloc chained_zeroed chained_dealloc chained_realloc;
}

/// An inner allocator that does more than may be done, so that the calls do. The script must find it.
struct Planted;

static COUNTED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: never run.
unsafe impl GlobalAlloc for Planted {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // What locks.
        COUNTED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the contract is the same.
        unsafe { Inner.alloc(layout) }
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // What is longer.
        COUNTED.store(layout.size(), Ordering::Relaxed);
        // SAFETY: the contract is the same.
        unsafe { Inner.alloc_zeroed(layout) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // What panics.
        assert!(layout.size() != 1);
        // SAFETY: the contract is the same.
        unsafe { Inner.dealloc(block, layout) };
    }
}

static PLANTED: ScopedGlobal<Virtual, Planted> = ScopedGlobal::over(Planted);

paths! {
    PLANTED => planted_alloc planted_zeroed planted_dealloc planted_realloc;
}
