//! The record of a chunk: one block that a backing gave.

use core::cell::Cell;
use core::ptr;

/// What an arena knows of one chunk.
///
/// The record lies at the head of the chunk that it describes, except for the first chunk of a contiguous backing,
/// whose record lies in the arena: a buffer of 64 bytes then serves 64 bytes.
///
/// # Invariants
///
/// * `base <= top <= limit`; `[base, top)` is writable memory that the arena holds, `base` and `top` are multiples of
///   the arena's minimum alignment.
/// * A cursor whose window ends at `top` is the only one that may ask for the chunk to be made longer.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Chunk {
    /// The first byte that may be handed out.
    pub(crate) base: *mut u8,
    /// The end of the block as the backing gave it.
    pub(crate) limit: Cell<*mut u8>,
    /// The end of what may be handed out. (Not beside `base`: a compiler that reads both with one load, as they go into
    /// the cursor, makes a fresh chunk wait until the two stores before have reached the cache.)
    pub(crate) top: Cell<*mut u8>,
    /// The highest position at which a cursor left this chunk since it was last empty.
    pub(crate) filled: Cell<*mut u8>,
    /// Bytes at or above this one are known to be zero.
    pub(crate) zero_from: Cell<*mut u8>,
    /// The next in the list of all chunks of the arena.
    pub(crate) next: Cell<ChunkId>,
    /// The next in the list of chunks that one handle obtained, or in that of spare chunks.
    pub(crate) link: Cell<ChunkId>,
}

impl Chunk {
    /// Bytes below `end` may have been written.
    #[inline]
    pub(crate) fn soil(&self, end: *mut u8) {
        self.zero_from.set(self.zero_from.get().max(end));
    }

    /// Bytes that may be handed out.
    #[inline]
    pub(crate) fn usable(&self) -> usize {
        self.top.get().addr() - self.base.addr()
    }

    /// Bytes of the block above those that may be handed out.
    #[inline]
    pub(crate) fn unused(&self) -> usize {
        self.limit.get().addr() - self.top.get().addr()
    }
}

/// Names a chunk, or none. Stays valid when the arena is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkId(*mut Chunk);

impl ChunkId {
    pub(crate) const NONE: ChunkId = ChunkId(ptr::null_mut());
    /// The chunk whose record lies in the arena. (An address at which no record can lie.)
    pub(crate) const FIRST: ChunkId = ChunkId(ptr::without_provenance_mut(1));

    /// The chunk whose record lies at `record`.
    #[inline(always)]
    pub(crate) fn at(record: *mut Chunk) -> ChunkId {
        ChunkId(record)
    }

    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self.0.is_null()
    }

    /// Where the record lies, if it is not [`FIRST`](Self::FIRST) or [`NONE`](Self::NONE).
    #[inline(always)]
    pub(crate) fn record(self) -> *mut Chunk {
        self.0
    }
}

/// A list of chunks, linked through [`Chunk::link`], newest first.
#[derive(Debug)]
pub(crate) struct ChunkList {
    head: Cell<ChunkId>,
}

impl ChunkList {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        ChunkList { head: Cell::new(ChunkId::NONE) }
    }

    #[inline(always)]
    pub(crate) fn head(&self) -> ChunkId {
        self.head.get()
    }

    #[inline]
    pub(crate) fn clear(&self) {
        self.head.set(ChunkId::NONE);
    }

    /// Puts `chunk`, whose record is `record`, in front.
    #[inline]
    pub(crate) fn push(&self, chunk: ChunkId, record: &Chunk) {
        record.link.set(self.head.get());
        self.head.set(chunk);
    }

    /// Puts `chunk`, which was registered just now, into this list, which is empty.
    #[inline(always)]
    pub(crate) fn begin(&self, chunk: ChunkId) {
        debug_assert!(self.head.get().is_none());
        self.head.set(chunk);
    }

    /// Takes the chunk in front, whose record is `record`.
    #[inline]
    pub(crate) fn pop(&self, record: &Chunk) {
        self.head.set(record.link.get());
    }
}
