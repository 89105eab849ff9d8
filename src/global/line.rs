//! Blocks and lines: the arithmetic. Offsets are in bytes from the start of a block.

/// Bytes in a block. Tests are made with small ones.
pub(crate) const BLOCK: usize = if cfg!(loom) {
    64
} else if cfg!(any(arenite_zeal, miri)) {
    1 << 10
} else {
    16 << 10
};

/// Bytes in a line: what one value that outlives its region can keep from being used again.
pub(crate) const LINE: usize = if cfg!(loom) {
    16
} else if cfg!(any(arenite_zeal, miri)) {
    64
} else {
    512
};

pub(crate) const LINES: usize = BLOCK / LINE;

/// What is longer comes from the inner allocator, if there is no room where the cursor stands.
pub(crate) const LARGE: usize = BLOCK / 8;

/// Sizes are multiples of this many bytes, and so are addresses.
pub(crate) const UNIT: usize = 8;

const _: () = assert!(BLOCK % LINE == 0 && LINE % UNIT == 0 && BLOCK <= u16::MAX as usize && LINES <= 64);

/// The line in which an offset is.
#[inline(always)]
pub(crate) fn first(offset: usize) -> usize {
    offset / LINE
}

/// The line in which the last of `bytes` bytes from an offset on is. They are not none.
#[inline(always)]
pub(crate) fn last(offset: usize, bytes: usize) -> usize {
    (offset + bytes - 1) / LINE
}

/// What is no longer than this touches three lines at most.
pub(crate) const SHORT: usize = 2 * LINE;

/// How many of `bytes` bytes from an offset on, [`SHORT`] at most, are in its line and in the next two; without a branch.
#[inline(always)]
pub(crate) fn thirds(offset: usize, bytes: usize) -> [usize; 3] {
    debug_assert!(bytes <= SHORT);
    let first = bytes.min(LINE - offset % LINE);
    let second = (bytes - first).min(LINE);
    [first, second, bytes - first - second]
}

/// Calls `each` with every line that `[offset, offset + bytes)` touches and how many of its bytes it has there.
#[inline(always)]
pub(crate) fn split(offset: usize, bytes: usize, mut each: impl FnMut(usize, u16)) {
    debug_assert!(bytes <= BLOCK && offset <= BLOCK - bytes);
    let end = offset + bytes;
    let mut at = offset;
    while at < end {
        let line = at / LINE;
        let next = end.min((line + 1) * LINE);
        each(line, (next - at) as u16);
        at = next;
    }
}

/// The first run of lines that are free, a bit each, and have room for `bytes` bytes: its start and end.
pub(crate) fn hole(free: u64, bytes: usize) -> Option<(usize, usize)> {
    // Where a run of so many lines begins, and where one goes on that is longer.
    let starts = (1..bytes.div_ceil(LINE)).fold(free, |starts, _| starts & (starts >> 1));
    if starts == 0 {
        return None;
    }
    let first = starts.trailing_zeros();
    let lines = (free >> first).trailing_ones();
    Some((first as usize * LINE, (first + lines) as usize * LINE))
}

/// The bits of lines `[from, to)`.
pub(crate) fn run(from: usize, to: usize) -> u64 {
    let below = |line: usize| if line == 64 { u64::MAX } else { (1 << line) - 1 };
    below(to) & !below(from)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_split_at_every_border() {
        for offset in (0..BLOCK).step_by(UNIT) {
            for bytes in [0, UNIT, LINE - UNIT, LINE, LINE + UNIT, 3 * LINE] {
                if offset + bytes > BLOCK {
                    continue;
                }
                let mut lines = [0_usize; LINES];
                split(offset, bytes, |line, part| lines[line] += usize::from(part));
                let expected = |line: usize| {
                    let (start, end) = (line * LINE, (line + 1) * LINE);
                    end.min(offset + bytes).saturating_sub(start.max(offset))
                };
                assert!((0..LINES).all(|line| lines[line] == expected(line)), "{offset} + {bytes}");
            }
        }
    }

    #[test]
    fn what_is_short_touches_three() {
        for offset in 0..LINE {
            for bytes in 1..=SHORT {
                let mut parts = [0; 3];
                split(offset, bytes, |line, part| parts[line] += usize::from(part));
                assert_eq!(thirds(offset, bytes), parts, "{offset} + {bytes}");
            }
        }
    }

    #[test]
    fn the_first_hole_that_will_do() {
        let free = run(1, 2) | run(4, 7) | run(LINES - 1, LINES);
        assert_eq!(hole(free, 1), Some((LINE, 2 * LINE)));
        assert_eq!(hole(free, LINE + 1), Some((4 * LINE, 7 * LINE)));
        assert_eq!(hole(free & !run(0, 5), 1), Some((5 * LINE, 7 * LINE)));
        assert_eq!(hole(free & !run(0, 7), LINE), Some((BLOCK - LINE, BLOCK)));
        assert_eq!(hole(free & !run(0, 7), LINE + 1), None);
        assert_eq!(hole(0, 0), None);
        assert_eq!(hole(run(0, LINES), BLOCK), Some((0, BLOCK)));
        assert_eq!((run(0, 64), run(3, 3), run(63, 64)), (u64::MAX, 0, 1 << 63));
    }
}
