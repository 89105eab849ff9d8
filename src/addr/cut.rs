//! Cutting one range of memory into blocks, from bottom to top.

use super::{align_up, padding};

/// How far a range of memory has been cut into blocks.
///
/// # Invariants
///
/// `cut <= len`.
#[derive(Debug, Clone)]
pub struct Cut {
    /// Bytes in the range.
    len: usize,
    /// Bytes from the start to the end of the topmost block.
    cut: usize,
    /// The alignment that the next block will ask for, as far as can be told.
    align: usize,
}

/// What is to be cut from a range, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The least that will do.
    pub least: usize,
    /// What would be good to have; less than `least` counts as that.
    pub step: usize,
    /// The most that is of use; not less than `least`.
    pub most: usize,
    /// Alignment of the block's address, a power of two.
    pub align: usize,
}

impl Cut {
    /// A range of `len` bytes, from which nothing has been cut.
    pub const fn new(len: usize) -> Self {
        Cut { len, cut: 0, align: 1 }
    }

    /// Bytes from the start to the end of the topmost block.
    pub fn used(&self) -> usize {
        self.cut
    }

    /// Bytes in the range.
    #[allow(clippy::len_without_is_empty, reason = "a range, not a collection")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes above the topmost block.
    pub fn room(&self) -> usize {
        self.len - self.cut
    }

    /// Cuts a block from the range at the address `start`. Returns its offset and its length, which exceeds `most` by
    /// what rounding its end to `next_align`, the alignment of the block after it, takes: were there a gap between
    /// blocks, the lower one could not be made longer in place, or be taken back, once the upper one is gone.
    pub fn take(&mut self, start: usize, wanted: Wanted, next_align: usize) -> Option<(usize, usize)> {
        // The first block starts wherever the range does; later ones begin with a record that must be aligned.
        let offset = self.cut.checked_add(padding(start + self.cut, wanted.align))?;
        let room = self.len.checked_sub(offset)?;
        if wanted.least > room {
            return None;
        }
        self.align = next_align.max(wanted.align);
        let len = wanted.least.max(wanted.step).min(wanted.most).min(room);
        self.cut = self.rounded(start, offset + len);
        Some((offset, self.cut - offset))
    }

    /// Makes the topmost block, if it ends at the offset `end`, longer: by `need` to `most` bytes and what rounding
    /// takes, by `step` if that lies between. Returns by how many.
    pub fn extend(
        &mut self,
        start: usize,
        end: usize,
        need: usize,
        most: usize,
        step: usize,
    ) -> Option<usize> {
        // Where nothing is cut, no block ends: what ends at the start of the range is a neighbour's.
        if end == 0 || end != self.cut || need > self.room() {
            return None;
        }
        let more = need.max(step).min(self.room()).min(most);
        self.cut = self.rounded(start, end + more);
        Some(self.cut - end)
    }

    /// The offset `end`, at most the length of the range, rounded up to where the next block starts.
    fn rounded(&self, start: usize, end: usize) -> usize {
        align_up(start + end, self.align).map_or(self.len, |rounded| (rounded - start).min(self.len))
    }

    /// Takes back the block of `len` bytes at `offset`. If it is not the topmost, its memory comes back when everything
    /// is [cut back](Self::cut_back).
    pub fn release(&mut self, offset: usize, len: usize) {
        if offset + len == self.cut {
            self.cut = offset;
        }
    }

    /// Takes back everything from `offset` on.
    pub fn cut_back(&mut self, offset: usize) {
        self.cut = self.cut.min(offset);
    }
}
