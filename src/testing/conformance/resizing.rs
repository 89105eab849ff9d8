//! What a resize keeps.

use super::oracle::Oracle;
use allocator_api2::alloc::Allocator;

/// Whether something is allocated after the block that is about to be resized, so that it is not the latest.
const NEIGHBOUR: [bool; 2] = [false, true];

pub(super) fn grow<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for align in [1, 8, 64] {
        for neighbour in NEIGHBOUR {
            for start in [1, 7, 32] {
                oracle.allocate(start, align, false);
                while grow_first(&mut oracle, align, neighbour) {}
                oracle.free_all();
            }
            oracle.allocate(0, align, false);
            for size in 0..=70 {
                if neighbour {
                    oracle.allocate(5, 1, false);
                }
                oracle.grow(0, size, align, false);
                oracle.verify_all();
            }
            oracle.free_all();
        }
        // As vectors that are pushed to in turn.
        for _ in 0..4 {
            oracle.allocate(3, align, false);
        }
        for size in [8, 16, 33, 70, 139, 300, 1111] {
            for index in 0..oracle.live() {
                oracle.grow(index, size, align, false);
            }
            oracle.verify_all();
        }
        oracle.free_all();
    }
    oracle
}

/// Doubles block 0, up to the largest size allowed.
fn grow_first<A: Allocator>(oracle: &mut Oracle<A>, align: usize, neighbour: bool) -> bool {
    if oracle.live() == 0 || oracle.size(0) >= oracle.options().max_size {
        return false;
    }
    if neighbour {
        oracle.allocate(5, 1, false);
    }
    let grown = oracle.grow(0, oracle.size(0) * 2, align, false);
    oracle.verify_all();
    grown
}

pub(super) fn shrink<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for size in [1, 2, 3, 5, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 255, 1000, 4097, usize::MAX] {
        let size = size.min(oracle.options().max_size);
        // By nothing, by less than half, by half, by more, to nothing.
        for left in [size, size - 1, size / 2 + 1, size / 2, size / 3, 1, 0] {
            for (align, neighbour) in [1, 8, 64].into_iter().flat_map(|align| NEIGHBOUR.map(|n| (align, n))) {
                oracle.allocate(11, 1, false);
                oracle.allocate(size, align, false);
                if neighbour {
                    oracle.allocate(5, 1, false);
                }
                oracle.shrink(1, left, align);
                oracle.verify_all();
                // Over what the shrink gave back.
                oracle.allocate(24, 8, false);
                oracle.shrink(1, left / 2, align);
                oracle.allocate(7, 1, false);
                oracle.verify_all();
                oracle.free_all();
            }
        }
    }
    oracle
}

pub(super) fn realign<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    let largest = oracle.options().max_align;
    let all = [1, 2, 8, 16, 64, 512, 4096].map(|align| align.min(largest));
    let pairs = all.into_iter().flat_map(|from| all.into_iter().map(move |to| (from, to)));
    let extremes = [(8, largest), (largest, 8), (largest, largest)];
    for (from, to) in pairs.chain(extremes) {
        for neighbour in NEIGHBOUR {
            for size in [1, 24, 1000] {
                for new in [size * 2 + 1, size, size / 2] {
                    // A byte before it, so that the block is not aligned by chance.
                    oracle.allocate(1, 1, false);
                    if oracle.allocate(size, from, false) && neighbour {
                        oracle.allocate(5, 1, false);
                    }
                    if new >= size {
                        oracle.grow(1, new, to, false);
                    }
                    if new <= size {
                        oracle.shrink(1, new, to);
                    }
                    oracle.allocate(9, 1, false);
                    oracle.free_all();
                }
            }
        }
    }
    oracle
}
