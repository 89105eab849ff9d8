//! What stands in for the system in an interpreter (`cfg(miri)`), which knows no reserved memory: blocks of its allocator.
//!
//! A page that is not committed is uninitialised, so that an interpreter stops when it is read, and one that is committed
//! for the first time is zero. What breaks the contract of a call fails an assertion. Compiled with `--cfg miri`, all of this
//! runs without an interpreter as well.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use allocator_api2::vec::Vec;

use super::{Limit, PAGE, Refusal};

/// Bytes that are reserved at most: they are not as cheap as addresses alone.
const MOST: usize = 16 << 20;

/// A block that passes for reserved addresses.
struct Reservation {
    start: NonNull<u8>,
    layout: Layout,
    /// Whether the page is committed, for each page.
    committed: Vec<bool, System>,
}

// SAFETY: it is no thread's own.
unsafe impl Send for Reservation {}

// What this allocates must not come from the program's allocator, which may be the caller.
static ALL: Mutex<Vec<Reservation, System>> = Mutex::new(Vec::new_in(System));

/// Calls `change` with what is known of each of the pages `[start, start + bytes)`, and where the page is.
fn each_page(start: NonNull<u8>, bytes: usize, mut change: impl FnMut(&mut bool, NonNull<Page>)) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let address = start.addr().get();
    let offset = |reservation: &Reservation| address.wrapping_sub(reservation.start.addr().get());
    let found = all.iter_mut().find(|reservation| offset(reservation) < reservation.layout.size());
    if bytes == 0 {
        return;
    }
    let reservation = found.expect("pages of a reservation");
    let first = offset(reservation);
    assert!(first % PAGE == 0 && bytes % PAGE == 0, "{first} and {bytes} are whole pages");
    let pages = &mut reservation.committed[first / PAGE..(first + bytes) / PAGE];
    for (index, committed) in pages.iter_mut().enumerate() {
        // SAFETY: one of the pages, which are all in the block.
        change(committed, unsafe { start.cast::<Page>().add(index) });
    }
}

/// The bytes of a page.
type Page = MaybeUninit<[u8; PAGE]>;

pub(crate) fn reserve(bytes: usize) -> io::Result<NonNull<u8>> {
    reserve_aligned(bytes, PAGE)
}

pub(crate) fn reserve_aligned(bytes: usize, align: usize) -> io::Result<NonNull<u8>> {
    let no_memory = || io::Error::from(io::ErrorKind::OutOfMemory);
    let layout = Layout::from_size_align(bytes, align.max(PAGE)).map_err(|_| no_memory())?;
    if !(1..=MOST).contains(&bytes) {
        return Err(no_memory());
    }
    // SAFETY: the size is not zero.
    let start = NonNull::new(unsafe { System.alloc(layout) }).ok_or_else(no_memory)?;
    let mut committed = Vec::new_in(System);
    committed.resize(bytes.div_ceil(PAGE), false);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(Reservation { start, layout, committed });
    Ok(start)
}

/// # Safety
///
/// `[start, start + bytes)` is a whole reservation, and nobody uses it any more.
pub(crate) unsafe fn release(start: NonNull<u8>, bytes: usize) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let place = all.iter().position(|reservation| reservation.start == start);
    let reservation = all.swap_remove(place.expect("a reservation"));
    assert_eq!(bytes, reservation.layout.size(), "a reservation is given back in one piece");
    // SAFETY: from this allocator with this layout, and nobody uses it (this function's contract).
    unsafe { System.dealloc(reservation.start.as_ptr(), reservation.layout) };
}

/// # Safety
///
/// `[start, start + bytes)` are whole pages of a reservation that the caller owns.
pub(crate) unsafe fn commit(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |committed, page| {
        if !*committed {
            // SAFETY: a page of the caller's, which nobody could have used yet.
            unsafe { page.write_bytes(0, 1) };
        }
        *committed = true;
    });
    Ok(())
}

/// # Safety
///
/// As for [`commit`]; the pages are committed, and nobody relies on what they hold.
pub(crate) unsafe fn discard(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |committed, page| {
        assert!(*committed, "only committed pages can be discarded");
        // SAFETY: a page of the caller's, whose contents may go (this function's contract).
        unsafe { page.write_bytes(0, 1) };
    });
    Ok(())
}

/// # Safety
///
/// As for [`commit`]; nobody relies on what the pages hold.
pub(crate) unsafe fn decommit(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |committed, page| {
        *committed = false;
        // SAFETY: a page of the caller's, whose contents may go (this function's contract).
        unsafe { page.write(MaybeUninit::uninit()) };
    });
    Ok(())
}

/// # Safety
///
/// As for [`commit`].
pub(crate) unsafe fn advise_huge(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |_, _| ());
    Ok(())
}

/// # Safety
///
/// As for [`commit`].
pub(crate) unsafe fn advise_small(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |_, _| ());
    Ok(())
}

/// # Safety
///
/// As for [`commit`]; the pages are committed.
pub(crate) unsafe fn populate(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |committed, _| assert!(*committed, "only committed pages can be made present"));
    Ok(())
}

/// # Safety
///
/// As for [`populate`].
pub(crate) unsafe fn lock(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |committed, _| assert!(*committed, "only committed pages can be locked"));
    Ok(())
}

/// # Safety
///
/// As for [`populate`].
pub(crate) unsafe fn unlock(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    each_page(start, bytes, |committed, _| assert!(*committed, "only committed pages can be unlocked"));
    Ok(())
}

#[cfg(feature = "global")]
pub(crate) fn complain(message: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(message.as_bytes());
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

pub(crate) fn address_space() -> usize {
    usize::MAX
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
