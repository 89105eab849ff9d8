//! What can be done when the system refuses something about a file. The same error number means different things for
//! different calls, and a hint at the wrong limit is worse than none.

/// When a file could not be mapped.
#[cfg(all(feature = "mapped", unix))]
pub(super) fn how_to_map(code: Option<i32>) -> &'static str {
    match code {
        Some(libc::ENODEV | libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP | libc::EIO) => {
            "such files, or files of its file system, cannot be mapped (`/proc` and `/sys` are full of them): copy it to \
             a disk, or read it with `std::fs::read`"
        }
        Some(libc::EACCES) => {
            "it may only be appended to (`chattr +a`), or a policy of the system forbids it: open a copy of it"
        }
        Some(libc::EPERM) => {
            "it is sealed against being written: `Mapped::read_only` and `Mapped::private` do not write to it"
        }
        Some(libc::EAGAIN) => {
            "all memory of this process is locked (`mlockall`): reserve less, or raise the limit (`ulimit -l`, \
             RLIMIT_MEMLOCK)"
        }
        Some(libc::ENOMEM) => {
            "look at the limits on the number of mappings (vm.max_map_count) and, for private copies, on what may be \
             written (`ulimit -d`) or copied (vm.overcommit_memory)"
        }
        _ => "copy it to another disk, or read it with `std::fs::read`",
    }
}

/// When a file could not be made longer, or what it has got no place.
#[cfg(all(feature = "mapped", unix))]
pub(super) fn how_to_extend(code: Option<i32>) -> &'static str {
    match code {
        Some(libc::ENOSPC) => "free some space on its disk",
        Some(libc::EDQUOT) => "remove other files of the same owner, or raise the quota",
        Some(libc::EFBIG) => {
            "raise the limit on the length of files (`ulimit -f`, RLIMIT_FSIZE), or use a file system for longer ones"
        }
        Some(libc::EPERM) => "its length may not change: it is sealed, or has such an attribute (`chattr`)",
        Some(libc::EINTR) => "signals interrupted every try: block them for this thread, or send fewer",
        Some(libc::ETXTBSY) => "the system swaps to it: use another file",
        Some(libc::EIO) => "its disk, or the way there, is broken: look at the log of the system",
        Some(libc::EROFS) => "its file system has become read-only: look at the log of the system",
        Some(libc::ENOMEM) => "free some memory, or raise the container's limit",
        _ => "its file system gives no reason: look at the log of the system, or use another disk",
    }
}

#[cfg(not(all(feature = "mapped", unix)))]
pub(super) fn how_to_map(_code: Option<i32>) -> &'static str {
    "`Mapped` needs the feature `mapped` and Unix"
}

#[cfg(not(all(feature = "mapped", unix)))]
pub(super) fn how_to_extend(_code: Option<i32>) -> &'static str {
    "`Mapped` needs the feature `mapped` and Unix"
}
