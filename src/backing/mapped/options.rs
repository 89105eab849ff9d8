//! How a file is opened.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::lock::Locked;
use super::memory::{Behind, Memory, Private, ReadOnly, Shared};
use super::{MapError, Mapped};
use crate::sys;

/// How a file is mapped: what differs from [`Mapped::create`] and its like.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, MappedOptions};
///
/// # let path = std::env::temp_dir().join(format!("arenite-doc-options-{}", std::process::id()));
/// let options = MappedOptions::new().reserve(1 << 30).step(1 << 20);
/// // SAFETY: nobody else knows this file.
/// let arena: Arena<_> = Arena::new_in(unsafe { options.create(&path) }?);
/// arena.alloc_str("sand");
/// assert!(arena.stats().reserved >= 1 << 30);
/// # drop(arena);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), arenite::MapError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct MappedOptions {
    reserve: Behind,
    step: usize,
    at_least: u64,
}

/// Address space behind the contents unless something else is asked for.
const RESERVE: usize = if cfg!(target_pointer_width = "64") { 64 << 30 } else { 64 << 20 };

/// What a file grows by unless something else is asked for.
const STEP: usize = 256 << 10;

impl MappedOptions {
    /// 64 GiB of address space (64 MiB on 32-bit systems), steps of at least 256 KiB.
    pub const fn new() -> Self {
        MappedOptions { reserve: Behind { bytes: RESERVE, chosen: false }, step: STEP, at_least: 0 }
    }

    /// Sets how many bytes of address space are reserved behind the contents of the file: what can be allocated. They may be
    /// a quarter of the address space that is [left](crate::Virtual#how-long-a-range-is); what is not asked for is shared
    /// out among all files and arenas, so that the thousandth still gets 16 GiB, and the five thousandth 690 MiB. When the
    /// system has not as many, half as many are tried, and so on down to 64 KiB.
    #[must_use]
    pub const fn reserve(mut self, bytes: usize) -> Self {
        self.reserve = Behind { bytes, chosen: true };
        self
    }

    /// Sets by how many bytes the file grows at least, in whole pages. It grows by a quarter, up to 64 MiB, if that is
    /// more, and by no more than is needed when the disk has no place for a step.
    #[must_use]
    pub const fn step(mut self, bytes: usize) -> Self {
        self.step = bytes;
        self
    }

    /// Sets how many bytes a file that is opened must have: the size of its header, say.
    #[must_use]
    pub const fn at_least(mut self, bytes: u64) -> Self {
        self.at_least = bytes;
        self
    }

    /// As [`Mapped::create`], with these options.
    ///
    /// # Safety
    ///
    /// As for [`Mapped::create`].
    ///
    /// # Errors
    ///
    /// As for [`Mapped::create`].
    pub unsafe fn create(&self, path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        let path = path.as_ref();
        let mut options = OpenOptions::new();
        let file = open(options.read(true).write(true).create(true).truncate(false), "create", path, true)?;
        let shared = Shared::map_emptied(file, self.reserve, self.step).map_err(|cause| memory(0, cause))?;
        // Last, when nothing else can fail: until then the file is as it was.
        shared.empty().map_err(|error| system("empty", path, error))?;
        Ok(Mapped::new(Memory::Shared(shared), 0))
    }

    /// As [`Mapped::open`], with these options.
    ///
    /// # Safety
    ///
    /// As for [`Mapped::open`].
    ///
    /// # Errors
    ///
    /// As for [`Mapped::open`].
    pub unsafe fn open(&self, path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        let path = path.as_ref();
        let file = open(OpenOptions::new().read(true).write(true), "open", path, true)?;
        self.shared(file, path)
    }

    /// As [`open`](Self::open), for a file that is open already, to be read and written. A lock (`flock`) that its handle
    /// has becomes the arena's, and ends with it; if there is an error, it ends at once.
    ///
    /// # Safety
    ///
    /// As for [`Mapped::open`].
    ///
    /// # Errors
    ///
    /// As for [`Mapped::open`].
    pub unsafe fn open_file(&self, file: File) -> Result<Mapped, MapError> {
        let path = Path::new("");
        let (readable, writable) = sys::access(&file).map_err(|error| system("examine", path, error))?;
        if !(readable && writable) {
            return Err(MapError::Handle { readable, writable });
        }
        let file = lock(file, true, path)?;
        self.shared(file, path)
    }

    /// As [`Mapped::private`], with these options.
    ///
    /// # Safety
    ///
    /// As for [`Mapped::private`].
    ///
    /// # Errors
    ///
    /// As for [`Mapped::private`].
    pub unsafe fn private(&self, path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        let (file, bytes) = self.open_to_read(path.as_ref())?;
        let private = Private::map(file, bytes, self.reserve).map_err(|cause| memory(bytes, cause))?;
        Ok(Mapped::new(Memory::Private(private), bytes))
    }

    /// As [`Mapped::read_only`], with these options.
    ///
    /// # Safety
    ///
    /// As for [`Mapped::read_only`].
    ///
    /// # Errors
    ///
    /// As for [`Mapped::read_only`].
    pub unsafe fn read_only(&self, path: impl AsRef<Path>) -> Result<Mapped, MapError> {
        let (file, bytes) = self.open_to_read(path.as_ref())?;
        let read_only = ReadOnly::map(file, bytes).map_err(|cause| memory(bytes, cause))?;
        Ok(Mapped::new(Memory::ReadOnly(read_only), bytes))
    }

    /// A shared mapping of the file.
    fn shared(&self, file: Locked, path: &Path) -> Result<Mapped, MapError> {
        let bytes = self.length(&file, path)?;
        let shared =
            Shared::map(file, bytes, self.reserve, self.step).map_err(|cause| memory(bytes, cause))?;
        Ok(Mapped::new(Memory::Shared(shared), bytes))
    }

    /// The file, to be read, and its length in bytes.
    fn open_to_read(&self, path: &Path) -> Result<(Locked, usize), MapError> {
        let file = open(OpenOptions::new().read(true), "read", path, false)?;
        let bytes = self.length(&file, path)?;
        Ok((file, bytes))
    }

    /// The length of the file in bytes, which others change as long as they have the lock.
    fn length(&self, file: &Locked, path: &Path) -> Result<usize, MapError> {
        let metadata = file.as_file().metadata().map_err(|error| system("examine", path, error))?;
        let bytes = metadata.len();
        if bytes < self.at_least {
            return Err(MapError::TooShort { bytes, expected: self.at_least });
        }
        // No pointer reaches farther.
        match usize::try_from(bytes) {
            Ok(length) if length <= isize::MAX as usize - sys::page_size() => Ok(length),
            _ => Err(MapError::TooLarge { bytes }),
        }
    }
}

impl Default for MappedOptions {
    fn default() -> Self {
        MappedOptions::new()
    }
}

/// How often a path is opened anew since it leads to another file by the time that the lock is there.
const TRIES: usize = 16;

/// Opens and locks what is at `path`, if it is a file. `what` is the word for it in errors.
fn open(
    options: &mut OpenOptions,
    what: &'static str,
    path: &Path,
    for_itself: bool,
) -> Result<Locked, MapError> {
    let mut last = None;
    for _ in 0..TRIES {
        // Not even opened: that does something to some devices.
        if let Ok(metadata) = fs::metadata(path) {
            check_kind(&metadata, path)?;
        }
        let file = sys::open_file(options, path).map_err(|error| system(what, path, error))?;
        let file = lock(file, for_itself, path)?;
        // The last owner of the lock may have moved the file away, or put another one in its place. If the path leads to
        // the same file twice, its file system is one that gives a file several identities.
        let id = Some(file.id());
        if id == sys::file_id_at(path).ok() || id == last {
            return Ok(file);
        }
        last = id;
    }
    Err(MapError::InUse { path: path.to_owned() })
}

/// Nothing has been done to the file when this returns, and nothing else may be before it has.
fn lock(file: File, for_itself: bool, path: &Path) -> Result<Locked, MapError> {
    let metadata = file.metadata().map_err(|error| system("examine", path, error))?;
    check_kind(&metadata, path)?;
    Locked::new(file, for_itself).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => MapError::InUse { path: path.to_owned() },
        _ => system("lock", path, error),
    })
}

fn check_kind(metadata: &Metadata, path: &Path) -> Result<(), MapError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(MapError::NotAFile { path: path.to_owned(), what: sys::what_it_is(metadata) })
}

fn system(what: &'static str, path: &Path, error: io::Error) -> MapError {
    MapError::System { what, path: PathBuf::from(path), error }
}

fn memory(bytes: usize, cause: crate::error::Cause) -> MapError {
    MapError::Memory { bytes: bytes as u64, cause }
}
