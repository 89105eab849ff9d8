//! Systems on which files cannot be made longer under their mappings, as far as we know: every call is an error.

use std::fs::File;
use std::io;
use std::ptr::NonNull;

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(crate) fn extend_file(_file: &File, _from: u64, _to: u64) -> io::Result<()> {
    unsupported()
}

pub(crate) fn fill_holes(_file: &File, _bytes: u64) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None: nothing is done.
pub(crate) unsafe fn map_copy_over(_start: NonNull<u8>, _bytes: usize, _file: &File) -> io::Result<()> {
    unsupported()
}

pub(crate) fn lock_file(_file: &File, _for_itself: bool) -> io::Result<()> {
    unsupported()
}

pub(crate) fn unlock_file(_file: &File) {}
