//! The mappings themselves. Offsets count from the start of the file.

use std::io;
use std::ptr::NonNull;

use memmap2::{MmapOptions, MmapRaw};

use super::lock::Locked;
use crate::addr;
use crate::backing::HugePages;
use crate::backing::range::{Range, Wish};
use crate::error::Cause;
use crate::space::Claim;
use crate::sys;

/// The least room behind a file's contents: when less is to be had, there is none.
pub(super) const LEAST_ROOM: usize = 64 << 10;

/// No more is tried: no system has it, and sums stay far from wrapping.
const MOST_ROOM: usize = isize::MAX as usize / 2;

/// How much address space is wanted behind a file's contents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind {
    pub(super) bytes: usize,
    /// Whether somebody chose that.
    pub(super) chosen: bool,
}

impl Behind {
    /// What to reserve for contents of `head` bytes with this behind them.
    fn after(self, head: usize) -> Result<Wish, Cause> {
        let sum = |room| head.checked_add(room).ok_or(Cause::Reserve { code: None });
        let len = sum(self.bytes.clamp(LEAST_ROOM, MOST_ROOM))?;
        let least = sum(LEAST_ROOM)?;
        Ok(Wish { len, least, chosen: self.chosen, dispensable: false, held: 0, guard: false })
    }
}

/// A mapped file.
///
/// # Invariants
///
/// The mapping, of `len()` bytes at `start()`, is this value's own and stays where it is until this value is dropped. The
/// bytes of the file's contents may be read; unless it is read-only, the bytes below the offset for which
/// [`ensure`](Self::ensure) succeeded last may be read and written.
#[derive(Debug)]
pub(super) enum Memory {
    Shared(Shared),
    Private(Private),
    ReadOnly(ReadOnly),
}

/// What is written reaches the file.
///
/// # Invariants
///
/// The file has `len` bytes, unless somebody else changed it; `len <= map.len()`. Bytes at or above `clean` were never
/// written.
#[derive(Debug)]
pub(super) struct Shared {
    map: MmapRaw,
    len: usize,
    clean: usize,
    step: usize,
    _claim: Claim,
    // The mapping ends before the lock does.
    file: Locked,
}

/// What is written stays with the process: pages of the file are copied when they are written, and anonymous memory
/// follows them.
///
/// # Invariants
///
/// The first `head` bytes of the range, whole pages, are a private mapping of the file.
#[derive(Debug)]
pub(super) struct Private {
    range: Range,
    head: usize,
    /// Kept for its lock.
    _file: Locked,
}

/// Nothing can be written.
#[derive(Debug)]
pub(super) struct ReadOnly {
    map: MmapRaw,
    /// Kept for its lock.
    _file: Locked,
}

impl Memory {
    pub(super) fn start(&self) -> NonNull<u8> {
        match self {
            Memory::Shared(shared) => start_of(&shared.map),
            Memory::Private(private) => private.range.start(),
            Memory::ReadOnly(read_only) => start_of(&read_only.map),
        }
    }

    /// Bytes that are mapped, for the file's contents and behind them.
    pub(super) fn len(&self) -> usize {
        match self {
            Memory::Shared(shared) => shared.map.len(),
            Memory::Private(private) => private.range.len(),
            Memory::ReadOnly(read_only) => read_only.map.len(),
        }
    }

    /// Makes sure that the bytes below `end <= len()` can be read and written.
    pub(super) fn ensure(&mut self, end: usize) -> Result<(), Cause> {
        match self {
            Memory::Shared(shared) => shared.ensure(end),
            Memory::Private(private) => {
                let committed = private.range.commit(end, HugePages::Auto);
                committed.map_err(|error| Cause::Commit { code: error.raw_os_error() })
            }
            Memory::ReadOnly(_) => Err(Cause::ReadOnly),
        }
    }

    /// Whether every byte from `offset` on is zero.
    pub(super) fn is_clean(&self, offset: usize) -> bool {
        match self {
            Memory::Shared(shared) => offset >= shared.clean,
            Memory::Private(private) => private.range.is_clean(offset),
            Memory::ReadOnly(_) => false,
        }
    }

    /// Bytes below `offset` may have been written.
    pub(super) fn soil(&mut self, offset: usize) {
        match self {
            Memory::Shared(shared) => shared.clean = shared.clean.max(offset),
            Memory::Private(private) => private.range.soil(offset),
            Memory::ReadOnly(_) => {}
        }
    }

    /// Bytes above `keep`, which nobody uses, that may take memory, or their place in the file.
    pub(super) fn idle(&self, keep: usize) -> usize {
        match self {
            Memory::Shared(shared) => shared.len.saturating_sub(keep),
            Memory::Private(private) => private.range.present().saturating_sub(keep),
            Memory::ReadOnly(_) => 0,
        }
    }

    /// Gives what lies above `keep` bytes, which nobody uses, back to the system, as far as it is in whole pages.
    pub(super) fn trim(&mut self, keep: usize) {
        match self {
            // What cannot be cut off stays.
            Memory::Shared(shared) => {
                let _ = shared.cut_off(addr::align_up(keep, sys::page_size()).unwrap_or(keep));
            }
            // To discard a page of the file is to read it anew: it would not be zero.
            Memory::Private(private) => private.range.discard(keep.max(private.head)),
            Memory::ReadOnly(_) => {}
        }
    }

    /// Writes the `bytes` bytes from `offset` on to the disk, and waits until they are there.
    pub(super) fn sync_range(&self, offset: usize, bytes: usize) -> io::Result<()> {
        match self {
            Memory::Shared(shared) => shared.map.flush_range(offset, bytes),
            Memory::Private(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a private copy has no file that it could be written to",
            )),
            Memory::ReadOnly(_) => Ok(()),
        }
    }

    /// Writes the first `bytes` bytes and what the file system knows of the file to the disk.
    pub(super) fn sync(&self, bytes: usize) -> io::Result<()> {
        self.sync_range(0, bytes)?;
        match self {
            Memory::Shared(shared) => shared.file.as_file().sync_all(),
            _ => Ok(()),
        }
    }

    /// Makes the file `bytes` bytes long. Nobody uses what lies above.
    pub(super) fn finish(&mut self, bytes: usize) -> io::Result<()> {
        match self {
            Memory::Shared(shared) => shared.cut_off(bytes),
            _ => Ok(()),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Memory::Shared(_) => "mapped (shared)",
            Memory::Private(_) => "mapped (private)",
            Memory::ReadOnly(_) => "mapped (read-only)",
        }
    }
}

impl Shared {
    /// Maps the file, which has `len` bytes, and up to `room` bytes behind it.
    pub(super) fn map(file: Locked, len: usize, room: Behind, step: usize) -> Result<Shared, Cause> {
        sys::fill_holes(file.as_file(), len as u64)
            .map_err(|error| Cause::FillFile { code: error.raw_os_error() })?;
        let head = pages(len)?;
        let map = |all: usize| {
            let claim = Claim::new(all);
            let all = addr::align_up(all, sys::page_size()).unwrap_or(all);
            MmapOptions::new().len(all).map_raw(file.as_file()).map(|map| (map, claim))
        };
        let (map, claim) = room.after(head)?.fulfil(map, refused)?;
        Ok(Shared { map, len, clean: len, step, _claim: claim, file })
    }

    /// Maps the file, up to `room` bytes of it, as if it had none. It is for the caller to [`empty`](Self::empty) it.
    pub(super) fn map_emptied(file: Locked, room: Behind, step: usize) -> Result<Shared, Cause> {
        Shared::map(file, 0, room, step)
    }

    /// Takes from the file what it has.
    pub(super) fn empty(&self) -> io::Result<()> {
        self.file.as_file().set_len(0)
    }

    fn ensure(&mut self, end: usize) -> Result<(), Cause> {
        if end <= self.len {
            return Ok(());
        }
        self.check_length()?;
        let whole = |bytes: usize| pages(bytes).unwrap_or(usize::MAX).min(self.map.len());
        let step = (self.len / 4).clamp(self.step, LARGEST_STEP.max(self.step));
        let (target, least) = (whole(end.max(self.len.saturating_add(step))), whole(end));
        // What suits first, then no more than is needed.
        self.extend_to(target)
            .or_else(|_| self.extend_to(least))
            .map_err(|error| Cause::ExtendFile { code: error.raw_os_error() })
    }

    /// Says so if somebody else has changed the length of the file, or may do so at any time. To go on would hide that, and
    /// what was added need not be zero.
    fn check_length(&self) -> Result<(), Cause> {
        if !self.file.is_ours() {
            return Err(Cause::Forked);
        }
        let metadata = self.file.as_file().metadata();
        let metadata = metadata.map_err(|error| Cause::ExtendFile { code: error.raw_os_error() })?;
        let (expected, found) = (self.len as u64, metadata.len());
        if expected == found { Ok(()) } else { Err(Cause::FileChanged { expected, found }) }
    }

    fn extend_to(&mut self, target: usize) -> io::Result<()> {
        let extended = sys::extend_file(self.file.as_file(), self.len as u64, target as u64);
        match extended {
            Ok(()) => self.len = target,
            // Some of it may be there. If even that cannot be undone, the next look at the length finds it.
            Err(_) => {
                let _ = self.file.as_file().set_len(self.len as u64);
            }
        }
        extended
    }

    /// Makes the file `keep` bytes long if it is longer.
    fn cut_off(&mut self, keep: usize) -> io::Result<()> {
        if keep >= self.len {
            return Ok(());
        }
        self.check_length().map_err(io::Error::other)?;
        self.file.as_file().set_len(keep as u64)?;
        self.len = keep;
        self.clean = self.clean.min(keep);
        Ok(())
    }
}

impl Private {
    /// Maps the file, which has `len` bytes, and up to `room` bytes behind it.
    pub(super) fn map(file: Locked, len: usize, room: Behind) -> Result<Private, Cause> {
        let head = pages(len)?;
        // Before anything is reserved, since a reservation over which the file could not be mapped is lost. A file without
        // bytes is tried as well: those of the kernel have none, whatever can be read from them.
        let least = head.max(pages(1)?);
        sys::try_map_copy(least, file.as_file()).map_err(|error| refused(least, error))?;
        let mut range = Range::reserve_for(&room.after(head)?)?;
        if head > 0 {
            // SAFETY: the range is this function's own, and starts with `head` bytes, whole pages.
            if let Err(error) = unsafe { sys::map_copy_over(range.start(), head, file.as_file()) } {
                // There may be a hole by now, and soon something of somebody else's in it.
                std::mem::forget(range);
                return Err(refused(head, error));
            }
            // SAFETY: the pages below `head` are those that were mapped above, which can be read and written.
            unsafe { range.assume_committed(head) };
        }
        range.soil(len);
        Ok(Private { range, head, _file: file })
    }
}

impl ReadOnly {
    /// Maps the file, which has `len` bytes.
    pub(super) fn map(file: Locked, len: usize) -> Result<ReadOnly, Cause> {
        let bytes = pages(len.max(1))?;
        let map = MmapOptions::new().len(bytes).map_raw_read_only(file.as_file());
        let map = map.map_err(|error| refused(bytes, error))?;
        Ok(ReadOnly { map, _file: file })
    }
}

fn start_of(map: &MmapRaw) -> NonNull<u8> {
    // SAFETY: a mapping is not at the address null.
    unsafe { NonNull::new_unchecked(map.as_mut_ptr()) }
}

/// Why `bytes` bytes of a file were not mapped. That there is no address space for them has an error number which means
/// other limits as well.
fn refused(bytes: usize, error: io::Error) -> Cause {
    let code = error.raw_os_error();
    let no_room = || sys::address_space_left().is_some_and(|left| left < bytes);
    let is_reserve = error.kind() == io::ErrorKind::OutOfMemory && no_room();
    if is_reserve { Cause::Reserve { code } } else { Cause::Map { code } }
}

/// `bytes` rounded up to whole pages.
fn pages(bytes: usize) -> Result<usize, Cause> {
    addr::align_up(bytes, sys::page_size()).ok_or(Cause::Reserve { code: None })
}

/// The most by which a file is made longer at once, beyond what is needed.
const LARGEST_STEP: usize = 64 << 20;
