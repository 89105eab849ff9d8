//! What memory tools are told. The only file that names one.
//!
//! Built with `--cfg arenite_asan`, AddressSanitizer knows which bytes of a chunk are handed out, and with
//! `--cfg arenite_memcheck` Valgrind's memcheck does (on x86-64): a touch of any other byte is reported. AddressSanitizer's
//! leak check looks for pointers in reserved ranges then. Otherwise all of this is nothing.

/// Bytes left free behind every block so that an overrun hits poison. The tools' granules are up to 8 bytes long.
pub(crate) const GAP: usize = if cfg!(any(arenite_asan, arenite_memcheck)) { 8 } else { 0 };

#[cfg(arenite_asan)]
mod asan {
    unsafe extern "C" {
        pub(super) fn __asan_poison_memory_region(start: *const u8, bytes: usize);
        pub(super) fn __asan_unpoison_memory_region(start: *const u8, bytes: usize);
        // Its leak check, which knows the heap, stacks and statics by itself, and nothing else.
        pub(super) fn __lsan_register_root_region(start: *const u8, bytes: usize);
        pub(super) fn __lsan_unregister_root_region(start: *const u8, bytes: usize);
    }
}

#[cfg(all(arenite_memcheck, not(target_arch = "x86_64")))]
compile_error!("how to speak to memcheck is known for x86-64 alone");

#[cfg(all(arenite_memcheck, target_arch = "x86_64"))]
mod memcheck {
    /// What memcheck is asked for; the numbers are those of its header, `memcheck.h`.
    #[derive(Clone, Copy)]
    #[repr(u64)]
    pub(super) enum Request {
        NoAccess = 0x4D43_0000,
        // What is there may be known to be zero, so it counts as written.
        Defined = 0x4D43_0002,
    }

    /// Tells memcheck, if the program runs in it; otherwise does nothing.
    #[inline(always)]
    pub(super) fn tell(request: Request, start: *const u8, bytes: usize) {
        let message = [request as u64, start.addr() as u64, bytes as u64, 0, 0, 0];
        // SAFETY: by itself the sequence changes nothing: the rotations of a register add up to whole turns, and a
        // register is exchanged with itself. Valgrind knows it, reads the message, which is as long as it expects, and
        // changes what it knows of the bytes, which need not be accessible, and no byte.
        unsafe {
            core::arch::asm!(
                "rol rdi, 3",
                "rol rdi, 13",
                "rol rdi, 61",
                "rol rdi, 51",
                "xchg rbx, rbx",
                in("rax") &raw const message,
                inout("rdx") 0_u64 => _,
                options(nostack),
            );
        }
    }
}

/// From now on a touch of any of these bytes is an error.
#[inline(always)]
pub(crate) fn poison(start: *mut u8, bytes: usize) {
    #[cfg(arenite_asan)]
    // SAFETY: the call reads and writes the tool's shadow memory alone; any range of addresses will do.
    unsafe {
        asan::__asan_poison_memory_region(start, bytes);
    }
    #[cfg(arenite_memcheck)]
    memcheck::tell(memcheck::Request::NoAccess, start, bytes);
    let _ = (start, bytes);
}

/// These bytes may be touched again.
#[inline(always)]
pub(crate) fn unpoison(start: *mut u8, bytes: usize) {
    #[cfg(arenite_asan)]
    // SAFETY: the call reads and writes the tool's shadow memory alone; any range of addresses will do.
    unsafe {
        asan::__asan_unpoison_memory_region(start, bytes);
    }
    #[cfg(arenite_memcheck)]
    memcheck::tell(memcheck::Request::Defined, start, bytes);
    let _ = (start, bytes);
}

/// What pointers in these bytes lead to is not lost, for a leak check, from now on: the bytes came from the system and not from
/// the heap. Those that cannot be read, or are poisoned, do not count meanwhile.
#[cfg(feature = "virtual-memory")]
#[inline(always)]
pub(crate) fn look_through(start: *mut u8, bytes: usize) {
    #[cfg(arenite_asan)]
    // SAFETY: the call writes a list of the tool's own; what it lists is read only where it is mapped and readable.
    unsafe {
        asan::__lsan_register_root_region(start, bytes);
    }
    let _ = (start, bytes);
}

/// Takes [`look_through`] back, before the bytes are another's, or kept without being in use. The tool ends the process if it was
/// not given them.
#[cfg(feature = "virtual-memory")]
#[inline(always)]
pub(crate) fn look_away(start: *mut u8, bytes: usize) {
    #[cfg(arenite_asan)]
    // SAFETY: the call writes a list of the tool's own.
    unsafe {
        asan::__lsan_unregister_root_region(start, bytes);
    }
    let _ = (start, bytes);
}

/// `[start, start + bytes)` is handed out: it may be touched. Zeal builds (`--cfg arenite_zeal`) fill it with junk, so
/// that reliance on what was there shows.
///
/// # Safety
///
/// The bytes are writable and nobody's.
#[inline(always)]
pub(crate) unsafe fn occupy(start: *mut u8, bytes: usize) {
    unpoison(start, bytes);
    // SAFETY: the caller's promise is the callee's.
    unsafe { junk(start, bytes) };
}

/// `[start, end)` is free again: a touch of it is an error. Zeal builds overwrite what was there, but not in Miri: a box that
/// is an argument of a function may not be written to before that returns, and may be freed.
///
/// # Safety
///
/// As for [`occupy`].
#[inline(always)]
pub(crate) unsafe fn vacate(start: *mut u8, end: *mut u8) {
    let bytes = end.addr() - start.addr();
    if cfg!(all(arenite_zeal, not(miri))) {
        unpoison(start, bytes);
        // SAFETY: the caller's promise is the callee's.
        unsafe { junk(start, bytes) };
    }
    poison(start, bytes);
}

/// Fills the bytes with junk in zeal builds.
///
/// # Safety
///
/// As for [`occupy`].
#[inline(always)]
unsafe fn junk(start: *mut u8, bytes: usize) {
    if cfg!(arenite_zeal) {
        // SAFETY: writable and nobody's, by this function's contract.
        unsafe { start.write_bytes(0xA5, bytes) };
    }
}
