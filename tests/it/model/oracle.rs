//! What must be true of the blocks that are alive.

use std::alloc::Layout;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::slice;

/// A block that a program has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) start: NonNull<u8>,
    pub(super) layout: Layout,
    /// The handle that handed it out.
    pub(super) owner: u64,
    /// When that was.
    pub(super) born: u64,
    /// What its bytes follow from.
    seed: u64,
}

impl Block {
    fn byte(&self, i: usize) -> u8 {
        (self.seed as usize ^ i ^ (i >> 8)).wrapping_mul(167) as u8
    }
}

/// The blocks that are alive: none overlaps another, and each holds what was written into it.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Oldest first.
    blocks: Vec<Block>,
    /// Start and end of every block that has bytes.
    ranges: BTreeMap<usize, usize>,
    seeds: u64,
}

impl Oracle {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The place in [`blocks`](Self::blocks) of the block that a program calls `name`: 0 is the newest.
    pub(super) fn find(&self, name: u8) -> Option<usize> {
        let newest = self.blocks.len().checked_sub(1)?;
        Some(newest - usize::from(name) % self.blocks.len())
    }

    /// Takes in a block that was just handed out, and fills it.
    pub(super) fn admit(&mut self, start: NonNull<u8>, layout: Layout, owner: u64, now: u64) {
        self.seeds += 1;
        let block = Block { start, layout, owner, born: now, seed: self.seeds };
        self.claim(&block);
        self.fill(&block, 0);
        self.blocks.push(block);
    }

    /// Checks that a block is where it may be, and writes its range down.
    fn claim(&mut self, block: &Block) {
        let (start, size) = (block.start.addr().get(), block.layout.size());
        assert_eq!(start % block.layout.align(), 0, "{block:?} is not aligned");
        if size == 0 {
            return;
        }
        let end = start.checked_add(size).expect("a block does not wrap around");
        if let Some((other, other_end)) = self.ranges.range(..end).next_back() {
            assert!(*other_end <= start, "{block:?} overlaps the block at {other:#x}..{other_end:#x}");
        }
        self.ranges.insert(start, end);
    }

    /// Writes the bytes of a block from `from` on.
    fn fill(&self, block: &Block, from: usize) {
        for i in from..block.layout.size() {
            // SAFETY: the block is alive and has that many bytes.
            let place = unsafe { block.start.add(i) };
            // SAFETY: as above; a block may be written.
            unsafe { place.write(block.byte(i)) };
        }
    }

    /// Checks that the first `len` bytes of what is at `start` are still those of `block`.
    fn verify(block: &Block, start: NonNull<u8>, len: usize) {
        // SAFETY: the block is alive, `fill` has initialised it, and nobody writes while we look.
        let bytes = unsafe { slice::from_raw_parts(start.as_ptr(), len) };
        let wrong = bytes.iter().enumerate().position(|(i, &byte)| byte != block.byte(i));
        assert_eq!(wrong, None, "{block:?} has lost its contents at this offset");
    }

    /// The block at `index` has become one of `layout` at `start`; its contents must have come along.
    pub(super) fn resized(&mut self, index: usize, start: NonNull<u8>, layout: Layout, now: u64) {
        let old = self.blocks[index];
        Self::verify(&old, start, old.layout.size().min(layout.size()));
        if old.layout.size() != 0 {
            assert!(self.ranges.remove(&old.start.addr().get()).is_some());
        }
        let moved = start != old.start;
        let new = Block { start, layout, born: if moved { now } else { old.born }, ..old };
        self.claim(&new);
        self.fill(&new, old.layout.size().min(layout.size()));
        self.blocks[index] = new;
    }

    /// Checks a block and lets go of it.
    pub(super) fn remove(&mut self, index: usize) -> Block {
        let block = self.blocks.remove(index);
        Self::verify(&block, block.start, block.layout.size());
        if block.layout.size() != 0 {
            assert!(self.ranges.remove(&block.start.addr().get()).is_some());
        }
        block
    }

    /// Checks the blocks for which `dies` holds and lets go of them.
    pub(super) fn remove_if(&mut self, dies: impl Fn(&Block) -> bool) {
        for index in (0..self.blocks.len()).rev() {
            if dies(&self.blocks[index]) {
                self.remove(index);
            }
        }
    }

    /// Every block, and what is in it.
    pub(super) fn contents(&self) -> impl Iterator<Item = (&Block, &[u8])> {
        self.blocks.iter().map(|block| {
            // SAFETY: the block is alive, `fill` has initialised it, and nobody writes while the oracle is borrowed.
            (block, unsafe { slice::from_raw_parts(block.start.as_ptr(), block.layout.size()) })
        })
    }

    /// Checks every block.
    pub(super) fn verify_all(&self) {
        for block in &self.blocks {
            Self::verify(block, block.start, block.layout.size());
        }
    }

    /// Bytes in the blocks of those owners for which `counts` holds.
    pub(super) fn live_bytes(&self, counts: impl Fn(u64) -> bool) -> usize {
        self.blocks.iter().filter(|block| counts(block.owner)).map(|block| block.layout.size()).sum()
    }
}
