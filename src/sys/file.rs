//! Files under mappings, on Unix.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::ptr::NonNull;

/// Makes the file, which has `from` bytes, `to` bytes long, all of which have their place on the disk: to write them
/// through a mapping never finds the disk full. The new bytes are zero.
///
/// On failure some of the new bytes may be there.
pub(crate) fn extend_file(file: &File, from: u64, to: u64) -> io::Result<()> {
    // Past the limit the system sends a signal that ends the process.
    if file_size_limit().is_some_and(|limit| to > limit) {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    match allocate(file, from, to) {
        Err(error) if is_unsupported(&error) => write_zeroes(file, from, to),
        result => result,
    }
}

/// Gives what the file's first `bytes` bytes leave out (holes) its place on the disk.
pub(crate) fn fill_holes(file: &File, bytes: u64) -> io::Result<()> {
    match allocate(file, 0, bytes) {
        Err(error) if is_unsupported(&error) => Ok(()),
        result => result,
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn allocate(file: &File, from: u64, to: u64) -> io::Result<()> {
    if from == to {
        return Ok(());
    }
    let too_large = |_| io::Error::from_raw_os_error(libc::EFBIG);
    let offset = libc::off_t::try_from(from).map_err(too_large)?;
    let bytes = libc::off_t::try_from(to - from).map_err(too_large)?;
    loop {
        // SAFETY: no memory is involved.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), offset, bytes) } {
            0 => return Ok(()),
            libc::EINTR => {}
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn allocate(_file: &File, _from: u64, _to: u64) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP))
}

/// Whether a system, or a file system, has no such call.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS))
}

/// Makes the file longer by writing zeroes, which takes its place on the disk on most file systems.
fn write_zeroes(file: &File, from: u64, to: u64) -> io::Result<()> {
    static ZEROES: [u8; 64 << 10] = [0; 64 << 10];
    let mut at = from;
    while at < to {
        let bytes = (to - at).min(ZEROES.len() as u64);
        file.write_all_at(&ZEROES[..bytes as usize], at)?;
        at += bytes;
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

/// Puts a private copy of the file's first `bytes` bytes, made page by page as they are written, in the place of pages of
/// a reservation.
///
/// # Safety
///
/// `[start, start + bytes)` are whole pages of a reservation that the caller owns. After an error nobody knows what is
/// there: the reservation must never be released.
pub(crate) unsafe fn map_copy_over(start: NonNull<u8>, bytes: usize, file: &File) -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
    // SAFETY: replaces pages that are the caller's (this function's contract), and no others.
    let mapped = unsafe { libc::mmap(start.as_ptr().cast(), bytes, protection, flags, file.as_raw_fd(), 0) };
    if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Keeps out whoever asks for the same lock, for as long as the file is open: everybody, or those who want the file for
/// themselves. File systems without such locks keep nobody out.
///
/// # Errors
///
/// [`io::ErrorKind::WouldBlock`] if somebody has it.
pub(crate) fn lock_file(file: &File, for_itself: bool) -> io::Result<()> {
    let kind = if for_itself { libc::LOCK_EX } else { libc::LOCK_SH };
    // SAFETY: no memory is involved.
    if unsafe { libc::flock(file.as_raw_fd(), kind | libc::LOCK_NB) } == 0 {
        return Ok(());
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Gives the lock up, also for processes that have been forked off meanwhile and have not closed the file yet.
pub(crate) fn unlock_file(file: &File) {
    // SAFETY: no memory is involved.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
}
