//! Files.

mod error;
mod lock;
mod memory;
mod options;

pub use error::MapError;
pub use options::MappedOptions;

use std::fmt;
use std::io;
use std::path::Path;
use std::ptr::NonNull;
use std::slice;

use allocator_api2::alloc::AllocError;

use crate::addr::cut::Cut;

use super::{Backing, Block, Extension, Request};
use crate::error::Cause;
use memory::Memory;

/// Memory in a file: what an arena hands out is what the file holds, behind its contents of before.
///
/// Address space far beyond the end of the file is mapped once, so nothing ever moves, and the file is made longer under
/// it in steps. Its place on the disk is taken before memory is handed out, so that a full disk is an allocation that
/// fails ([`Arena::cause`](crate::Arena::cause) says why) and not a signal. Unix only.
///
/// | | the file must be | what is written | what others must not do to the file meanwhile |
/// |---|---|---|---|
/// | [`create`](Self::create) | new, or is emptied | reaches the file | write to it, change its length |
/// | [`open`](Self::open) | there | reaches the file | the same |
/// | [`private`](Self::private) | there | is lost | the same |
/// | [`read_only`](Self::read_only) | there | nothing can be written | the same |
///
/// # What is in the file
///
/// First the contents that it had, then what was allocated, in order and at offsets that
/// [`file_offset`](crate::Arena::file_offset) tells. No format: what the bytes mean is for the program to say, and
/// pointers among them mean nothing in the next run, when the file lies elsewhere. Between the blocks lie bytes of no
/// meaning: padding, freed blocks, lists of free stretches, 64-byte records of chunks where a child scope was in the way.
/// Programs that never free, reset or open scopes find their blocks side by side.
///
/// Bytes of padding *inside* of values are written as they come, which may be parts of other data of the process: give
/// types without padding to files that strangers read.
///
/// The first block starts where the contents end, rounded up to the arena's minimum alignment. Offsets have the same
/// alignment as addresses, up to the size of a page.
///
/// # How long the file is
///
/// Once the arena has been closed or dropped: as long as its contents and what was handed out. A reset gives up
/// everything but the contents; the memory of children that were forgotten is kept. Every block takes whole units of the
/// arena's minimum alignment, 8 bytes unless chosen: 5 bytes of text are followed by 3 of padding, also at the end of the
/// file. [`Arena::<_, 1>::with_min_align_in`](crate::Arena::with_min_align_in) has units of one byte.
///
/// Until then it is longer, by zeroes, which a process that is killed leaves there. What [`ResetMode`](crate::ResetMode)
/// keeps stays in the file, old bytes and all, to be used again; what it does not keep is cut off at once.
///
/// # Two at once
///
/// Arenas lock their files (`flock`): those that write for themselves, the others together. A second arena on a file that
/// is written is an error, in another process as well, and nothing is done to the file before its lock is held. Programs
/// that do not ask for locks do not see them.
///
/// Within a process it makes no difference by which name or handle a file is reached: links and copies of a handle
/// ([`File::try_clone`](std::fs::File::try_clone)) are the same file. Two things the lock cannot do:
///
/// * A copy of a handle that *another process* has (inherited, or sent over a socket) shares the lock of the first. To open
///   an arena over it is no error there, and when that arena ends, so does the lock. (Who gives the lock of a copy up, by
///   [`File::unlock`](std::fs::File::unlock), does the same.)
/// * Some network file systems have no locks. There the list that each process keeps of its own files is all there is.
///
/// A process that is forked off has a copy of the arena, which may end there: neither the file nor its lock changes.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, Mapped};
///
/// # let path = std::env::temp_dir().join(format!("arenite-doc-mapped-{}", std::process::id()));
/// // SAFETY: nobody else knows this file.
/// let arena: Arena<_> = Arena::new_in(unsafe { Mapped::create(&path) }?);
/// arena.alloc_slice_copy(b"written by one process, ");
/// arena.close()?;
///
/// // SAFETY: as above.
/// let arena: Arena<_> = Arena::new_in(unsafe { Mapped::open(&path) }?);
/// assert_eq!(arena.contents(), b"written by one process, ");
/// arena.alloc_slice_copy(b"continued by another one");
/// drop(arena);
/// assert_eq!(std::fs::read(&path)?, b"written by one process, continued by another one");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Mapped {
    memory: Memory,
    /// Bytes that the file had when it was opened.
    contents: usize,
    /// What lies behind the contents.
    cut: Cut,
    /// Bytes that the file is to have when this value is dropped.
    length: usize,
    /// Whether it has that length already.
    closed: bool,
    /// Why memory could not be had the last time.
    cause: Option<Cause>,
}

/// # Invariants
///
/// `contents + cut.len() == memory.len()`.
impl Mapped {
    /// A new file, or one that is emptied. What is allocated reaches it.
    ///
    /// The length of the file, and how it is written to the disk: see [`Mapped`].
    ///
    /// # Safety
    ///
    /// As long as the result is in use (and the arena over it), nobody else, in this process or another one, writes to
    /// the file or changes its length: nobody else knows it, or it lies in a directory that others do not touch, or all
    /// who do respect its lock (`flock`). A process that is forked off meanwhile uses neither the arena nor its blocks.
    ///
    /// # Errors
    ///
    /// [`MapError`].
    pub unsafe fn create(path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { MappedOptions::new().create(path) }
    }

    /// An existing file. Its [`contents`](Self::contents) are there to be read and written, and what is allocated is
    /// appended to them.
    ///
    /// What the file leaves out (holes) gets its place on the disk. Of files that are sealed against being made longer or
    /// shorter (memfd) the contents can be written, and every allocation fails.
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    ///
    /// # Errors
    ///
    /// [`MapError`].
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { MappedOptions::new().open(path) }
    }

    /// A private copy of an existing file: its [`contents`](Self::contents) can be read and written, memory can be
    /// allocated behind them, and the file never changes.
    ///
    /// Pages are copied as they are written, so that this is O(1) in time and memory however large the file is, and
    /// anonymous memory follows them. That is also why it is no safer than the others: what has not been written yet is
    /// still read from the file. (A safe copy is one line: `arena.alloc_slice_copy(&std::fs::read(path)?)`.)
    ///
    /// No memory is set aside for the copies: when there is none for one more page, the system ends a process, as it does
    /// for all memory that it has promised too often. Where it never promises too much (`vm.overcommit_memory` is 2), or
    /// limits what may be written (`ulimit -d`), the whole file counts, and one that is too large is an error.
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create). Others may read the file, and map it privately, at the same time.
    ///
    /// # Errors
    ///
    /// [`MapError`].
    pub unsafe fn private(path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { MappedOptions::new().private(path) }
    }

    /// An existing file, to be read: its [`contents`](Self::contents) are there, and every allocation fails
    /// ([`Cause::ReadOnly`]).
    ///
    /// # Safety
    ///
    /// As for [`private`](Self::private).
    ///
    /// # Errors
    ///
    /// [`MapError`].
    pub unsafe fn read_only(path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { MappedOptions::new().read_only(path) }
    }

    /// What the file held when it was opened. A page is read from the disk when it is touched; if that fails, the system
    /// sends a signal that ends the process.
    pub fn contents(&self) -> &[u8] {
        // SAFETY: the contents of the file are mapped, readable and never moved as long as `memory` is; bytes of a file
        // are initialised. Blocks lie behind them, so nobody in this process has another way to them while this value is
        // borrowed, and nobody else changes them: whoever opened the file promised that.
        unsafe { slice::from_raw_parts(self.memory.start().as_ptr(), self.contents) }
    }

    /// As [`contents`](Self::contents), to be changed: in the file, or in the private copy. `None` if the file was opened
    /// to be read.
    pub fn contents_mut(&mut self) -> Option<&mut [u8]> {
        if let Memory::ReadOnly(_) = self.memory {
            return None;
        }
        // SAFETY: as for `contents`, and they can be written, as the mapping is not read-only; the borrow is exclusive.
        Some(unsafe { slice::from_raw_parts_mut(self.memory.start().as_ptr(), self.contents) })
    }

    fn new(memory: Memory, contents: usize) -> Mapped {
        let cut = Cut::new(memory.len() - contents);
        Mapped { memory, contents, cut, length: contents, closed: false, cause: None }
    }

    /// The offset in the file of an address, if it lies in what has been granted or in the contents.
    pub(crate) fn offset_of(&self, address: usize) -> Option<usize> {
        let offset = address.wrapping_sub(self.memory.start().addr().get());
        (offset <= self.end()).then_some(offset)
    }

    /// Writes what has been granted to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.memory.sync(self.end())
    }

    /// Writes `bytes` bytes from `offset` on, which have been granted, to the disk.
    pub(crate) fn sync_range(&self, offset: usize, bytes: usize) -> io::Result<()> {
        self.memory.sync_range(offset, bytes)
    }

    /// Every block has been released: writes everything to the disk and makes the file as long as it shall be. Returns
    /// that length in bytes.
    pub(crate) fn close(&mut self) -> io::Result<usize> {
        let length = self.length;
        self.closed = true;
        if let Memory::Shared(_) = self.memory {
            // What cannot be written is no reason to leave the file longer than it should be.
            let written = self.memory.sync_range(0, length);
            self.memory.finish(length)?;
            written?;
            self.memory.sync(length)?;
        }
        Ok(length)
    }

    /// Bytes from the start of the file to the end of what has been granted.
    fn end(&self) -> usize {
        self.contents + self.cut.used()
    }

    /// How far an address is behind the contents.
    fn behind(&self, address: NonNull<u8>) -> usize {
        address.addr().get().wrapping_sub(self.memory.start().addr().get()).wrapping_sub(self.contents)
    }

    /// Bytes that are granted at once: little at first, then in proportion, so that the cold path stays cold.
    fn step(&self) -> usize {
        (self.cut.used() / 4).clamp(64 << 10, 16 << 20)
    }

    /// Has `cut` cut something, given the step in which that grows, and makes it usable: what suits first, then no more than
    /// is needed.
    fn grow<T>(&mut self, cut: impl Fn(&mut Cut, usize) -> Option<T>) -> Result<T, AllocError> {
        let before = self.cut.used();
        for step in [self.step(), 0] {
            let found = cut(&mut self.cut, step).ok_or(AllocError)?;
            match self.memory.ensure(self.end()) {
                Ok(()) => {
                    self.cause = None;
                    return Ok(found);
                }
                Err(cause) => self.cause = Some(cause),
            }
            self.cut.cut_back(before);
        }
        Err(AllocError)
    }
}

// SAFETY: blocks are disjoint parts of a mapping that this value owns, behind the file's contents, at addresses that are
// not its own. They are writable once `ensure` has returned, and the mapping stays where it is until the value is dropped;
// it is cut off only above the topmost block. Whoever opened the file promised that nobody else touches it.
unsafe impl Backing for Mapped {
    const NAME: &'static str = "mapped";
    const CONTIGUOUS: bool = true;
    const GROWS_IN_PLACE: bool = true;
    const FRESH_IS_ZERO: bool = true;
    const OUTLIVES_ARENA: bool = true;

    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        self.cause = None;
        if let Memory::ReadOnly(_) = self.memory {
            self.cause = Some(Cause::ReadOnly);
            return Err(AllocError);
        }
        let start = self.memory.start().addr().get() + self.contents;
        let (offset, len) = self.grow(|cut, step| request.cut(cut, start, step).ok())?;
        let offset = self.contents + offset;
        // SAFETY: what is cut lies in the mapping.
        let start = unsafe { self.memory.start().add(offset) };
        let dirty = if self.memory.is_clean(offset) { 0 } else { len };
        Ok(Block { start, len, align: request.align, side: false, dirty })
    }

    fn extend(&mut self, end: NonNull<u8>, need: usize, most: usize) -> Result<Extension, AllocError> {
        self.cause = None;
        let before = self.cut.used();
        let (start, end) = (self.memory.start().addr().get() + self.contents, self.behind(end));
        let more = self.grow(|cut, step| cut.extend(start, end, need, most, step))?;
        Ok(Extension { more, is_zero: self.memory.is_clean(self.contents + before) })
    }

    unsafe fn release(&mut self, block: Block) {
        let offset = self.behind(block.start);
        self.memory.soil(self.contents + offset + block.dirty);
        self.cut.release(offset, block.len);
    }

    unsafe fn shorten(&mut self, block: Block, len: usize) {
        let offset = self.behind(block.start);
        self.memory.soil(self.contents + offset + block.dirty);
        self.cut.cut_back(offset + len);
    }

    fn available(&self, _align: usize) -> Option<usize> {
        Some(if let Memory::ReadOnly(_) = self.memory { 0 } else { self.cut.room() })
    }

    fn reserved(&self) -> Option<usize> {
        Some(self.cut.len())
    }

    fn idle(&self) -> usize {
        self.memory.idle(self.end())
    }

    unsafe fn shrunk(&mut self, largest: usize) {
        if largest == 0 {
            self.cut.cut_back(0);
        }
    }

    fn trim(&mut self) {
        self.memory.trim(self.end());
    }

    unsafe fn conclude(&mut self, end: Option<NonNull<u8>>) {
        self.length = self.contents + end.map_or(0, |end| self.behind(end));
    }

    fn cause(&self) -> Option<Cause> {
        self.cause
    }

    fn name(&self) -> &'static str {
        self.memory.name()
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // Nobody is left to be told of an error: `Arena::close` is for those who want to know.
        if !self.closed {
            let _ = self.memory.finish(self.length);
        }
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped")
            .field("kind", &self.memory.name())
            .field("contents", &self.contents)
            .field("granted", &self.cut.used())
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}
