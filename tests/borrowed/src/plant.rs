//! An arena with a fault, to see that it is found.

use std::alloc::Layout;
use std::cell::Cell;
use std::env;
use std::ptr::NonNull;
use std::sync::LazyLock;

use allocator_api2::alloc::{AllocError, Allocator};

static PLANT: LazyLock<Option<String>> = LazyLock::new(|| env::var("BORROWED_PLANT").ok());

/// The arena of a thread, which does what it should unless `BORROWED_PLANT` is set.
pub(crate) struct Planted {
    arena: &'static dyn Allocator,
    last: Cell<Option<(NonNull<[u8]>, Layout)>>,
    count: Cell<usize>,
}

impl Planted {
    pub(crate) fn new(arena: &'static dyn Allocator) -> Self {
        Planted { arena, last: Cell::new(None), count: Cell::new(0) }
    }

    /// A block, of which every other one is not what it should be.
    fn wrong(&self, plant: &str, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.count.set(self.count.get() + 1);
        if self.count.get().is_multiple_of(2) {
            match plant {
                "refused" => return Err(AllocError),
                "misaligned" => {
                    let size = layout.size() + layout.align();
                    let block =
                        self.arena.allocate(Layout::from_size_align(size, layout.align()).unwrap())?;
                    let beside = layout.align().div_ceil(2) % layout.align();
                    // SAFETY: the block is longer by the alignment, and this is less.
                    let start = unsafe { block.cast::<u8>().add(beside) };
                    return Ok(NonNull::slice_from_raw_parts(start, layout.size()));
                }
                "twice" => {
                    if let Some((block, last)) = self.last.get()
                        && last.align() >= layout.align()
                        && block.len() >= layout.size()
                    {
                        return Ok(block);
                    }
                }
                "forgotten" => {}
                other => panic!("`{other}` is no fault that can be planted"),
            }
        }
        let block = self.arena.allocate(layout)?;
        self.last.set(Some((block, layout)));
        Ok(block)
    }
}

// SAFETY: without a fault each call is the arena's. With one it is not, which is what it is for.
unsafe impl Allocator for Planted {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        match &*PLANT {
            None => self.arena.allocate(layout),
            Some(plant) => self.wrong(plant, layout),
        }
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.arena.allocate_zeroed(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if PLANT.is_none() {
            // SAFETY: the caller's promise.
            unsafe { self.arena.deallocate(block, layout) };
        }
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        match &*PLANT {
            // SAFETY: the caller's promise.
            None => unsafe { self.arena.grow(block, old, new) },
            // What was in it is not copied.
            Some(plant) if plant == "forgotten" => self.arena.allocate_zeroed(new),
            Some(plant) => {
                let grown = self.wrong(plant, new)?;
                // SAFETY: both are as long as the old block at least. They may be the same.
                unsafe { grown.cast::<u8>().copy_from(block, old.size()) };
                Ok(grown)
            }
        }
    }

    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise; with a fault nothing is ever given back, so that the block is one of the arena.
        unsafe { self.arena.grow_zeroed(block, old, new) }
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        match &*PLANT {
            // SAFETY: the caller's promise.
            None => unsafe { self.arena.shrink(block, old, new) },
            Some(_) => Ok(NonNull::slice_from_raw_parts(block, new.size())),
        }
    }
}
