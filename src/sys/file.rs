//! Files under mappings, on Unix.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::ptr::NonNull;

/// By what a file is told from all others: the device that it lies on, and its number there. Names that lead to the same
/// file have the same.
pub(crate) type FileId = (u64, u64);

/// The file's identity, which no other file has as long as this one is open.
pub(crate) fn file_id(file: &File) -> io::Result<FileId> {
    file.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The identity of what `path` leads to now.
pub(crate) fn file_id_at(path: &Path) -> io::Result<FileId> {
    std::fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

/// What it is that is no file.
pub(crate) fn what_it_is(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    }
}

/// Opens a file, and does not wait for somebody at the other end should it be a pipe.
pub(crate) fn open_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    match options.custom_flags(libc::O_NONBLOCK).open(path) {
        // Somebody has a lease of the file and has been asked to give it up. That takes a moment, and no pipe says so.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => options.custom_flags(0).open(path),
        result => result,
    }
}

/// Whether no more files can be open: in this process, or in all together.
pub(crate) fn is_out_of_handles(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Whether the handle can be read by, and whether it can be written by.
pub(crate) fn access(file: &File) -> io::Result<(bool, bool)> {
    // SAFETY: no memory is involved.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    // It is open as a name alone.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if flags & libc::O_PATH != 0 {
        return Ok((false, false));
    }
    let access = flags & libc::O_ACCMODE;
    let both = access == libc::O_RDWR;
    Ok((both || access == libc::O_RDONLY, both || access == libc::O_WRONLY))
}

/// Makes the file, which has `from` bytes, `to` bytes long, all of which have their place on the disk: to write them
/// through a mapping never finds the disk full. The new bytes are zero.
///
/// On failure some of the new bytes may be there.
pub(crate) fn extend_file(file: &File, from: u64, to: u64) -> io::Result<()> {
    // Past the limit the system sends a signal that ends the process.
    if file_size_limit().is_some_and(|limit| to > limit) {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    // What could not be cut off again is not begun.
    if has_fixed_length(file) {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    match allocate(file, from, to) {
        Err(error) if gives_no_places(&error) => write_zeroes(file, from, to),
        result => result,
    }
}

/// Gives what the file's first `bytes` bytes leave out (holes) its place on the disk.
pub(crate) fn fill_holes(file: &File, bytes: u64) -> io::Result<()> {
    match allocate(file, 0, bytes) {
        Err(error) if gives_no_places(&error) => Ok(()),
        result => result,
    }
}

/// Some file systems give everything back that a call has done so far when a signal interrupts it. Where signals come
/// regularly, a long call never ends. So a call that was interrupted is tried anew with half as many bytes, and one that
/// succeeded is followed by one with twice as many. Each success brings at least `LEAST_PIECE` bytes, and of the least
/// ones `PATIENCE` are tried for each: so this comes to an end.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn allocate(file: &File, from: u64, to: u64) -> io::Result<()> {
    const LEAST_PIECE: u64 = 64 << 10;
    let too_large = |_| io::Error::from_raw_os_error(libc::EFBIG);
    let (mut at, mut piece, mut tries) = (from, to - from, 0);
    while at < to {
        let bytes = piece.min(to - at);
        let offset = libc::off_t::try_from(at).map_err(too_large)?;
        let length = libc::off_t::try_from(bytes).map_err(too_large)?;
        // SAFETY: no memory is involved.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), offset, length) } {
            0 => (at, piece, tries) = (at + bytes, piece.saturating_mul(2), 0),
            libc::EINTR if bytes > LEAST_PIECE => piece = (bytes / 2).max(LEAST_PIECE),
            libc::EINTR if tries < PATIENCE => tries += 1,
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn allocate(_file: &File, _from: u64, _to: u64) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP))
}

/// How often a call that was interrupted is tried again before that is an error.
const PATIENCE: u32 = 100;

/// Whether it is for the writer to take the place on the disk. Where the file system gives none, the system's library may
/// write zeroes itself, but not by a handle that always appends: it calls that one bad, which can be written, or it would
/// not have been mapped.
fn gives_no_places(error: &io::Error) -> bool {
    is_unsupported(error) || error.raw_os_error() == Some(libc::EBADF)
}

/// Whether a system, or a file system, has no such call.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS))
}

/// Makes the file longer by writing zeroes, which takes its place on the disk on most file systems.
fn write_zeroes(file: &File, from: u64, to: u64) -> io::Result<()> {
    static ZEROES: [u8; 64 << 10] = [0; 64 << 10];
    let (mut at, mut tries) = (from, 0);
    while at < to {
        let bytes = (to - at).min(ZEROES.len() as u64);
        match file.write_at(&ZEROES[..bytes as usize], at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => (at, tries) = (at + written as u64, 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted && tries < PATIENCE => tries += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The most bytes that a file may have, where that is limited (`RLIMIT_FSIZE`).
fn file_size_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writes.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
    (known && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// Whether the file is sealed against being made longer, or shorter.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn has_fixed_length(file: &File) -> bool {
    // SAFETY: no memory is involved.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    // An error: this kind of file has none.
    seals >= 0 && seals & (libc::F_SEAL_GROW | libc::F_SEAL_SHRINK) != 0
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn has_fixed_length(_file: &File) -> bool {
    false
}

/// Pages are copied when they are written, so only these need memory: the system shall not set aside as much as there are.
const COPY: libc::c_int = libc::MAP_PRIVATE | MAP_NORESERVE;

#[cfg(any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd"))]
const MAP_NORESERVE: libc::c_int = 0;
#[cfg(not(any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd")))]
const MAP_NORESERVE: libc::c_int = libc::MAP_NORESERVE;

/// Whether [`map_copy_over`] would be refused for this file, and why. Nothing is left mapped.
pub(crate) fn try_map_copy(bytes: usize, file: &File) -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a mapping at a place that the system finds changes no other.
    let mapped = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, COPY, file.as_raw_fd(), 0) };
    if mapped == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the mapping that was made above, which nobody has seen.
    unsafe { libc::munmap(mapped, bytes) };
    Ok(())
}

/// Puts a private copy of the file's first `bytes` bytes, made page by page as they are written, in the place of pages of
/// a reservation. They can be read and written then.
///
/// # Safety
///
/// `[start, start + bytes)` are whole pages of a reservation that the caller owns. After an error nobody knows what is
/// there: the reservation must never be released.
pub(crate) unsafe fn map_copy_over(start: NonNull<u8>, bytes: usize, file: &File) -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = COPY | libc::MAP_FIXED;
    // SAFETY: replaces pages that are the caller's (this function's contract), and no others.
    let mapped = unsafe { libc::mmap(start.as_ptr().cast(), bytes, protection, flags, file.as_raw_fd(), 0) };
    if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Keeps out whoever asks for the same lock, for as long as the file is open: everybody, or those who want the file for
/// themselves. False if the file system has no such locks.
///
/// # Errors
///
/// [`io::ErrorKind::WouldBlock`] if somebody has it.
pub(crate) fn lock_file(file: &File, for_itself: bool) -> io::Result<bool> {
    let kind = if for_itself { libc::LOCK_EX } else { libc::LOCK_SH };
    for _ in 0..PATIENCE {
        // SAFETY: no memory is involved.
        if unsafe { libc::flock(file.as_raw_fd(), kind | libc::LOCK_NB) } == 0 {
            return Ok(true);
        }
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => {}
            error if is_unsupported(&error) || error.raw_os_error() == Some(libc::ENOLCK) => {
                return Ok(false);
            }
            error => return Err(error),
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

/// Gives the lock up, also for processes that have been forked off meanwhile and have not closed the file yet.
pub(crate) fn unlock_file(file: &File) {
    // SAFETY: no memory is involved.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
}
