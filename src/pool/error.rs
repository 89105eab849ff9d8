//! What goes wrong in a pool.

use core::error::Error;
use core::fmt;

use allocator_api2::alloc::AllocError;

/// There was no slot for a value: the pool is at its limit, or there is no memory. Has the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InsertError<T> {
    value: T,
}

impl<T> InsertError<T> {
    pub(super) const fn new(value: T) -> Self {
        InsertError { value }
    }

    /// The value that found no slot.
    pub fn into_value(self) -> T {
        self.value
    }
}

// Whatever the value is: it is not shown.
impl<T> fmt::Debug for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no slot in the pool for the value: it is at its limit, or there is no memory")
    }
}

impl<T> Error for InsertError<T> {}

impl<T> From<InsertError<T>> for AllocError {
    fn from(_: InsertError<T>) -> Self {
        AllocError
    }
}
