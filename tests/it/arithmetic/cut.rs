//! Cutting a range into blocks, against a search through its bytes.

use arenite::addr::cut::{Cut, Wanted};

use super::first_multiple;

const ALIGNS: [usize; 3] = [1, 2, 8];

/// Where ranges start: aligned and not, and so that the last of their bytes is the last of all.
fn starts(len: usize) -> impl Iterator<Item = usize> {
    [4096, 4097, 4102].into_iter().chain(usize::MAX.checked_sub(len)).chain([usize::MAX - len - 3])
}

/// The offset of a block that begins at or above `from`, in a range at `start`.
fn begins(start: usize, from: usize, align: usize) -> Option<usize> {
    first_multiple(start + from, align).map(|address| address - start)
}

/// Where the block after one that ends at `end` begins: the end of the range, if that is nearer.
fn ends(start: usize, len: usize, end: usize, align: usize) -> usize {
    (end..len).find(|offset| (start + offset) % align == 0).unwrap_or(len)
}

/// All that can be asked of a range of `len` bytes, and a little more.
fn requests(len: usize) -> impl Iterator<Item = Wanted> {
    (0..=len + 2).flat_map(move |least| {
        [0, least + 1, len].into_iter().flat_map(move |step| {
            [least, least + 3, len + 9].into_iter().flat_map(move |most| {
                ALIGNS.into_iter().map(move |align| Wanted { least, step, most, align })
            })
        })
    })
}

/// Every first block, and every second one beside it.
#[test]
fn blocks_of_every_size() {
    let mut cases = 0;
    for len in [0, 1, 7, 8, 13] {
        for start in starts(len) {
            for first in requests(len) {
                for next_align in ALIGNS {
                    let mut cut = Cut::new(len);
                    let mut used = take(&mut cut, start, 0, first, next_align);
                    for second in requests(len).filter(|second| second.step == 0 || second.least < 3) {
                        let mut cut = cut.clone();
                        take(&mut cut, start, used, second, 1);
                        cases += 1;
                    }
                    // What is cut back is free, and nothing above it is.
                    for offset in [used + 1, used, used / 2, 0] {
                        cut.cut_back(offset);
                        used = used.min(offset);
                        assert_eq!((cut.used(), cut.room(), cut.len()), (used, len - used, len));
                    }
                }
            }
        }
    }
    assert!(cases > 300_000, "only {cases} cases");
}

/// Takes a block from a range of which `used` bytes are cut, and says how many are then.
#[track_caller]
fn take(cut: &mut Cut, start: usize, used: usize, wanted: Wanted, next_align: usize) -> usize {
    let len = cut.len();
    let Wanted { least, step, most, align } = wanted;
    let expected = begins(start, used, align).filter(|offset| offset + least <= len).map(|offset| {
        let bytes = step.clamp(least, most.max(least)).min(len - offset);
        (offset, ends(start, len, offset + bytes, align.max(next_align)) - offset)
    });
    let taken = cut.take(start, wanted, next_align);
    assert_eq!(taken, expected, "{wanted:?} of {len} at {start:#x} from {used} on, before {next_align}");
    let used = taken.map_or(used, |(offset, bytes)| offset + bytes);
    assert_eq!((cut.used(), cut.room(), cut.len()), (used, len - used, len));
    used
}

#[test]
fn the_topmost_block_is_made_longer() {
    let mut cases = 0;
    for len in [8, 13, 20] {
        for start in starts(len) {
            for first in [1, 4, len] {
                for align in ALIGNS {
                    let mut cut = Cut::new(len);
                    let wanted = Wanted { least: first, step: 0, most: first, align: 1 };
                    let used = take(&mut cut, start, 0, wanted, align);
                    for end in [0, used - 1, used, used + 1] {
                        for need in 0..=len + 1 {
                            for (most, step) in [(need, 0), (need + 2, 0), (len, need + 1), (need + 3, len)] {
                                let mut cut = cut.clone();
                                let may = end == used && need <= len - used;
                                let more = step.clamp(need, most.max(need)).min(len - used);
                                let expected = may.then(|| ends(start, len, used + more, align) - used);
                                let longer = cut.extend(start, end, need, most, step);
                                assert_eq!(
                                    longer, expected,
                                    "{used} of {len} at {start:#x}: {end} {need} {most} {step}"
                                );
                                assert_eq!(cut.used(), used + longer.unwrap_or(0));
                                cases += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(cases > 10_000, "only {cases} cases");
}

/// Where nothing is cut, a block that ends at the start is another range's.
#[test]
fn a_range_of_which_nothing_is_cut_has_no_topmost_block() {
    let mut cut = Cut::new(64);
    assert_eq!(cut.extend(4096, 0, 0, 64, 8), None);
    assert_eq!(cut.extend(4096, 0, 8, 64, 8), None);
    assert_eq!(cut.used(), 0);
}

#[test]
fn only_the_topmost_block_comes_back_alone() {
    let mut cut = Cut::new(64);
    let wanted = Wanted { least: 8, step: 0, most: 8, align: 8 };
    let blocks = [(); 3].map(|()| cut.take(4096, wanted, 8).expect("there is room for eight"));
    assert_eq!(blocks, [(0, 8), (8, 8), (16, 8)]);
    cut.release(0, 8);
    cut.release(8, 8);
    assert_eq!(cut.used(), 24);
    cut.release(16, 8);
    assert_eq!((cut.used(), cut.room()), (16, 48));
    cut.release(0, 16);
    assert_eq!((cut.used(), cut.room()), (0, 64));
}
