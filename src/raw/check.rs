//! Invariant walks of zeal builds.

use super::{Cursor, SpareList};

/// Whether two stretches of memory, from start to end, have no byte in common.
pub(crate) fn apart(one: (*mut u8, *mut u8), other: (*mut u8, *mut u8)) -> bool {
    one.1 <= other.0 || other.1 <= one.0 || one.0 == one.1 || other.0 == other.1
}

/// Checks that no two of the stretches that a handle holds overlap: its window and what it kept for later.
pub(crate) fn stretches<const M: usize>(cursor: &Cursor<M>, spares: &SpareList) {
    let (start, pos, end) = (cursor.start(), cursor.pos(), cursor.end());
    assert!(start <= pos && pos <= end, "cursor out of order: {start:p} {pos:p} {end:p}");
    assert!(cursor.peak() >= pos, "the peak is lower than the position");
    for address in [start, pos, end] {
        assert_eq!(address.addr() % M, 0, "cursor at {address:p} is not aligned to {M}");
    }
    spares.for_each(|spare, spare_end| {
        assert!(spare < spare_end, "an empty stretch is kept");
        assert!(spare_end <= start || spare >= end, "a kept stretch at {spare:p} lies in the window");
        spares.for_each(|other, other_end| {
            assert!(
                spare == other || spare_end <= other || spare >= other_end,
                "the kept stretches at {spare:p} and {other:p} overlap"
            );
        });
    });
}
