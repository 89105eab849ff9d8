//! Ranges that are cut into blocks.

use core::mem;
use core::ptr::NonNull;

use super::range::Range;
use super::{Block, Extension, HugePages, Request};
use crate::addr::cut::{Cut, Wanted};
use crate::addr::holes::{self, Hole, Holes, Notes};
use crate::error::Cause;
use crate::sys;

/// A range and how it has been cut.
///
/// # Invariants
///
/// * Blocks are cut from the range, or from its holes; they and the holes are committed and do not overlap. `blocks` is how
///   many blocks there are. If there is none, there are no holes either, and no more than `bottom` bytes are cut.
/// * If `follows`, the range begins with a `Piece`, which no one but this value has, in the `bottom` bytes that are never part
///   of a block.
pub(super) struct Piece {
    pub(super) range: Range,
    cut: Cut,
    holes: Holes,
    blocks: usize,
    bottom: usize,
    follows: bool,
}

/// Bytes in holes that may stay present, beside as many as are in use.
const WARM: usize = 1 << 20;

impl Piece {
    /// Bytes at the start of a range that follows another one.
    pub(super) const LIST: usize = size_of::<Piece>();

    pub(super) fn new(range: Range) -> Piece {
        let cut = Cut::new(range.len());
        Piece { range, cut, holes: Holes::new(), blocks: 0, bottom: 0, follows: false }
    }

    fn offset(&self, address: NonNull<u8>) -> usize {
        address.addr().get().wrapping_sub(self.range.start().addr().get())
    }

    fn contains(&self, address: NonNull<u8>) -> bool {
        self.offset(address) < self.range.len()
    }

    /// Whether there is no block.
    pub(super) fn is_unused(&self) -> bool {
        self.blocks == 0
    }

    /// Bytes above the topmost block.
    pub(super) fn room(&self) -> usize {
        self.cut.room()
    }

    /// Bytes in blocks.
    fn live(&self) -> usize {
        self.cut.used() - self.holes.idle()
    }

    /// Bytes that are in no block, and may be present.
    pub(super) fn idle(&self) -> usize {
        self.range.present().saturating_sub(self.cut.used()) + self.holes.warm()
    }

    /// Bytes that are granted at once: little at first, then in proportion, so that the cold path stays cold.
    fn step(&self) -> usize {
        const SMALLEST: usize = if cfg!(arenite_zeal) { 256 } else { 64 << 10 };
        (self.live() / 4).clamp(SMALLEST, 16 << 20)
    }

    /// Calls `change` with the holes, and with what is known of them, which lies in these.
    fn with_holes<R>(&mut self, change: impl FnOnce(&mut Holes, &mut InPlace) -> R) -> R {
        let mut notes = InPlace { start: self.range.start(), written: 0 };
        let result = change(&mut self.holes, &mut notes);
        self.range.soil(notes.written);
        result
    }

    fn block(&mut self, (offset, len): (usize, usize), align: usize) -> Block {
        self.blocks += 1;
        // SAFETY: what `cut` and `holes` give lies in the range.
        let start = unsafe { self.range.start().add(offset) };
        let dirty = if self.range.is_clean(offset) { 0 } else { len };
        Block { start, len, align, side: false, dirty }
    }

    /// A block from a hole, if there is one in which it fits.
    fn fill(&mut self, request: &Request) -> Option<Block> {
        if self.holes.is_empty() {
            return None;
        }
        let (step, start) = (self.step(), self.range.start().addr().get());
        let fits = |offset: usize, len: usize| request.fit(start + offset, len, step);
        let taken = self.with_holes(|holes, notes| holes.take(notes, fits))?;
        Some(self.block(taken, request.align))
    }

    /// A block from above the topmost. `None`, instead of a cause, if there is no room.
    pub(super) fn obtain(
        &mut self,
        request: &Request,
        huge: HugePages,
        lock: bool,
    ) -> Result<Block, Option<Cause>> {
        let before = self.cut.used();
        let start = self.range.start().addr().get();
        let mut refused = None;
        // What suits first, then no more than is needed.
        for step in [self.step(), 0] {
            let taken = request.cut(&mut self.cut, start, step).map_err(|_| refused)?;
            match self.commit(huge, lock) {
                Ok(()) => return Ok(self.block(taken, request.align)),
                Err(cause) => refused = Some(cause),
            }
            self.cut.cut_back(before);
        }
        Err(refused)
    }

    /// Makes the topmost block, if it ends at `end`, longer. As [`obtain`](Self::obtain).
    pub(super) fn extend(
        &mut self,
        end: NonNull<u8>,
        (need, most): (usize, usize),
        huge: HugePages,
        lock: bool,
    ) -> Result<Extension, Option<Cause>> {
        // What ends at the bottom is no block.
        if self.blocks == 0 {
            return Err(None);
        }
        let before = self.cut.used();
        let (start, end) = (self.range.start().addr().get(), self.offset(end));
        let mut refused = None;
        for step in [self.step(), 0] {
            let more = self.cut.extend(start, end, need, most, step).ok_or(refused)?;
            match self.commit(huge, lock) {
                Ok(()) => return Ok(Extension { more, is_zero: self.range.is_clean(before) }),
                Err(cause) => refused = Some(cause),
            }
            self.cut.cut_back(before);
        }
        Err(refused)
    }

    /// Takes a block of this range back. `is_last`: nothing is in use of the ranges that followed, so that what is free at
    /// the top is to be cut anew.
    ///
    /// # Safety
    ///
    /// The block is as it was obtained and extended, nobody uses it any more, and its bytes are writable.
    unsafe fn release(&mut self, block: &Block, is_last: bool) {
        let offset = self.offset(block.start);
        self.range.soil(offset + block.dirty);
        self.blocks -= 1;
        if self.blocks == 0 {
            self.holes.clear();
            self.cut.cut_back(self.bottom);
        } else if is_last && offset + block.len == self.cut.used() {
            self.cut.release(offset, block.len);
            self.lower();
        } else if block.len >= holes::SHORTEST {
            // (All are: they begin with a record.)
            self.with_holes(|holes, notes| holes.add(notes, offset, block.len));
            if self.holes.warm() > self.live() + WARM {
                self.cool();
            }
        }
    }

    /// Takes the hole below the top, if there is one, as part of what is above.
    fn lower(&mut self) {
        let used = self.cut.used();
        if let Some(offset) = self.with_holes(|holes, notes| holes.take_top(notes, used)) {
            self.cut.cut_back(offset);
        }
    }

    /// Gives the memory of holes to the system.
    fn cool(&mut self) {
        let mut notes = InPlace { start: self.range.start(), written: 0 };
        let range = &self.range;
        // What is known of it stays, and parts of pages at both ends.
        self.holes.cool(&mut notes, size_of::<Hole>() + 2 * sys::page_size(), |offset, len| {
            len - range.discard_within(offset + size_of::<Hole>(), offset + len)
        });
    }

    /// Makes the only block that there is, which starts at `start`, `len` bytes long.
    pub(super) fn shorten(&mut self, block: &Block, len: usize) {
        let offset = self.offset(block.start);
        self.range.soil(offset + block.dirty);
        self.holes.clear();
        self.cut.cut_back(offset + len);
    }

    /// Gives the memory that is in no block to the system.
    pub(super) fn trim(&mut self) {
        self.range.discard(self.cut.used());
        self.cool();
    }

    /// Commits what has been cut.
    fn commit(&mut self, huge: HugePages, lock: bool) -> Result<(), Cause> {
        let committed = self.range.commit(self.cut.used(), huge);
        committed.map_err(|error| Cause::Commit { code: error.raw_os_error() })?;
        if lock {
            let locked = self.range.lock(self.cut.used());
            locked.map_err(|error| Cause::Lock { code: error.raw_os_error() })?;
        }
        Ok(())
    }

    /// The range that was full when this one came.
    fn before(&self) -> Option<&Piece> {
        // SAFETY: the range begins with a `Piece` then, aligned to a page, and no one else has it (type's invariants). It is
        // borrowed for as long as this value.
        self.follows.then(|| unsafe { self.range.start().cast::<Piece>().as_ref() })
    }

    fn before_mut(&mut self) -> Option<&mut Piece> {
        // SAFETY: the range begins with a `Piece` then, aligned to a page, and no one else has it (type's invariants). It is
        // borrowed exclusively for as long as this value is.
        self.follows.then(|| unsafe { self.range.start().cast::<Piece>().as_mut() })
    }

    /// Takes the range that was full when this one came from it.
    fn take_before(&mut self) -> Option<Piece> {
        // SAFETY: the range begins with a `Piece` then, aligned to a page, which is not looked at again.
        mem::take(&mut self.follows).then(|| unsafe { self.range.start().cast::<Piece>().read() })
    }
}

/// Notes about holes, in these.
struct InPlace {
    /// Where the range starts.
    start: NonNull<u8>,
    /// The offset above which nothing was written.
    written: usize,
}

impl InPlace {
    fn place(&self, offset: usize) -> NonNull<Hole> {
        // SAFETY: `Holes` names offsets of holes, which lie in the range that starts here.
        unsafe { self.start.add(offset) }.cast()
    }
}

impl Notes for InPlace {
    fn read(&self, offset: usize) -> Hole {
        // SAFETY: `Holes` asks for what it wrote at that offset and for nothing else: it is in a hole, so that it is committed and
        // nobody has written there since. It need not be aligned.
        unsafe { self.place(offset).read_unaligned() }
    }

    fn write(&mut self, offset: usize, hole: Hole) {
        // SAFETY: `Holes` writes at the start of a hole, which is committed, nobody's, and longer than what is written.
        unsafe { self.place(offset).write_unaligned(hole) };
        self.written = self.written.max(offset + size_of::<Hole>());
    }
}

/// The ranges of one arena: the one that is being cut, and those that were full when it came. Each is known by what lies at the
/// start of the one that followed, so that no other memory is needed for the list.
pub(super) struct Pieces {
    current: Option<Piece>,
}

impl Pieces {
    pub(super) const fn new() -> Self {
        Pieces { current: None }
    }

    pub(super) fn current(&mut self) -> Option<&mut Piece> {
        self.current.as_mut()
    }

    /// The ranges, the newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Piece> {
        core::iter::successors(self.current.as_ref(), |piece| piece.before())
    }

    /// Calls `visit` with every range, the newest first.
    pub(super) fn each(&mut self, mut visit: impl FnMut(&mut Piece)) {
        let mut next = self.current.as_mut();
        while let Some(piece) = next {
            visit(piece);
            next = piece.before_mut();
        }
    }

    /// Whether `address` lies in one of the ranges.
    pub(super) fn contain(&self, address: NonNull<u8>) -> bool {
        self.iter().any(|piece| piece.contains(address))
    }

    /// The range in which `address` lies, and the offset there.
    pub(super) fn find(&mut self, address: NonNull<u8>) -> Option<(&mut Piece, usize)> {
        let mut piece = self.current.as_mut()?;
        while !piece.contains(address) {
            piece = piece.before_mut()?;
        }
        let offset = piece.offset(address);
        Some((piece, offset))
    }

    /// Makes `piece`, of which nothing has been cut, the current one.
    ///
    /// # Errors
    ///
    /// The memory for the list could not be had. `piece` is gone, and all else as it was.
    pub(super) fn push(&mut self, mut piece: Piece, huge: HugePages, lock: bool) -> Result<(), Cause> {
        if self.current.is_some() {
            let bytes = Piece::LIST;
            let wanted = Wanted { least: bytes, step: 0, most: bytes, align: 1 };
            let taken = piece.cut.take(piece.range.start().addr().get(), wanted, 1);
            taken.ok_or(Cause::Reserve { code: None })?;
            piece.bottom = piece.cut.used();
            piece.commit(huge, lock)?;
            piece.range.soil(piece.bottom);
        }
        if let Some(full) = self.current.take() {
            // SAFETY: the first `bottom` bytes are committed and nobody's, they are not fewer than a `Piece` has, and they are
            // aligned to a page.
            unsafe { piece.range.start().cast::<Piece>().write(full) };
            piece.follows = true;
        }
        self.current = Some(piece);
        Ok(())
    }

    /// Takes the current range, after which the one before is current.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        let mut piece = self.current.take()?;
        self.current = piece.take_before();
        if let Some(piece) = &mut self.current {
            piece.lower();
        }
        Some(piece)
    }

    /// A block from a hole, if there is one in which it fits.
    pub(super) fn fill(&mut self, request: &Request) -> Option<Block> {
        let mut piece = self.current.as_mut()?;
        loop {
            if let Some(block) = piece.fill(request) {
                return Some(block);
            }
            piece = piece.before_mut()?;
        }
    }

    /// Takes a block back. Returns the range in which it lay if nothing is in use of that one any more, but of one that followed:
    /// it is no longer one of these.
    ///
    /// # Safety
    ///
    /// The block is one of these ranges', as it was obtained and extended, nobody uses it any more, and its bytes are writable.
    pub(super) unsafe fn release(&mut self, block: &Block) -> Option<Piece> {
        let mut piece = self.current.as_mut()?;
        let mut is_last = true;
        if piece.contains(block.start) {
            // SAFETY: this function's contract; the block lies in this range.
            unsafe { piece.release(block, is_last) };
            return None;
        }
        loop {
            is_last &= piece.is_unused();
            let before = piece.before_mut()?;
            if before.contains(block.start) {
                // SAFETY: this function's contract; the block lies in this range.
                unsafe { before.release(block, is_last) };
                return if before.is_unused() && !is_last { piece.skip_before() } else { None };
            }
            piece = piece.before_mut()?;
        }
    }
}

impl Piece {
    /// Takes the range before from the list.
    fn skip_before(&mut self) -> Option<Piece> {
        let mut before = self.take_before()?;
        if let Some(next) = before.take_before() {
            // SAFETY: the first `bottom` bytes held a `Piece` up to now, which was read from there, and hold one again.
            unsafe { self.range.start().cast::<Piece>().write(next) };
            self.follows = true;
        }
        Some(before)
    }
}
