//! The wrappers of `wrap`, each over bases that fail, that grant more than was asked, and that serve the whole process.

mod every;
mod guarded;
mod histogram;
mod hooked;
mod limited;
#[cfg(all(feature = "virtual-memory", unix))]
mod page_guarded;
mod pairs;
mod through;
#[cfg(all(feature = "std", feature = "hashbrown"))]
mod tracking;
mod versions;

use allocator_api2::alloc::{AllocError, Allocator};
use arenite::testing::conformance::Conformance;
use std::alloc::Layout;
use std::ptr::NonNull;

/// What fits the buffer of `Hostile`.
fn small() -> Conformance {
    Conformance::new().max_size(4096).max_align(4096).operations(2_000)
}

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

fn block(allocator: &impl Allocator, size: usize) -> Result<NonNull<u8>, AllocError> {
    let block = allocator.allocate(bytes(size))?;
    assert_eq!(block.len(), size);
    Ok(block.cast())
}

/// # Safety
///
/// The block is of the allocator's, and has this many bytes, aligned to 8.
unsafe fn free(allocator: &impl Allocator, block: NonNull<u8>, size: usize) {
    // SAFETY: the caller vouches for the block and its layout.
    unsafe { allocator.deallocate(block, bytes(size)) }
}

/// # Safety
///
/// The block is of the allocator's, and has `old` bytes, aligned to 8.
unsafe fn resize(
    allocator: &impl Allocator,
    block: NonNull<u8>,
    old: usize,
    new: usize,
) -> Result<NonNull<u8>, AllocError> {
    if new >= old {
        // SAFETY: the caller vouches for the block and its layout; the new one is no smaller.
        unsafe { allocator.grow(block, bytes(old), bytes(new)) }.map(NonNull::cast)
    } else {
        // SAFETY: the caller vouches for the block and its layout; the new one is smaller.
        unsafe { allocator.shrink(block, bytes(old), bytes(new)) }.map(NonNull::cast)
    }
}
