//! An allocator that watches its user and can refuse.

use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ptr::NonNull;

/// Hands out memory of the heap by reference, moves a block whenever it is resized, and panics when a block comes back
/// that it did not give, with another layout, or not at all.
pub(crate) struct Watched {
    blocks: RefCell<BTreeMap<usize, Layout>>,
    /// How many allocations were granted so far.
    pub(crate) granted: Cell<usize>,
    /// How many more it grants.
    pub(crate) left: Cell<usize>,
    /// The largest block it grants, in bytes.
    pub(crate) largest: Cell<usize>,
    /// The largest block it was asked for, in bytes.
    pub(crate) largest_asked: Cell<usize>,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self {
            blocks: RefCell::default(),
            granted: Cell::new(0),
            left: Cell::new(usize::MAX),
            largest: Cell::new(usize::MAX),
            largest_asked: Cell::new(0),
        }
    }

    /// The bytes in blocks that did not come back yet.
    pub(crate) fn live_bytes(&self) -> usize {
        self.blocks.borrow().values().map(Layout::size).sum()
    }

    pub(crate) fn live_blocks(&self) -> usize {
        self.blocks.borrow().len()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.live_blocks(), 0, "blocks were never given back");
        }
    }
}

// SAFETY: the blocks are those of `Global`, which frees them when this is told to, and not before. All copies of the
// reference mean the same allocator.
unsafe impl Allocator for &Watched {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Global.allocate(layout);
        }
        self.largest_asked.set(self.largest_asked.get().max(layout.size()));
        if self.left.get() == 0 || layout.size() > self.largest.get() {
            return Err(AllocError);
        }
        let block = Global.allocate(layout)?;
        self.left.set(self.left.get() - 1);
        self.granted.set(self.granted.get() + 1);
        self.blocks.borrow_mut().insert(block.cast::<u8>().as_ptr() as usize, layout);
        Ok(block)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            // Boxes of allocator-api2 return such blocks without having asked for them, vectors the other way round.
            return;
        }
        let known = self.blocks.borrow_mut().remove(&(block.as_ptr() as usize));
        assert_eq!(known, Some(layout), "a block came back that was not given so");
        // SAFETY: `Global` gave this block with this layout, as the map has just shown.
        unsafe { Global.deallocate(block, layout) };
    }
}
