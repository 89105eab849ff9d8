//! Cutting one range of memory into blocks, from bottom to top.

use allocator_api2::alloc::AllocError;

use super::{Purpose, Request};
use crate::addr;
use crate::raw::CHUNK_ALIGN;

/// How far a range of memory has been cut into blocks. (Where the range lies is for the caller to say, as some do not know
/// before they are asked.)
///
/// # Invariants
///
/// `cut <= len`, and the blocks lie one upon the other without a gap.
#[derive(Debug)]
pub(super) struct Cut {
    /// Bytes in the range.
    len: usize,
    /// Bytes from the start to the end of the topmost block.
    cut: usize,
    /// What blocks with a record are aligned to.
    align: usize,
}

impl Cut {
    pub(super) const fn new(len: usize) -> Self {
        Cut { len, cut: 0, align: CHUNK_ALIGN }
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

    /// Bytes from the first multiple of `align` above the topmost block to the end of the range, which is at the address
    /// `start`.
    pub(super) fn room(&self, start: usize, align: usize) -> usize {
        (self.len - self.cut).saturating_sub(addr::padding(start + self.cut, align))
    }

    /// Cuts a block for `request`, of `step` bytes if that is more. Returns its offset and its length in bytes.
    pub(super) fn take(
        &mut self,
        start: usize,
        request: &Request,
        step: usize,
    ) -> Result<(usize, usize), AllocError> {
        // The first block starts wherever the range does; later ones begin with a record that must be aligned.
        let room = self.room(start, request.align);
        let offset = self.len - room;
        let least =
            request.header.checked_add(request.need).filter(|&least| least <= room).ok_or(AllocError)?;
        let most = request.header.saturating_add(request.most).min(room);
        let len = match request.purpose {
            Purpose::Exact => least,
            Purpose::Allocation { .. } => least.max(step).min(most),
        };
        self.align = request.align.max(CHUNK_ALIGN);
        self.cut = self.next_start(start, offset + len);
        Ok((offset, self.cut - offset))
    }

    /// Makes the topmost block, if it ends at the offset `end`, longer: by `need` to `most` bytes, by `step` if that lies
    /// between, and up to where the next block can begin. Returns by how many.
    pub(super) fn extend(
        &mut self,
        start: usize,
        end: usize,
        need: usize,
        most: usize,
        step: usize,
    ) -> Result<usize, AllocError> {
        let room = self.len - self.cut;
        if end != self.cut || need > room {
            return Err(AllocError);
        }
        let more = need.max(step).min(room).min(most);
        self.cut = self.next_start(start, self.cut + more);
        Ok(self.cut - end)
    }

    /// Takes back the block of `len` bytes at `offset`. Unless it is the topmost, its memory stays idle until everything
    /// below it is taken back as well.
    pub(super) fn release(&mut self, offset: usize, len: usize) {
        if offset + len == self.cut {
            self.cut = offset;
        }
    }

    /// Takes back everything from `offset` on.
    pub(super) fn cut_back(&mut self, offset: usize) {
        self.cut = self.cut.min(offset);
    }

    /// Where a block must end that could end at `offset`: where the next one can begin, or at the end of the range. So
    /// nothing lies between blocks, and when the topmost is released the one below is the topmost.
    fn next_start(&self, start: usize, offset: usize) -> usize {
        self.len.min(offset + addr::padding(start + offset, self.align))
    }
}
