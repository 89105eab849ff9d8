//! The arithmetic of pages, for sizes of pages that this machine may not have.

use arenite::addr::cut::{Cut, Wanted};
use arenite::addr::{Steps, align_up};

const PAGES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];
const HUGE: usize = 2 << 20;

fn steps(page: usize) -> Steps {
    Steps { page, huge_page: HUGE, smallest: 64 << 10, largest: 64 << 20 }
}

/// Numbers around every edge.
fn edges(page: usize) -> Vec<usize> {
    let around =
        [0, page, 2 * page, 64 << 10, HUGE - page, HUGE, 2 * HUGE, 16 << 20, 64 << 20, 1 << 30, 64 << 30];
    let mut edges: Vec<_> = around
        .iter()
        .flat_map(|&edge: &usize| [edge.saturating_sub(1), edge, edge + 1, edge + page / 2])
        .collect();
    edges.extend([isize::MAX as usize, usize::MAX - page, usize::MAX]);
    edges
}

#[test]
fn what_is_committed_is_whole_pages_and_enough() {
    for page in PAGES {
        let steps = steps(page);
        for len in edges(page).into_iter().filter_map(|len| align_up(len, page)) {
            for committed in edges(page).into_iter().filter_map(|bytes| align_up(bytes, page)) {
                for wanted in edges(page) {
                    if committed > len || wanted > len || wanted <= committed {
                        continue;
                    }
                    let target = steps.target(committed, wanted, len);
                    assert!(target % page == 0 && target >= wanted && target <= len);
                    // Never two system calls for a few bytes each, and never far more than is in use.
                    assert!(target == len || target - committed >= 64 << 10);
                    assert!(target <= wanted.saturating_add(committed / 2).saturating_add((64 << 10) + HUGE));
                    let least = steps.whole_pages(wanted, len);
                    assert!(least % page == 0 && least >= wanted && least <= target);
                }
            }
        }
    }
}

#[test]
fn a_reservation_holds_its_range_wherever_it_lies() {
    for page in PAGES {
        for len in edges(page) {
            for guard in [false, true] {
                let Some((whole, align, mapped)) = steps(page).reservation(len, guard) else {
                    assert!(len > usize::MAX - 2 * HUGE);
                    continue;
                };
                assert!(whole >= len && whole - len < page && whole % page == 0 && mapped % page == 0);
                assert_eq!(align, if whole >= 2 * HUGE { HUGE } else { page });
                // The worst place is a page after a boundary.
                assert!(align - page + whole + if guard { page } else { 0 } <= mapped);
            }
        }
    }
}

/// Every sequence of a few steps over a tiny range, against a list of blocks.
#[test]
fn blocks_cut_from_a_range_are_apart_and_as_asked() {
    fn check(cut: &Cut, start: usize, blocks: &[(usize, usize)]) {
        let top = blocks.last().map_or(0, |&(offset, len)| offset + len);
        assert!(top <= cut.used() && cut.used() + cut.room() == cut.len(), "{cut:?} at {start}: {blocks:?}");
    }

    fn explore(cut: &Cut, start: usize, blocks: &[(usize, usize)], depth: usize, count: &mut u64) {
        check(cut, start, blocks);
        *count += 1;
        if depth == 0 {
            return;
        }
        for (least, step, most) in [(1, 0, 9), (5, 8, 6), (8, 8, 8), (3, 100, 100), (17, 4, 20)] {
            for align in [1, 4, 16] {
                let mut after = cut.clone();
                let wanted = Wanted { least, step, most, align };
                if let Some((offset, len)) = after.take(start, wanted, 8) {
                    assert!((start + offset) % align == 0 && offset >= cut.used());
                    assert!(len >= least && len < most + align.max(8) && offset + len == after.used());
                    let blocks = [blocks, &[(offset, len)]].concat();
                    explore(&after, start, &blocks, depth - 1, count);
                } else {
                    assert!(cut.used() + least + align > cut.len(), "{wanted:?} from {cut:?}");
                }
            }
        }
        if let Some((&(offset, len), below)) = blocks.split_last() {
            let mut after = cut.clone();
            if let Some(more) = after.extend(start, offset + len, 2, 7, 3) {
                assert!(more >= 2 && offset + len + more == after.used());
                let blocks = [below, &[(offset, len + more)]].concat();
                explore(&after, start, &blocks, depth - 1, count);
            }
            let mut after = cut.clone();
            after.release(offset, len);
            explore(&after, start, below, depth - 1, count);
        } else {
            assert!(cut.used() > 0 || cut.clone().extend(start, 0, 1, 9, 1).is_none(), "no block ends there");
        }
    }

    let mut count = 0;
    for len in [0, 1, 7, 16, 33, 64] {
        for start in [1 << 20, (1 << 20) + 1, (1 << 20) + 12] {
            explore(&Cut::new(len), start, &[], 4, &mut count);
        }
    }
    assert!(count > 100_000, "{count}");
}

/// With one alignment for all, as arenas have it, no gap is left: taken back from the top, all comes back.
#[test]
fn blocks_taken_back_from_the_top_leave_nothing() {
    for start in [4096, 4097, 4104] {
        for lens in [[1, 2, 3], [8, 9, 16], [15, 17, 1], [48, 33, 31]] {
            let mut cut = Cut::new(400);
            let mut take =
                |least| cut.take(start, Wanted { least, step: 0, most: least, align: 16 }, 16).expect("room");
            let mut blocks: Vec<_> = lens.into_iter().map(&mut take).collect();
            while let Some((offset, len)) = blocks.pop() {
                cut.release(offset, len);
                let top = blocks.last().map_or(0, |&(offset, len)| offset + len);
                assert!(cut.used() == top || blocks.is_empty() && cut.used() < 16);
            }
        }
    }
}
