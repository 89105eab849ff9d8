//! How a file is opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::memory::{Locked, Memory, Private, ReadOnly, Shared};
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
    reserve: usize,
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
        MappedOptions { reserve: RESERVE, step: STEP, at_least: 0 }
    }

    /// Sets how many bytes of address space are reserved behind the contents of the file: what can be allocated. When they
    /// are not to be had, half as many are tried, and so on down to 64 KiB.
    #[must_use]
    pub const fn reserve(mut self, bytes: usize) -> Self {
        self.reserve = bytes;
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
        // It is cut off only once it is locked.
        let mut open = OpenOptions::new();
        let file = open_file(open.read(true).write(true).create(true).truncate(false), path)?;
        let file = lock(file, true, path)?;
        file.as_file().set_len(0).map_err(|error| system("empty", path, error))?;
        self.shared(file, 0)
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
        let file = open_file(OpenOptions::new().read(true).write(true), path)?;
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.open_shared(file, path) }
    }

    /// As [`open`](Self::open), for a file that is open already, to be read and written.
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
        // Whether it can be written: a mapping would say no without saying why.
        let length = file.metadata().and_then(|metadata| file.set_len(metadata.len()));
        length.map_err(|error| system("write to", path, error))?;
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.open_shared(file, path) }
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

    /// A shared mapping of an open file.
    ///
    /// # Safety
    ///
    /// As for [`Mapped::open`].
    unsafe fn open_shared(&self, file: File, path: &Path) -> Result<Mapped, MapError> {
        let file = lock(file, true, path)?;
        let bytes = self.length(file.as_file(), path)?;
        self.shared(file, bytes)
    }

    fn shared(&self, file: Locked, bytes: usize) -> Result<Mapped, MapError> {
        let shared =
            Shared::map(file, bytes, self.reserve, self.step).map_err(|cause| memory(bytes, cause))?;
        Ok(Mapped::new(Memory::Shared(shared), bytes))
    }

    /// The file, to be read, and its length in bytes.
    fn open_to_read(&self, path: &Path) -> Result<(Locked, usize), MapError> {
        let file = open_file(OpenOptions::new().read(true), path)?;
        let file = lock(file, false, path)?;
        let bytes = self.length(file.as_file(), path)?;
        Ok((file, bytes))
    }

    /// The length of the file in bytes.
    fn length(&self, file: &File, path: &Path) -> Result<usize, MapError> {
        let metadata = file.metadata().map_err(|error| system("examine", path, error))?;
        if !metadata.is_file() {
            return Err(MapError::NotAFile { path: path.to_owned() });
        }
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

/// Opens what is at `path`, if it is a file: opening a pipe may wait forever.
fn open_file(options: &OpenOptions, path: &Path) -> Result<File, MapError> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(MapError::NotAFile { path: path.to_owned() });
    }
    options.open(path).map_err(|error| system("open", path, error))
}

fn lock(file: File, for_itself: bool, path: &Path) -> Result<Locked, MapError> {
    Locked::new(file, for_itself).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => MapError::InUse { path: path.to_owned() },
        _ => system("map", path, error),
    })
}

fn system(what: &'static str, path: &Path, error: io::Error) -> MapError {
    MapError::System { what, path: PathBuf::from(path), error }
}

fn memory(bytes: usize, cause: crate::error::Cause) -> MapError {
    MapError::Memory { bytes: bytes as u64, cause }
}
