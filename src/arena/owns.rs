//! Which blocks are an arena's.

use core::ptr::NonNull;

use super::Arena;
use crate::backing::Backing;
use crate::owns::{Owns, Whole};

// SAFETY: what an arena hands out lies in one of its chunks for as long as it is allocated, and what another allocator
// handed out that has no memory of the arena's does not: the arena holds its chunks alone. A child and its parent have chunks
// in common, and a block of either may be freed through the other. Nothing here unwinds.
unsafe impl<B: Backing, const M: usize> Owns for &Arena<B, M> {
    #[inline]
    fn owns(&self, block: NonNull<u8>) -> bool {
        let address = block.addr().get();
        let mut found = false;
        self.root().for_each_chunk(|_, record| {
            found |= (record.base.addr()..record.limit.get().addr()).contains(&address);
        });
        found
    }
}

// SAFETY: an arena is no allocator, references to it are. What they hand out, and children, which share chunks with the arena,
// borrow the arena; so does an allocator that has its memory from any of these. All such borrows have ended when the arena is
// borrowed exclusively. A child is never borrowed exclusively, as its guard gives out shared references alone; so the memory of
// a parent is not meant.
unsafe impl<B: Backing, const M: usize> Whole for Arena<B, M> {}
