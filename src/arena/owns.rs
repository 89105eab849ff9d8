//! Which blocks are an arena's.

use core::ptr::NonNull;

use super::Arena;
use crate::backing::Backing;
use crate::owns::Owns;

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
