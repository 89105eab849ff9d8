//! The only calls into the operating system.
//!
//! Each is one thing that the system does, with its errors; no policy. Address ranges are in whole pages.

#[cfg_attr(miri, path = "miri.rs")]
#[cfg_attr(all(unix, not(miri)), path = "unix.rs")]
#[cfg_attr(not(any(unix, miri)), path = "absent.rs")]
mod system;

pub(crate) use system::{
    address_space, address_space_left, advise_huge, advise_small, commit, counts_every_page, data_limit,
    decommit, discard, is_limited, lock, lockable_left, most_mappings, populate, refusal, release, reserve,
    unlock,
};
#[cfg(feature = "global")]
pub(crate) use system::{complain, reserve_aligned};

#[cfg(all(feature = "mapped", unix, not(miri)))]
mod file;
#[cfg(all(feature = "mapped", unix, not(miri)))]
pub(crate) use file::{
    FileId, access, extend_file, file_id, file_id_at, fill_holes, is_out_of_handles, lock_file,
    map_copy_over, open_file, try_map_copy, unlock_file, what_it_is,
};

#[cfg(all(feature = "mapped", not(all(unix, not(miri)))))]
mod no_file;
#[cfg(all(feature = "mapped", not(all(unix, not(miri)))))]
pub(crate) use no_file::{
    FileId, access, extend_file, file_id, file_id_at, fill_holes, is_out_of_handles, lock_file,
    map_copy_over, open_file, try_map_copy, unlock_file, what_it_is,
};

/// Why the system refuses memory.
#[cfg_attr(any(not(unix), miri), allow(dead_code, reason = "there, nothing is known of why"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is none, or a limit is reached.
    NoMemory,
    /// Too much would be locked.
    NoLockedMemory,
    /// It does not know the call, or does not allow it to this process.
    Forbidden,
    Other,
}

/// What a process may have only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    AddressSpace,
    Data,
    Locked,
}

/// Bytes in a page.
#[inline]
pub(crate) fn page_size() -> usize {
    #[cfg(all(unix, not(miri)))]
    return region::page::size();
    #[cfg(not(all(unix, not(miri))))]
    PAGE
}

/// What a page has where nothing is reserved, so that nothing is rounded to it. In an interpreter it is as small as a block of
/// regions is there, so that one can be given back.
#[cfg(not(all(unix, not(miri))))]
const PAGE: usize = if cfg!(miri) { 1 << 10 } else { 4096 };

/// Bytes in a huge page, as far as rounding to them pays: 2 MiB on every system that has them with 4 KiB pages. An interpreter
/// has none, and too little time to fill them.
pub(crate) const HUGE_PAGE: usize = if cfg!(miri) { 64 << 10 } else { 2 << 20 };
