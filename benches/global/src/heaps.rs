//! mimalloc's own heaps: the nearest that a general allocator has to a region.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;

use axum::Router;
use libmimalloc_sys::{
    mi_heap_delete, mi_heap_destroy, mi_heap_malloc_aligned, mi_heap_new, mi_heap_realloc_aligned, mi_heap_t,
    mi_heap_zalloc_aligned,
};
use mimalloc::MiMalloc;

use crate::memory::Memory;

/// How a heap ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// What is still in use of it becomes the thread's.
    Deleted,
    /// All of it is freed at once, so that a free before that has nothing to do. Nothing may outlive it.
    Destroyed,
}

/// mimalloc, and a heap for each piece of work.
pub struct Heaps(pub End);

thread_local! {
    /// The heap of the piece of work that the thread does, or null.
    static HEAP: Cell<*mut mi_heap_t> = const { Cell::new(ptr::null_mut()) };
}

// SAFETY: a block comes from mimalloc, by one of its heaps or without, and goes back to it, whose `mi_free` takes both; or it
// goes with its heap, and its owner has given it up before.
unsafe impl GlobalAlloc for Heaps {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match HEAP.get() {
            // SAFETY: the caller's promise is the callee's.
            heap if heap.is_null() => unsafe { MiMalloc.alloc(layout) },
            // SAFETY: the heap is this thread's, and has not ended.
            heap => unsafe { mi_heap_malloc_aligned(heap, layout.size(), layout.align()) }.cast(),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match HEAP.get() {
            // SAFETY: the caller's promise is the callee's.
            heap if heap.is_null() => unsafe { MiMalloc.alloc_zeroed(layout) },
            // SAFETY: the heap is this thread's, and has not ended.
            heap => unsafe { mi_heap_zalloc_aligned(heap, layout.size(), layout.align()) }.cast(),
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if self.0 == End::Deleted || HEAP.get().is_null() {
            // SAFETY: the block is mimalloc's, and the caller gives it up.
            unsafe { MiMalloc.dealloc(start, layout) };
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        match HEAP.get() {
            // SAFETY: the caller's promise is the callee's.
            heap if heap.is_null() => unsafe { MiMalloc.realloc(start, layout, new_size) },
            // SAFETY: the heap is this thread's, and has not ended; the block is mimalloc's, and the caller gives it up.
            heap => unsafe { mi_heap_realloc_aligned(heap, start.cast(), new_size, layout.align()) }.cast(),
        }
    }
}

impl Memory for Heaps {
    fn scope(&self, work: &mut dyn FnMut()) {
        // SAFETY: mimalloc can be asked for a heap at any time.
        let heap = unsafe { mi_heap_new() };
        assert!(!heap.is_null(), "mimalloc has a heap for each piece of work");
        HEAP.set(heap);
        work();
        HEAP.set(ptr::null_mut());
        match self.0 {
            // SAFETY: the heap was made above, by this thread, and ends once.
            End::Deleted => unsafe { mi_heap_delete(heap) },
            // SAFETY: as above; and the work, which is that of the rows of heaps alone, has given up all that it allocated.
            End::Destroyed => unsafe { mi_heap_destroy(heap) },
        }
    }

    fn app(&self, app: Router) -> Router {
        app
    }

    fn trim(&self) {}
}
