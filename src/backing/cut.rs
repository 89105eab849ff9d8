//! Cutting one range of memory into blocks, from bottom to top.

use allocator_api2::alloc::AllocError;

use super::{Purpose, Request};
use crate::addr;

/// How far a range of memory has been cut into blocks.
///
/// # Invariants
///
/// `cut <= len`.
#[derive(Debug)]
pub(super) struct Cut {
    /// Bytes in the range.
    len: usize,
    /// Bytes from the start to the end of the topmost block.
    cut: usize,
}

impl Cut {
    pub(super) const fn new(len: usize) -> Self {
        Cut { len, cut: 0 }
    }

    /// Bytes from the start to the end of the topmost block.
    #[cfg(feature = "virtual-memory")]
    pub(super) fn used(&self) -> usize {
        self.cut
    }

    /// Bytes in the range.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes above the topmost block.
    pub(super) fn room(&self) -> usize {
        self.len - self.cut
    }

    /// Cuts a block for `request` from the range at the address `start`, of `step` bytes if that is more. Returns its
    /// offset and its length in bytes.
    pub(super) fn take(
        &mut self,
        start: usize,
        request: &Request,
        step: usize,
    ) -> Result<(usize, usize), AllocError> {
        // The first block starts wherever the range does; later ones begin with a record that must be aligned.
        let padding = addr::padding(start + self.cut, request.align);
        let room = self.room().checked_sub(padding).ok_or(AllocError)?;
        let least =
            request.header.checked_add(request.need).filter(|&least| least <= room).ok_or(AllocError)?;
        let most = request.header.saturating_add(request.most).min(room);
        let len = match request.purpose {
            Purpose::Exact => least,
            Purpose::Allocation { .. } => least.max(step).min(most),
        };
        let offset = self.cut + padding;
        self.cut = offset + len;
        Ok((offset, len))
    }

    /// Makes the topmost block, if it ends at the offset `end`, longer: by `need` to `most` bytes, by `step` if that lies
    /// between. Returns by how many.
    pub(super) fn extend(
        &mut self,
        end: usize,
        need: usize,
        most: usize,
        step: usize,
    ) -> Result<usize, AllocError> {
        if end != self.cut || need > self.room() {
            return Err(AllocError);
        }
        let more = need.max(step).min(self.room()).min(most);
        self.cut += more;
        Ok(more)
    }

    /// Takes back the block of `len` bytes at `offset`. If it is not the topmost, its memory comes back when those above
    /// are gone as well.
    pub(super) fn release(&mut self, offset: usize, len: usize) {
        if offset + len == self.cut {
            self.cut = offset;
        }
    }

    /// Takes back everything from `offset` on.
    pub(super) fn cut_back(&mut self, offset: usize) {
        self.cut = self.cut.min(offset);
    }
}
