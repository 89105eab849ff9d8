//! Systems without reserved address space, as far as we know how to get it: every call is an error.

use std::io;
use std::ptr::NonNull;

use super::{Limit, Refusal};

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(crate) fn reserve(_bytes: usize) -> io::Result<NonNull<u8>> {
    unsupported()
}

#[cfg(feature = "global")]
pub(crate) fn reserve_aligned(_bytes: usize, _align: usize) -> io::Result<NonNull<u8>> {
    unsupported()
}

/// # Safety
///
/// None: there is no reservation that could be released.
pub(crate) unsafe fn release(_start: NonNull<u8>, _bytes: usize) {}

/// # Safety
///
/// None, here and below.
pub(crate) unsafe fn commit(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn discard(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn decommit(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn advise_huge(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn advise_small(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn populate(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn lock(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

/// # Safety
///
/// None.
pub(crate) unsafe fn unlock(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
    unsupported()
}

#[cfg(feature = "global")]
pub(crate) fn complain(message: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(message.as_bytes());
}

pub(crate) fn address_space() -> usize {
    usize::MAX
}

pub(crate) fn address_space_left() -> Option<usize> {
    None
}

pub(crate) fn lockable_left(_error: &io::Error) -> Option<usize> {
    None
}

pub(crate) fn refusal(_code: i32) -> Refusal {
    Refusal::Other
}

pub(crate) fn is_limited(_limit: Limit) -> bool {
    false
}

pub(crate) fn data_limit() -> Option<usize> {
    None
}

pub(crate) fn counts_every_page() -> bool {
    false
}

pub(crate) fn most_mappings() -> usize {
    usize::MAX
}
