//! What live blocks are filled with, so that a byte out of place shows.
//!
//! Reads are volatile: a broken allocator may hand out as zeroed, or as preserved, what nobody ever wrote, and the
//! compiler must not draw conclusions from that before the check does.

use core::ptr::NonNull;

const WORD: usize = size_of::<u64>();

/// A byte that is not what it should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mismatch {
    pub(super) offset: usize,
    pub(super) expected: u8,
    pub(super) found: u8,
}

/// Word `index` of the pattern with this key. No byte of it is zero, so that it is never taken for cleared memory.
fn word(key: u64, index: usize) -> [u8; WORD] {
    let mixed = (key ^ index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)) | 0x0101_0101_0101_0101).to_le_bytes()
}

fn byte(key: u64, offset: usize) -> u8 {
    word(key, offset / WORD)[offset % WORD]
}

/// Writes the pattern into `len` bytes.
///
/// # Safety
///
/// `block` must be valid for writes of `len` bytes.
pub(super) unsafe fn fill(block: NonNull<u8>, len: usize, key: u64) {
    for start in (0..len).step_by(WORD) {
        let word = word(key, start / WORD);
        let source = NonNull::from(&word).cast::<u8>();
        // SAFETY: `start < len`, so this stays in the block.
        let target = unsafe { block.add(start) };
        // SAFETY: the count is at most a word and at most what is left of the block; `word` is a local, hence apart.
        unsafe { target.copy_from_nonoverlapping(source, WORD.min(len - start)) }
    }
}

/// The first of bytes `0..len` that is not the pattern's.
///
/// # Safety
///
/// `block` must be valid for reads of `len` bytes.
pub(super) unsafe fn first_mismatch(block: NonNull<u8>, len: usize, key: u64) -> Option<Mismatch> {
    let mut offset = 0;
    while offset < len {
        if len - offset >= WORD && offset % WORD == 0 {
            // SAFETY: a whole word is left of the block at `offset`.
            let start = unsafe { block.add(offset) }.cast::<[u8; WORD]>();
            // SAFETY: a whole word is left of the block there, which is valid for reads (this function's contract); an array of bytes has no alignment to keep.
            if unsafe { start.read_volatile() } == word(key, offset / WORD) {
                offset += WORD;
                continue;
            }
        }
        // SAFETY: `offset < len`, as the caller vouches for.
        let found = unsafe { read(block, offset) };
        let expected = byte(key, offset);
        if found != expected {
            return Some(Mismatch { offset, expected, found });
        }
        offset += 1;
    }
    None
}

/// The first of bytes `from..to` that is not zero.
///
/// # Safety
///
/// `block` must be valid for reads of `to` bytes.
pub(super) unsafe fn first_nonzero(block: NonNull<u8>, from: usize, to: usize) -> Option<Mismatch> {
    (from..to).find_map(|offset| {
        // SAFETY: `offset < to`, as the caller vouches for.
        let found = unsafe { read(block, offset) };
        (found != 0).then_some(Mismatch { offset, expected: 0, found })
    })
}

/// The first of bytes `from..to` that is neither the pattern's nor zero.
///
/// # Safety
///
/// `block` must be valid for reads of `to` bytes.
pub(super) unsafe fn first_foreign(block: NonNull<u8>, from: usize, to: usize, key: u64) -> Option<Mismatch> {
    (from..to).find_map(|offset| {
        // SAFETY: `offset < to`, as the caller vouches for.
        let found = unsafe { read(block, offset) };
        let expected = byte(key, offset);
        (found != 0 && found != expected).then_some(Mismatch { offset, expected, found })
    })
}

/// # Safety
///
/// `block` must be valid for reads of more than `offset` bytes.
unsafe fn read(block: NonNull<u8>, offset: usize) -> u8 {
    // SAFETY: the caller vouches that the block is longer than `offset`.
    let place = unsafe { block.add(offset) };
    // SAFETY: valid for reads (this function's contract); `u8` has no alignment to keep.
    unsafe { place.read_volatile() }
}
