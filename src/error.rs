//! Errors.

use core::error::Error;
use core::fmt;

use crate::size::Bytes;

mod file;
mod memory;

/// Why an arena could not be made. [`Arena::try_new_in`](crate::Arena::try_new_in) and its like return it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateError {
    /// More bytes were asked for than any block can have.
    TooLarge {
        /// Bytes asked for.
        bytes: usize,
    },
    /// The backing has room for fewer bytes than were asked for, and can get no more.
    TooSmall {
        /// Bytes asked for.
        bytes: usize,
        /// Bytes that the backing has, before alignment.
        available: usize,
        /// The name of the backing.
        backing: &'static str,
    },
    /// The source of memory had none.
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
        /// The name of the backing.
        backing: &'static str,
    },
    /// The system refused.
    System {
        /// Bytes asked for.
        bytes: usize,
        /// The name of the backing.
        backing: &'static str,
        /// What the system refused, and why.
        cause: Cause,
    },
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            CreateError::TooLarge { bytes } => {
                write!(f, "no block can have {bytes} bytes: ask for less than half of the address space")
            }
            CreateError::TooSmall { bytes, available, backing } => write!(
                f,
                "the {backing} backing has {} where {} are needed, alignment not counted: give it a larger buffer",
                Bytes(available),
                Bytes(bytes),
            ),
            CreateError::OutOfMemory { bytes, backing } => write!(
                f,
                "the {backing} backing got no memory for the first {}: ask for less, or free some first",
                Bytes(bytes),
            ),
            CreateError::System { bytes, backing, cause } => {
                write!(f, "the {backing} backing got no memory for the first {}: {cause}", Bytes(bytes))
            }
        }
    }
}

impl Error for CreateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            CreateError::System { cause, .. } => Some(cause),
            _ => None,
        }
    }
}

/// Why the system refused memory. [`CreateError::System`] has it, and [`Arena::cause`](crate::Arena::cause) returns it
/// after an allocation has failed.
///
/// `code` is the system's error number (`errno`), if there is one; `Display` shows what it means and what can be done, by
/// that number and by the limits that the process has when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Address space could not be reserved.
    Reserve {
        /// The system's error number.
        code: Option<i32>,
    },
    /// So many ranges of address space are reserved already that the next one is left to others: a thread, which needs a
    /// stack, and `malloc`.
    Crowded {
        /// How many ranges there are.
        ranges: usize,
    },
    /// Reserved memory could not be made usable.
    Commit {
        /// The system's error number.
        code: Option<i32>,
    },
    /// Memory could not be made present beforehand.
    Prefault {
        /// The system's error number.
        code: Option<i32>,
    },
    /// Memory could not be locked, so that it stays in memory.
    Lock {
        /// The system's error number.
        code: Option<i32>,
    },
    /// The file could not be mapped.
    Map {
        /// The system's error number.
        code: Option<i32>,
    },
    /// What the file leaves out (holes) got no place on the disk.
    FillFile {
        /// The system's error number.
        code: Option<i32>,
    },
    /// The file could not be made longer. It is as it was.
    ExtendFile {
        /// The system's error number.
        code: Option<i32>,
    },
    /// The process was forked off from the one that opened the file, which alone may change how long it is.
    Forked,
    /// Somebody else changed the length of the file. It is left alone from then on.
    FileChanged {
        /// Bytes that the file had when the arena looked last.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// The file was opened to be read.
    ReadOnly,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, code, advice) = match *self {
            Cause::Reserve { code } => {
                ("address space could not be reserved", code, memory::how_to_reserve(code))
            }
            Cause::Crowded { ranges } => {
                return write!(
                    f,
                    "{ranges} ranges of address space are reserved already, and what is left is for others: keep fewer \
                     arenas at a time, or take `Chained` for small ones",
                );
            }
            Cause::Commit { code } => {
                ("reserved memory could not be committed", code, memory::how_to_commit(code))
            }
            Cause::Prefault { code } => {
                ("memory could not be made present", code, "free some memory, or prefault less")
            }
            Cause::Lock { code } => ("memory could not be locked", code, memory::how_to_lock(code)),
            Cause::Map { code } => ("the file could not be mapped", code, file::how_to_map(code)),
            Cause::FillFile { code } => {
                ("what the file leaves out got no place on the disk", code, file::how_to_extend(code))
            }
            Cause::ExtendFile { code } => {
                ("the file could not be made longer", code, file::how_to_extend(code))
            }
            Cause::Forked => {
                return f.write_str(
                    "this process was forked off from the one that opened the file, which alone may change how long it \
                     is: end the arena there, and open the file here",
                );
            }
            Cause::FileChanged { expected, found } => {
                return write!(
                    f,
                    "the file has {found} bytes where it had {expected}: somebody else changed it; keep others from \
                     that, and open it anew",
                );
            }
            Cause::ReadOnly => return f.write_str("the file was opened read-only: use `Mapped::open`"),
        };
        match code {
            #[cfg(feature = "std")]
            Some(code) => write!(f, "{failed}: {}; {advice}", std::io::Error::from_raw_os_error(code)),
            #[cfg(not(feature = "std"))]
            Some(code) => write!(f, "{failed}: system error {code}; {advice}"),
            None => write!(f, "{failed}: not on this system, or not as much; {advice}"),
        }
    }
}

impl Error for Cause {}
