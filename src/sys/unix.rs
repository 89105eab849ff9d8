//! Unix.

use std::io;
use std::ptr::NonNull;

use region::Protection;

use crate::addr;

/// Reserves `bytes` bytes of address space, whole pages, that nobody may touch before they are committed.
pub(crate) fn reserve(bytes: usize) -> io::Result<NonNull<u8>> {
    let range = region::alloc(bytes, Protection::NONE).map_err(region::Error::into_io_error)?;
    let (start, _) = range.into_raw_parts::<u8>();
    NonNull::new(start).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
}

/// As [`reserve`], at an address that is a multiple of `align`, a power of two that is not less than a page.
#[cfg(feature = "global")]
pub(crate) fn reserve_aligned(bytes: usize, align: usize) -> io::Result<NonNull<u8>> {
    let all = bytes.checked_add(align).ok_or(io::ErrorKind::OutOfMemory)?;
    let range = reserve(all)?;
    let head = range.addr().get().wrapping_neg() & (align - 1);
    // SAFETY: within the reservation, which is `align` bytes longer than asked.
    let start = unsafe { range.add(head) };
    // SAFETY: the end of the reservation, or within it.
    let end = unsafe { start.add(bytes) };
    for (start, bytes) in [(range, head), (end, align - head)] {
        if bytes > 0 {
            // SAFETY: whole pages of the reservation, one end of it, which nobody has seen.
            unsafe { release(start, bytes) };
        }
    }
    Ok(start)
}

/// Gives a reservation, or a part of one, back to the system.
///
/// # Safety
///
/// `[start, start + bytes)` are whole pages of a reservation, and nobody uses them any more.
pub(crate) unsafe fn release(start: NonNull<u8>, bytes: usize) {
    // SAFETY: what is unmapped is mapped, whole pages, and nobody uses it (this function's contract).
    drop(unsafe { region::Allocation::from_raw_parts(start.as_ptr(), bytes) });
}

/// Makes pages of a reservation readable and writable. They are zero unless they were committed before.
///
/// # Safety
///
/// `[start, start + bytes)` are whole pages of a reservation that the caller owns.
pub(crate) unsafe fn commit(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    // SAFETY: the pages are the caller's, who may do with them what they like (this function's contract).
    let result = unsafe { region::protect(start.as_ptr(), bytes, Protection::READ_WRITE) };
    result.map_err(region::Error::into_io_error)
}

/// Lets the system take the pages back; they stay committed, and read as zero from now on.
///
/// # Safety
///
/// As for [`commit`]; nobody relies on what the pages hold.
pub(crate) unsafe fn discard(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        // SAFETY: the pages are the caller's, and their contents may go (this function's contract).
        unsafe { advise(start, bytes, libc::MADV_DONTNEED) }
    } else {
        // Elsewhere the advice is no more than that, and the pages may keep what they hold.
        // SAFETY: as above.
        unsafe { replace(start, bytes, libc::PROT_READ | libc::PROT_WRITE) }
    }
}

/// Takes [`commit`] back: nobody may touch the pages, and the system has the memory. What was reserved stays so.
///
/// # Safety
///
/// As for [`discard`].
pub(crate) unsafe fn decommit(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    // Not by `mprotect`: pages that were once writable stay different for the kernel from those that never were, and it
    // would keep a mapping for each.
    // SAFETY: this function's contract.
    unsafe { replace(start, bytes, libc::PROT_NONE) }
}

/// Puts fresh pages in the place of others: zero, if they may be read.
///
/// # Safety
///
/// As for [`discard`].
unsafe fn replace(start: NonNull<u8>, bytes: usize, access: libc::c_int) -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED;
    // SAFETY: what is mapped over are pages that are the caller's, whose contents may go (this function's contract).
    let result = unsafe { libc::mmap(start.as_ptr().cast(), bytes, access, flags, -1, 0) };
    if result == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Asks for huge pages. Takes effect for what lies in whole huge pages, now or when it is committed.
///
/// # Safety
///
/// As for [`commit`].
pub(crate) unsafe fn advise_huge(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: advice on pages that are the caller's (this function's contract).
    return unsafe { advise(start, bytes, libc::MADV_HUGEPAGE) };
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (start, bytes);
        Ok(())
    }
}

/// Asks for small pages.
///
/// # Safety
///
/// As for [`commit`].
pub(crate) unsafe fn advise_small(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: advice on pages that are the caller's (this function's contract).
    return unsafe { advise(start, bytes, libc::MADV_NOHUGEPAGE) };
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (start, bytes);
        Ok(())
    }
}

/// Has committed pages made present now, so that touching them later does not fault.
///
/// # Safety
///
/// As for [`commit`]; the pages are committed.
pub(crate) unsafe fn populate(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: makes pages present that are the caller's (this function's contract), and changes no byte.
        let result = unsafe { advise(start, bytes, libc::MADV_POPULATE_WRITE) };
        if !matches!(&result, Err(error) if error.raw_os_error() == Some(libc::EINVAL)) {
            return result;
        }
    }
    // Older kernels and other systems: touch each page, leaving its contents as they are.
    for offset in (0..bytes).step_by(super::page_size()) {
        // SAFETY: within the pages.
        let byte = unsafe { start.add(offset) };
        // SAFETY: committed, so readable.
        let value = unsafe { byte.read_volatile() };
        // SAFETY: committed, so writable, and what was read is written back.
        unsafe { byte.write_volatile(value) };
    }
    Ok(())
}

/// Keeps committed pages in memory.
///
/// # Safety
///
/// As for [`populate`].
pub(crate) unsafe fn lock(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    let guard = region::lock(start.as_ptr(), bytes).map_err(region::Error::into_io_error)?;
    // The pages stay locked until they are unmapped.
    std::mem::forget(guard);
    Ok(())
}

/// Takes [`lock`] back.
///
/// # Safety
///
/// As for [`populate`].
pub(crate) unsafe fn unlock(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    // SAFETY: the pages are the caller's (this function's contract), and what they hold does not change.
    let result = unsafe { region::unlock(start.as_ptr(), bytes) };
    result.map_err(region::Error::into_io_error)
}

/// Writes to the standard error stream, whatever state the process is in.
#[cfg(feature = "global")]
pub(crate) fn complain(message: &str) {
    // SAFETY: the bytes are readable.
    unsafe { libc::write(libc::STDERR_FILENO, message.as_ptr().cast(), message.len()) };
}

/// Bytes of address space that the process may still take, where a limit is set (`RLIMIT_AS`).
pub(crate) fn address_space_left() -> Option<usize> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writes.
    if unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } != 0 || limit.rlim_cur == libc::RLIM_INFINITY {
        return None;
    }
    let used = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = used.split(' ').next()?.parse().ok()?;
    let limit = usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX);
    Some(limit.saturating_sub(pages.saturating_mul(super::page_size())))
}

/// # Safety
///
/// The pages are the caller's, who bears what the advice does to their contents.
unsafe fn advise(start: NonNull<u8>, bytes: usize, advice: libc::c_int) -> io::Result<()> {
    debug_assert_eq!(addr::padding(start.addr().get(), super::page_size()), 0);
    // SAFETY: this function's contract.
    match unsafe { libc::madvise(start.as_ptr().cast(), bytes, advice) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
