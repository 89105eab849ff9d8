//! A growable UTF-8 [`String`] with an allocator, and the types its methods return.

mod bytes;
mod compare;
mod convert;
mod drain;
mod edit;
mod extend;
mod from_utf;
mod traits;

pub use self::bytes::String;
pub use self::drain::Drain;
pub use self::from_utf::FromUtf8Error;

use core::ops::{Bound, Range, RangeBounds};

/// `range` as a pair of positions in `text`. The bounds are asked for once: they are the caller's code, and could
/// answer otherwise the second time.
///
/// # Panics
///
/// If the range is decreasing, ends beyond the text, or starts or ends within a character.
#[track_caller]
fn resolve(text: &str, range: impl RangeBounds<usize>) -> Range<usize> {
    let start = match range.start_bound() {
        Bound::Included(&first) => first,
        Bound::Excluded(&before) => before.checked_add(1).expect("the range starts beyond the address space"),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.checked_add(1).expect("the range ends beyond the address space"),
        Bound::Excluded(&after) => after,
        Bound::Unbounded => text.len(),
    };
    // `str` checks order, length and character boundaries, and says which of them failed.
    let _ = &text[start..end];
    start..end
}
