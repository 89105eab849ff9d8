//! What an arena and all its children have in common.

use core::cell::{Cell, UnsafeCell};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use super::{Arena, OutOfMemory};
use crate::abort;
use crate::addr;
use crate::backing::{Backing, Block, Purpose, Request};
use crate::raw::{CHUNK_ALIGN, Chunk, ChunkId, ChunkList};
use crate::track;

/// The limit of an arena that has none.
pub(super) const NO_LIMIT: usize = usize::MAX;

/// The limit of an arena that had one, or of which a handle was sealed, and has none. The shortest way to a first chunk, on
/// which every instruction shows, is taken with [`NO_LIMIT`] alone, so that it need not ask who is sealed.
pub(super) const NO_LIMIT_ANY_MORE: usize = NO_LIMIT - 1;

/// Whether a handle is the arena itself or a child of one.
pub(super) enum Home<B: Backing, const M: usize> {
    /// Dropped by hand, so that the end of an arena with nothing to tell its backing is one short loop, to be inlined.
    Root(ManuallyDrop<Root<B, M>>),
    Child {
        root: *const Root<B, M>,
        parent: *const Arena<B, M>,
    },
}

/// The backing and its chunks.
///
/// # Invariants
///
/// * `chunks` lists every chunk that the backing gave and has not got back; `spare` those among them that no handle
///   holds.
/// * `backing` is touched only inside [`ask`](Self::ask), or through `&mut self`.
pub(super) struct Root<B, const M: usize> {
    backing: UnsafeCell<B>,
    /// Whether the backing is running: whoever asks again from within it is refused.
    busy: Cell<bool>,
    /// Whether more than the first chunk was asked for since the last reset that could put chunks together.
    pub(super) grown: Cell<bool>,
    /// The record that [`ChunkId::FIRST`] names; written when that chunk is obtained.
    first: UnsafeCell<MaybeUninit<Chunk>>,
    /// All chunks, newest first.
    pub(super) chunks: Cell<ChunkId>,
    /// Chunks whose holders have ended.
    pub(super) spare: ChunkList,
    /// The most usable bytes that may be held: [`NO_LIMIT`], [`NO_LIMIT_ANY_MORE`] or less.
    pub(super) limit: Cell<usize>,
    /// The usable bytes of all chunks.
    pub(super) granted: Cell<usize>,
    /// Bytes at the ends of windows that were left with too little room.
    pub(super) wasted: Cell<usize>,
    /// The most bytes in use at once since the last reset, as far as windows that were left tell.
    pub(super) round_peak: Cell<usize>,
    /// The same for all rounds before.
    pub(super) past_peak: Cell<usize>,
    /// How many chunks were obtained since the last reset although there was room, because others had it: a child has the
    /// rest of its parent's window. At most one is counted once memory has grown.
    pub(super) apart: Cell<u32>,
    /// Usable bytes to keep, by [`ResetMode::Decay`](super::ResetMode::Decay).
    pub(super) decayed: usize,
    /// Counts resets. Of 64 bits: a checkpoint of long ago is never taken for one of this round.
    pub(super) generation: u64,
    /// What is told when memory runs out.
    pub(super) hook: Cell<Option<fn(&OutOfMemory)>>,
}

impl<B, const M: usize> Root<B, M> {
    #[inline(always)]
    pub(super) const fn new(backing: B) -> Self {
        Root {
            backing: UnsafeCell::new(backing),
            busy: Cell::new(false),
            grown: Cell::new(false),
            first: UnsafeCell::new(MaybeUninit::uninit()),
            chunks: Cell::new(ChunkId::NONE),
            spare: ChunkList::new(),
            limit: Cell::new(NO_LIMIT),
            granted: Cell::new(0),
            wasted: Cell::new(0),
            round_peak: Cell::new(0),
            past_peak: Cell::new(0),
            apart: Cell::new(0),
            decayed: 0,
            generation: 0,
            hook: Cell::new(None),
        }
    }

    /// Whether the backing is running, further up the stack.
    #[inline(always)]
    pub(super) fn is_busy(&self) -> bool {
        self.busy.get()
    }

    pub(super) fn note_peak(&self, bytes: usize) {
        self.round_peak.set(self.round_peak.get().max(bytes));
    }
}

impl<B: Backing, const M: usize> Root<B, M> {
    /// Bytes at the head of a chunk for its record.
    const HEADER: usize = size_of::<Chunk>().next_multiple_of(Self::ALIGN);
    /// The alignment of a chunk with its record at its head.
    const ALIGN: usize = if M > CHUNK_ALIGN { M } else { CHUNK_ALIGN };

    /// The record of `chunk`, which must not be [`ChunkId::NONE`] and must be one of this arena's.
    #[inline(always)]
    pub(super) fn record(&self, chunk: ChunkId) -> &Chunk {
        let record = if B::CONTIGUOUS && chunk == ChunkId::FIRST {
            self.first.get().cast::<Chunk>()
        } else {
            chunk.record()
        };
        // SAFETY: a chunk's name is made by `register` alone, which writes the record; the record stays until the chunk
        // is released, with which its name disappears from every list. Only its cells are ever written.
        unsafe { &*record }
    }

    /// Runs the backing.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if it is running already, or if it returns that.
    pub(super) fn ask<R>(&self, call: impl FnOnce(&mut B) -> Result<R, AllocError>) -> Result<R, AllocError> {
        if self.busy.replace(true) {
            return Err(AllocError);
        }
        // SAFETY: `busy` was false, so no other `ask` is under way, and there is no other way to the backing through a
        // shared reference: this is the only reference to it.
        let backing = unsafe { &mut *self.backing.get() };
        let result = abort::on_unwind(|| call(backing));
        self.busy.set(false);
        result
    }

    /// Whether the backing wants to be told something before the arena ends.
    #[inline(always)]
    pub(super) fn remembers(&mut self) -> bool {
        self.backing.get_mut().remembers()
    }

    /// Sets the limit, or takes it back.
    pub(super) fn set_limit(&self, limit: Option<usize>) {
        match limit {
            Some(bytes) => self.limit.set(bytes.min(NO_LIMIT_ANY_MORE)),
            None if self.limit.get() == NO_LIMIT => {}
            None => self.limit.set(NO_LIMIT_ANY_MORE),
        }
    }

    /// Bytes that the limit leaves.
    #[inline]
    pub(super) fn allowed(&self) -> usize {
        self.limit.get().saturating_sub(self.granted.get())
    }

    /// A fresh chunk with room for `need` bytes, and whether it is a side chunk. It is on the list of all chunks and on
    /// no other.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the backing has no memory for it, if the limit forbids it, or if the backing is running.
    pub(super) fn obtain(&self, need: usize, purpose: Purpose) -> Result<(ChunkId, bool), AllocError> {
        loop {
            let result = self.attempt(need, purpose);
            // Chunks that nobody holds may be all that stands in the way.
            if result.is_err() && !self.is_busy() && self.release_spares() {
                continue;
            }
            return result;
        }
    }

    /// The first chunk, by a shorter way than [`obtain`](Self::obtain) where there is one: its name, and its base and
    /// top.
    #[inline(always)]
    pub(super) fn begin(&self, need: usize) -> Option<(ChunkId, *mut u8, *mut u8)> {
        if B::CONTIGUOUS || !self.chunks.get().is_none() || self.limit.get() != NO_LIMIT {
            return None;
        }
        let (header, align) = (Self::HEADER, Self::ALIGN);
        let block = self.ask(|backing| backing.first(header, need, align).ok_or(AllocError)).ok()?;
        // Nobody else obtained one while the backing ran: it was busy.
        Some(self.register(block, header, usize::MAX, ChunkId::NONE))
    }

    // Not a closure of `obtain`: what a closure borrows counts as escaped, and then a caller cannot keep the cursor of a
    // local arena in registers.
    #[inline]
    fn attempt(&self, need: usize, purpose: Purpose) -> Result<(ChunkId, bool), AllocError> {
        let most = self.allowed();
        if need > most {
            return Err(AllocError);
        }
        let inside = B::CONTIGUOUS && self.chunks.get().is_none();
        let header = if inside { 0 } else { Self::HEADER };
        let align = if inside { M } else { Self::ALIGN };
        let request = Request { header, need, most, align, purpose };
        let block = self.ask(|backing| backing.obtain(&request))?;
        self.grown.set(true);
        let (chunk, ..) = self.register(block, header, most, self.chunks.get());
        Ok((chunk, block.side))
    }

    /// Whether the backing has that many bytes at that alignment, as far as it knows.
    fn has(&self, bytes: usize, align: usize) -> bool {
        self.query(|backing| backing.available(align)).flatten().is_none_or(|available| bytes <= available)
    }

    /// Whether [`extend`](Self::extend) could make `chunk` longer by `need` bytes, as far as is known.
    pub(super) fn could_extend(&self, chunk: ChunkId, need: usize) -> bool {
        let record = self.record(chunk);
        let slack = record.unused();
        need <= self.allowed() && (need <= slack || (self.chunks.get() == chunk && self.has(need - slack, 1)))
    }

    /// Whether [`obtain`](Self::obtain) could get a chunk with room for `need` bytes, as far as is known.
    pub(super) fn could_obtain(&self, need: usize) -> bool {
        let inside = B::CONTIGUOUS && self.chunks.get().is_none();
        let (header, align) = if inside { (0, M) } else { (Self::HEADER, Self::ALIGN) };
        if need <= self.allowed() && self.has(need + header, align) {
            return true;
        }
        // Once more without the chunks that would be given up for it.
        let (mut usable, mut bytes, mut all) = (0, 0, true);
        self.for_each_chunk(|chunk, record| {
            let goes = self.is_spare(chunk) && (all || !B::CONTIGUOUS);
            all &= goes;
            if goes {
                usable += record.usable();
                bytes += self.block_len(chunk, record);
            }
        });
        let header = if B::CONTIGUOUS && all { 0 } else { Self::HEADER };
        bytes > 0
            && need <= self.allowed().saturating_add(usable)
            && self.has((need + header).saturating_sub(bytes), 1)
    }

    fn is_spare(&self, chunk: ChunkId) -> bool {
        let mut spare = self.spare.head();
        while !spare.is_none() && spare != chunk {
            spare = self.record(spare).link.get();
        }
        !spare.is_none()
    }

    /// Writes the record of a new chunk, for a request with that header and that limit, before the chunk `next`. Returns its
    /// name, base and top.
    #[inline(always)]
    fn register(
        &self,
        block: Block,
        header: usize,
        most: usize,
        next: ChunkId,
    ) -> (ChunkId, *mut u8, *mut u8) {
        let block_start = block.start.as_ptr();
        let limit = block_start.wrapping_add(block.len);
        let base = block_start.wrapping_add(header);
        let allowed_end = base.addr().saturating_add(most);
        let top = addr::clip_end(limit.addr().min(allowed_end), M);
        let top = limit.with_addr(top.max(base.addr()));
        let chunk = Chunk {
            base,
            top: Cell::new(top),
            limit: Cell::new(limit),
            filled: Cell::new(base),
            zero_from: Cell::new(block_start.wrapping_add(block.dirty.max(header))),
            next: Cell::new(next),
            link: Cell::new(ChunkId::NONE),
        };
        self.granted.set(self.granted.get() + chunk.usable());
        track::poison(base, limit.addr() - base.addr());
        let name = if header == 0 {
            // SAFETY: the record is not in use: the list of chunks was empty when the request was made, and the
            // backing, while it ran, refused all others.
            unsafe { self.first.get().write(MaybeUninit::new(chunk)) };
            ChunkId::FIRST
        } else {
            let record = block_start.cast::<Chunk>();
            // SAFETY: the block starts with `header` bytes for the record, aligned to `CHUNK_ALIGN`, and is ours.
            unsafe { record.write(chunk) };
            ChunkId::at(record)
        };
        self.chunks.set(name);
        (name, base, top)
    }

    /// Makes `chunk`, which is the topmost or has a limit above its top, longer by at least `need` bytes.
    pub(super) fn extend(&self, chunk: ChunkId, need: usize) -> Result<(), AllocError> {
        let record = self.record(chunk);
        let allowed = self.allowed();
        if need > allowed {
            return Err(AllocError);
        }
        let top = record.top.get();
        let wanted = top.addr().checked_add(need).ok_or(AllocError)?;
        let mut limit = record.limit.get();
        if wanted > limit.addr() {
            let missing = wanted - limit.addr();
            let most = allowed - (limit.addr() - top.addr());
            let end = NonNull::new(limit).ok_or(AllocError)?;
            let extension = self.ask(|backing| backing.extend(end, missing, most))?;
            self.grown.set(true);
            track::poison(limit, extension.more);
            limit = limit.wrapping_add(extension.more);
            record.limit.set(limit);
            if !extension.is_zero {
                record.soil(limit);
            }
        }
        let new_top = addr::clip_end(limit.addr().min(top.addr().saturating_add(allowed)), M);
        if new_top < wanted {
            return Err(AllocError);
        }
        self.granted.set(self.granted.get() + (new_top - top.addr()));
        record.top.set(top.with_addr(new_top));
        Ok(())
    }

    /// Where the block of `chunk` starts, and the alignment that was asked for.
    fn block_start(&self, chunk: ChunkId, record: &Chunk) -> (*mut u8, usize) {
        if B::CONTIGUOUS && chunk == ChunkId::FIRST {
            (record.base, M)
        } else {
            (chunk.record().cast::<u8>(), Self::ALIGN)
        }
    }

    /// The block of `chunk`, as it was obtained and extended.
    #[inline(always)]
    pub(super) fn block(&self, chunk: ChunkId, record: &Chunk) -> Block {
        let (start, align) = self.block_start(chunk, record);
        let dirty = record.zero_from.get().addr() - start.addr();
        // SAFETY: a record's address and a base are not null.
        let start = unsafe { NonNull::new_unchecked(start) };
        Block { start, len: self.block_len(chunk, record), align, side: false, dirty }
    }

    /// The length in bytes of the block of `chunk`, record included.
    pub(super) fn block_len(&self, chunk: ChunkId, record: &Chunk) -> usize {
        record.limit.get().addr() - self.block_start(chunk, record).0.addr()
    }

    /// Every byte of every chunk may have been written.
    #[inline]
    pub(super) fn soil_all(&self) {
        self.for_each_chunk(|_, record| record.soil(record.limit.get()));
    }

    /// Makes the first chunk, which is empty and the only one, `bytes` bytes long at most, and gives the rest back to the
    /// backing.
    pub(super) fn shorten_first(&mut self, bytes: usize) {
        let record = self.record(ChunkId::FIRST);
        let (base, old_top) = (record.base, record.top.get());
        let limit = record.limit.get();
        let top = base.wrapping_add(addr::align_down(bytes, M));
        let block = self.block(ChunkId::FIRST, record);
        track::unpoison(top, limit.addr() - top.addr());
        let shortened = self.ask(|backing| {
            backing.shorten(block, top.addr() - base.addr());
            Ok(())
        });
        debug_assert!(shortened.is_ok(), "there is no `&mut self` while the backing runs");
        let record = self.record(ChunkId::FIRST);
        record.top.set(top);
        record.limit.set(top);
        record.zero_from.set(record.zero_from.get().min(top));
        self.granted.set(self.granted.get() - (old_top.addr() - top.addr()));
    }

    /// Calls `visit` with every chunk.
    #[inline]
    pub(super) fn for_each_chunk(&self, mut visit: impl FnMut(ChunkId, &Chunk)) {
        let mut chunk = self.chunks.get();
        while !chunk.is_none() {
            let record = self.record(chunk);
            let next = record.next.get();
            visit(chunk, record);
            chunk = next;
        }
    }

    /// The backing.
    pub(super) fn backing_mut(&mut self) -> &mut B {
        self.backing.get_mut()
    }

    /// What a question to the backing answers, or `None` while it is running.
    pub(super) fn query<R>(&self, question: impl FnOnce(&B) -> R) -> Option<R> {
        self.ask(|backing| Ok(question(backing))).ok()
    }

    /// The chunk with the most usable bytes.
    pub(super) fn largest(&self) -> Option<ChunkId> {
        let mut largest = None;
        let mut most = 0;
        self.for_each_chunk(|chunk, record| {
            if largest.is_none() || record.usable() > most {
                largest = Some(chunk);
                most = record.usable();
            }
        });
        largest
    }

    /// The length in bytes of the block of that chunk; 0 if there is none.
    pub(super) fn largest_block(&self) -> usize {
        self.largest().map_or(0, |chunk| self.block_len(chunk, self.record(chunk)))
    }
}
