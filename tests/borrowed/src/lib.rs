//! [`Global`], an allocator for test suites that name none: whoever uses it allocates from an arena, as every collection
//! of theirs does whose allocator is left at its default. `.ci/borrowed` puts it into their dependencies.
//!
//! `BORROWED_ARENA` says which arena (see `home`), `BORROWED_FIGURES` to which file the figures are written when the
//! process ends. Each block is checked on its way. `BORROWED_PLANT` is a fault, which must be found: by the check, or, if
//! `BORROWED_UNCHECKED` is set, by the suite itself.

mod book;
mod figures;
mod home;
mod plant;
pub mod strings;

use std::alloc::Layout;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};
pub use allocator_api2::collections::TryReserveErrorKind;

use home::home;
use plant::Planted;

/// What the copy of allocator-api2 has for its own module of this name.
pub mod alloc {
    pub use crate::Global;
    pub use allocator_api2::alloc::*;
}

/// The arena of the thread, or of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Global;

// SAFETY: each call arrives at an arena that is never dropped. Which one depends on the thread alone; that a block comes
// back to the one it is from is checked before.
unsafe impl Allocator for Global {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let home = home();
        let block = home.planted().allocate(layout)?;
        home.lend(block, layout, false);
        Ok(block)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let home = home();
        let block = home.planted().allocate_zeroed(layout)?;
        home.lend(block, layout, true);
        Ok(block)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        let home = home();
        home.take_back(block, layout);
        // SAFETY: the caller's promise, for the arena that the block is from.
        unsafe { home.planted().deallocate(block, layout) };
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        resize(block, old, new, |planted| unsafe { planted.grow(block, old, new) })
    }

    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        resize(block, old, new, |planted| unsafe { planted.grow_zeroed(block, old, new) })
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as above.
        resize(block, old, new, |planted| unsafe { planted.shrink(block, old, new) })
    }
}

/// What both ways to another size have in common: the block comes back, and another one, or the same, is handed out.
fn resize(
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
    by: impl FnOnce(&Planted) -> Result<NonNull<[u8]>, AllocError>,
) -> Result<NonNull<[u8]>, AllocError> {
    let home = home();
    home.take_back(block, old);
    home.resized(by(home.planted()), block, old, new)
}
