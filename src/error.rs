//! Errors.

use core::error::Error;
use core::fmt;

use crate::size::Bytes;

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
        }
    }
}

impl Error for CreateError {}
