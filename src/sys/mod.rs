//! The only calls into the operating system.
//!
//! Each is one thing that the system does, with its errors; no policy. Address ranges are in whole pages.

#[cfg(all(unix, not(miri)))]
mod unix;
#[cfg(all(unix, not(miri)))]
pub(crate) use unix::{
    address_space_left, advise_huge, advise_small, commit, discard, lock, populate, release, reserve, unlock,
};

#[cfg(not(all(unix, not(miri))))]
mod absent;
#[cfg(not(all(unix, not(miri))))]
pub(crate) use absent::{
    address_space_left, advise_huge, advise_small, commit, discard, lock, populate, release, reserve, unlock,
};

/// Bytes in a page.
#[inline]
pub(crate) fn page_size() -> usize {
    region::page::size()
}

/// Bytes in a huge page, as far as rounding to them pays: 2 MiB on every system that has them with 4 KiB pages.
pub(crate) const HUGE_PAGE: usize = 2 << 20;
