//! The system's allocator, with every block at the start of a page.
//!
//! How much padding stands in front of a block depends on the address of its chunk, which is another one each time.

use std::alloc::{GlobalAlloc, Layout, System};

/// As aligned as any block that a program asks for.
const ALIGN: usize = 4096;

pub(crate) struct Aligned;

impl Aligned {
    fn layout(layout: Layout) -> Option<Layout> {
        layout.align_to(ALIGN).ok()
    }
}

// SAFETY: `System` is one, and each block goes back with the layout that it was asked for with.
unsafe impl GlobalAlloc for Aligned {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(layout) = Self::layout(layout) else { return std::ptr::null_mut() };
        // SAFETY: the size is not zero (the caller's promise).
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let layout = Self::layout(layout).expect("it was allocated with this layout");
        // SAFETY: it came from there with this layout, as the caller says.
        unsafe { System.dealloc(block, layout) };
    }
}
