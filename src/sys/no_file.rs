//! Systems on which files cannot be made longer under their mappings, as far as we know: every call is an error.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::ptr::NonNull;

/// By what a file is told from all others.
pub(crate) type FileId = (u64, u64);

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(crate) fn file_id(_file: &File) -> io::Result<FileId> {
    unsupported()
}

pub(crate) fn file_id_at(_path: &Path) -> io::Result<FileId> {
    unsupported()
}

pub(crate) fn what_it_is(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "a directory" } else { "a device" }
}

pub(crate) fn open_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

pub(crate) fn is_out_of_handles(_error: &io::Error) -> bool {
    false
}

pub(crate) fn access(_file: &File) -> io::Result<(bool, bool)> {
    unsupported()
}

pub(crate) fn extend_file(_file: &File, _from: u64, _to: u64) -> io::Result<()> {
    unsupported()
}

pub(crate) fn fill_holes(_file: &File, _bytes: u64) -> io::Result<()> {
    unsupported()
}

pub(crate) fn try_map_copy(_bytes: usize, _file: &File) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None: nothing is done.
pub(crate) unsafe fn map_copy_over(_start: NonNull<u8>, _bytes: usize, _file: &File) -> io::Result<()> {
    unsupported()
}

pub(crate) fn lock_file(_file: &File, _for_itself: bool) -> io::Result<bool> {
    unsupported()
}

pub(crate) fn unlock_file(_file: &File) {}
