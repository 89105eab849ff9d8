//! Why a file could not be mapped.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::error::Cause;
use crate::sys;

/// Why a file could not be mapped. [`Mapped::open`](super::Mapped::open) and its like return it.
///
/// The file holds what it held, except that [`create`](super::Mapped::create) may have made it, empty.
#[derive(Debug)]
#[non_exhaustive]
pub enum MapError {
    /// The system refused to open or examine it.
    System {
        /// What could not be done: "create", "open", "read", "lock" ...
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
        /// What it is: "a directory", "a device", "a pipe", "a socket" ...
        what: &'static str,
    },
    /// The file came already open, and not to be both read and written.
    Handle {
        /// Whether it was opened to be read.
        readable: bool,
        /// Whether it was opened to be written.
        writable: bool,
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
    /// It cannot be mapped, address space for it could not be reserved, or the disk has no place for what it leaves out.
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
                advice(what, error).map_or(Ok(()), |advice| write!(f, "; {advice}"))
            }
            MapError::NotAFile { path, what } => {
                write!(f, "{} is {what}: only files can be mapped", name(path))
            }
            MapError::Handle { readable, writable } => {
                let (verb, how) = match (readable, writable) {
                    (true, _) => ("write to", "to be read only"),
                    (false, true) => ("read", "to be written only"),
                    (false, false) => ("use", "neither to be read nor written"),
                };
                write!(
                    f,
                    "cannot {verb} the file: it was opened {how}; open it with \
                     `File::options().read(true).write(true)`"
                )
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

/// What helps, as far as an error of the system tells. The same error means different things for those who want to write
/// and for those who do not.
fn advice(what: &str, error: &io::Error) -> Option<&'static str> {
    let to_write = matches!(what, "create" | "open");
    match error.kind() {
        io::ErrorKind::NotFound if what == "create" => Some("make its directory first"),
        io::ErrorKind::NotFound => Some("`Mapped::create` makes a new file"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if to_write => {
            Some("`Mapped::read_only` and `Mapped::private` need no right to write")
        }
        io::ErrorKind::PermissionDenied if what == "empty" => {
            Some("it is sealed, or has an attribute that keeps what it has (`chattr`)")
        }
        io::ErrorKind::PermissionDenied => {
            Some("this user may not read it, or not look into a directory on the way")
        }
        _ if sys::is_out_of_handles(error) => Some(
            "close some files, or raise the limit (`ulimit -n`, RLIMIT_NOFILE; fs.file-max for all processes)",
        ),
        _ => None,
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
