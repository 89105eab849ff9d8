//! Why a file could not be mapped.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::error::Cause;

/// Why a file could not be mapped. [`Mapped::open`](super::Mapped::open) and its like return it.
///
/// The file is as it was, except that [`create`](super::Mapped::create) may have made it, empty.
#[derive(Debug)]
#[non_exhaustive]
pub enum MapError {
    /// The system refused to open or examine it.
    System {
        /// What could not be done: "open", "lock", "map" ...
        what: &'static str,
        /// The file; empty if it came already open.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is a directory, a device, a pipe: something without a length.
    NotAFile {
        /// What is not a file; empty if it came already open.
        path: PathBuf,
    },
    /// Another arena, in this process or another one, or a program that locks files, uses it.
    InUse {
        /// The file; empty if it came already open.
        path: PathBuf,
    },
    /// It has fewer bytes than [`MappedOptions::at_least`](super::MappedOptions::at_least) asks for.
    TooShort {
        /// Bytes that it has.
        bytes: u64,
        /// Bytes that were asked for.
        expected: u64,
    },
    /// It has more bytes than there are addresses.
    TooLarge {
        /// Bytes that it has.
        bytes: u64,
    },
    /// Address space for it could not be reserved, or the disk has no place for what the file leaves out.
    Memory {
        /// Bytes that the file has.
        bytes: u64,
        /// What was refused, and why.
        cause: Cause,
    },
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &PathBuf| {
            if path.as_os_str().is_empty() { "the file".into() } else { path.display().to_string() }
        };
        match self {
            MapError::System { what, path, error } => {
                write!(f, "cannot {what} {}: {error}", name(path))?;
                match error.kind() {
                    io::ErrorKind::NotFound => f.write_str("; `Mapped::create` makes a new file"),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        f.write_str("; `Mapped::read_only` and `Mapped::private` need no right to write")
                    }
                    _ => Ok(()),
                }
            }
            MapError::NotAFile { path } => {
                write!(f, "{} is a directory or a device: only files can be mapped", name(path))
            }
            MapError::InUse { path } => {
                write!(f, "{} is in use by another arena or process: wait until that has ended", name(path))
            }
            MapError::TooShort { bytes, expected } => write!(
                f,
                "the file has {bytes} bytes where {expected} are expected: it was cut off, or is another one"
            ),
            MapError::TooLarge { bytes } => {
                write!(f, "the file has {bytes} bytes, for which this system has no addresses")
            }
            MapError::Memory { bytes, cause } => write!(f, "cannot map a file of {bytes} bytes: {cause}"),
        }
    }
}

impl Error for MapError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            MapError::System { error, .. } => Some(error),
            MapError::Memory { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
