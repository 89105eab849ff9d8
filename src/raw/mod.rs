//! The untyped core: the only code that moves a cursor.
//!
//! [`Cursor`] hands out a window of memory from front to back. A [`Chunk`] is the record of one block that a backing
//! gave. A [`Loan`] is the tail of a window while a child scope has it, and a [`SpareList`] keeps tails that could not
//! go back to where they came from. Nothing here knows what a backing is.

mod chunk;
mod cursor;
mod loan;

#[cfg(arenite_zeal)]
pub(crate) mod check;

pub(crate) use chunk::{Chunk, ChunkId, ChunkList};
pub(crate) use cursor::{Cursor, footprint};
pub(crate) use loan::{Loan, SpareList};

/// Every chunk starts at a multiple of this many bytes, and is a multiple of it long.
pub(crate) const CHUNK_ALIGN: usize = 16;

/// The block of size zero for `layout`: an address that is aligned and not null.
#[inline]
pub(crate) const fn dangling(layout: core::alloc::Layout) -> core::ptr::NonNull<u8> {
    let pointer = core::ptr::without_provenance_mut(layout.align());
    // SAFETY: an alignment is not zero.
    unsafe { core::ptr::NonNull::new_unchecked(pointer) }
}
