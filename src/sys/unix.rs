//! Unix.

use std::io;
use std::ptr::NonNull;

use region::Protection;

use super::{Limit, Refusal};
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
    // SAFETY: whole pages of a reservation, which nobody uses (this function's contract).
    if unsafe { libc::munmap(start.as_ptr().cast(), bytes) } != 0 {
        // There would be too many mappings: what is left of one would be two. The addresses stay taken, and the memory goes.
        // SAFETY: whole pages of a reservation that was the caller's, and on whose contents nobody relies.
        let _ = unsafe { discard(start, bytes) };
    }
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
        // SAFETY: whole pages of a reservation of the caller's, on whose contents nobody relies (this function's contract).
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
    // SAFETY: whole pages of a reservation of the caller's, on whose contents nobody relies (this function's contract).
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

/// Has the pages in which `[start, start + bytes)` lies made present now, so that touching them later does not fault. No
/// byte changes.
///
/// # Safety
///
/// The pages are committed pages of a reservation that the caller owns, and nobody uses the bytes themselves. (Other bytes of
/// the first page and of the last may be in use, also by other threads at this moment.)
pub(crate) unsafe fn populate(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    let page = super::page_size();
    let head = start.addr().get() & (page - 1);
    #[cfg(target_os = "linux")]
    {
        let whole = addr::align_up(head + bytes, page).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: the page starts in the same reservation (this function's contract), or is its first.
        let first = unsafe { start.sub(head) };
        // SAFETY: makes pages present that are the caller's (this function's contract), and changes no byte.
        match unsafe { advise(first, whole, libc::MADV_POPULATE_WRITE) } {
            // Kernels before 5.14 do not know it, and what confines a process may not allow it.
            Err(error) if is_refusal(&error) => {}
            result => return result,
        }
    }
    for offset in addr::in_each_page(head, head + bytes, page) {
        // SAFETY: `head <= offset < head + bytes`, so this is one of the bytes.
        let byte = unsafe { start.add(offset - head) };
        // SAFETY: the byte is committed, so that it can be read, and nobody writes it meanwhile, as nobody uses it (this
        // function's contract). Fresh pages are zero, and others were written, so it is initialised.
        let value = unsafe { byte.read_volatile() };
        // SAFETY: the byte is committed, so that it can be written, and nobody reads or writes it meanwhile, as above.
        unsafe { byte.write_volatile(value) };
    }
    Ok(())
}

/// Whether the system does not know a call, or does not allow it to this process.
#[cfg(target_os = "linux")]
fn is_refusal(error: &io::Error) -> bool {
    let refusals = [libc::EINVAL, libc::ENOSYS, libc::EPERM, libc::EACCES, libc::EOPNOTSUPP];
    error.raw_os_error().is_some_and(|code| refusals.contains(&code))
}

/// Keeps committed pages in memory.
///
/// # Safety
///
/// As for [`commit`]; the pages are committed.
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
/// As for [`lock`].
pub(crate) unsafe fn unlock(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    // SAFETY: the pages are the caller's (this function's contract), and what they hold does not change.
    let result = unsafe { region::unlock(start.as_ptr(), bytes) };
    result.map_err(region::Error::into_io_error)
}

/// Writes to the standard error stream, whatever state the process is in.
#[cfg(feature = "global")]
pub(crate) fn complain(message: &str) {
    // SAFETY: the message is valid for reads of its length.
    unsafe { libc::write(libc::STDERR_FILENO, message.as_ptr().cast(), message.len()) };
}

/// Bytes of address space that a process can have at most, those that it has included.
///
/// The processor has 39 bits of them, or 47, or more, and the kernel decides how many are a program's. On Linux the first
/// stack lies at their upper end.
pub(crate) fn address_space() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: no condition: it reads what the kernel told the process when it began.
        let on_stack = usize::try_from(unsafe { libc::getauxval(libc::AT_RANDOM) }).unwrap_or(0);
        if on_stack != 0 {
            return on_stack.checked_next_power_of_two().unwrap_or(usize::MAX);
        }
    }
    if cfg!(target_pointer_width = "64") { 1_usize << 47.min(usize::BITS - 1) } else { usize::MAX }
}

/// Bytes of memory that the process may be able to write, where a limit is set (`RLIMIT_DATA`).
pub(crate) fn data_limit() -> Option<usize> {
    limit_of(libc::RLIMIT_DATA)
}

/// Whether the system counts every page that may be written as used, touched or not (`vm.overcommit_memory` is 2).
pub(crate) fn counts_every_page() -> bool {
    read_number(c"/proc/sys/vm/overcommit_memory") == Some(2)
}

/// How many mappings the process may have.
pub(crate) fn most_mappings() -> usize {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        // What it is by default, where nothing can be read.
        read_number(c"/proc/sys/vm/max_map_count").unwrap_or(65_530)
    } else {
        usize::MAX
    }
}

/// The number at the start of a file of the system's.
fn read_number(path: &core::ffi::CStr) -> Option<usize> {
    let mut text = [0; 24];
    number(read(path, &mut text)?)
}

/// Bytes of address space that the process may still take, where a limit is set (`RLIMIT_AS`).
///
/// Asks the system only: allocators may be waiting for the answer.
pub(crate) fn address_space_left() -> Option<usize> {
    let limit = limit_of(libc::RLIMIT_AS)?;
    let used = || {
        let mut text = [0; 64];
        let pages = number(read(c"/proc/self/statm", &mut text)?)?;
        Some(pages.saturating_mul(super::page_size()))
    };
    Some(left_of(limit, used()))
}

/// Bytes that the process may still map after a mapping was refused with that error, if the error says that too much would
/// be locked: a process that called `mlockall(MCL_FUTURE)` locks all that it maps (`RLIMIT_MEMLOCK`).
pub(crate) fn lockable_left(error: &io::Error) -> Option<usize> {
    if error.raw_os_error() != Some(libc::EAGAIN) {
        return None;
    }
    let limit = limit_of(libc::RLIMIT_MEMLOCK)?;
    let used = || {
        let mut text = [0; 4096];
        let text = read(c"/proc/self/status", &mut text)?;
        const LINE: &[u8] = b"VmLck:";
        let at = text.windows(LINE.len()).position(|part| part == LINE)?;
        Some(number(&text[at + LINE.len()..])?.saturating_mul(1 << 10))
    };
    Some(left_of(limit, used()))
}

/// What is left of a limit. If nobody knows how much is in use, a small share of it: others may have taken most.
fn left_of(limit: usize, used: Option<usize>) -> usize {
    used.map_or(limit / 16, |used| limit.saturating_sub(used))
}

/// A limit of this process's, if it is set.
fn limit_of(resource: Resource) -> Option<usize> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writes.
    if unsafe { libc::getrlimit(resource, &mut limit) } != 0 || limit.rlim_cur == libc::RLIM_INFINITY {
        return None;
    }
    Some(usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX))
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Resource = libc::c_int;

/// The first bytes of a file, as many as there is room for. Allocates nothing, unlike `std::fs`.
fn read<'b>(path: &core::ffi::CStr, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    // SAFETY: the path is a string that ends in a zero.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    if file < 0 {
        return None;
    }
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        // SAFETY: the buffer is valid for as many bytes.
        let bytes = unsafe { libc::read(file, rest.as_mut_ptr().cast(), rest.len()) };
        match usize::try_from(bytes) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // SAFETY: the file was opened here, and nobody else knows its number.
    unsafe { libc::close(file) };
    Some(&buffer[..filled])
}

/// The decimal number with which a text begins, spaces aside.
fn number(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

/// Why the system refuses memory, by the number of its error.
pub(crate) fn refusal(code: i32) -> Refusal {
    match code {
        libc::ENOMEM => Refusal::NoMemory,
        libc::EAGAIN => Refusal::NoLockedMemory,
        libc::EPERM | libc::EACCES | libc::ENOSYS => Refusal::Forbidden,
        _ => Refusal::Other,
    }
}

/// Whether the process may have only so much of that.
pub(crate) fn is_limited(limit: Limit) -> bool {
    let resource = match limit {
        Limit::AddressSpace => libc::RLIMIT_AS,
        Limit::Data => libc::RLIMIT_DATA,
        Limit::Locked => libc::RLIMIT_MEMLOCK,
    };
    limit_of(resource).is_some()
}

/// # Safety
///
/// The pages are the caller's, who bears what the advice does to their contents.
unsafe fn advise(start: NonNull<u8>, bytes: usize, advice: libc::c_int) -> io::Result<()> {
    debug_assert_eq!(addr::padding(start.addr().get(), super::page_size()), 0);
    // SAFETY: the call takes any addresses, and fails if nothing is mapped there; what it does to the contents of these pages the
    // caller bears (this function's contract).
    match unsafe { libc::madvise(start.as_ptr().cast(), bytes, advice) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
