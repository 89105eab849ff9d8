//! Memory that is there before it is touched.

use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use super::Arena;
use crate::backing::Virtual;
use crate::size::Bytes;

impl<const M: usize> Arena<Virtual, M> {
    /// As [`reserve`](Self::reserve), and has the system make that memory present, so that touching it does not fault: what
    /// must be quick later pays for its pages now.
    ///
    /// O(pages), in one system call or two. [`Virtual::prefault`] does it when the range is reserved.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory; [`try_prefault`](Self::try_prefault) returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Virtual};
    ///
    /// let arena: Arena<_> = Arena::new_in(Virtual::new());
    /// arena.prefault(1 << 20);
    /// assert!(arena.chunk_capacity() >= 1 << 20);
    /// ```
    pub fn prefault(&self, bytes: usize) {
        if self.try_prefault(bytes).is_err() {
            panic!("arena: no memory to make {} present (backing: virtual)", Bytes(bytes));
        }
    }

    /// As [`prefault`](Self::prefault), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; [`cause`](Self::cause) says why.
    pub fn try_prefault(&self, bytes: usize) -> Result<(), AllocError> {
        self.make_room(bytes)?;
        let start = NonNull::new(self.cursor.pos()).filter(|_| bytes > 0);
        let Some(start) = start else { return Ok(()) };
        self.root().ask(|backing| backing.make_present(start, bytes))
    }
}
