//! Where blocks may lie, and how long they may be.

use super::oracle::Oracle;
use allocator_api2::alloc::Allocator;

pub(super) fn alignment<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for align in oracle.options().alignments() {
        for size in [1, 3, align / 2 + 1, align - 1, align, align + 1] {
            oracle.allocate(size, align, size % 2 == 0);
            // A single byte, so that no block starts where alignment comes for free.
            oracle.allocate(1, 1, false);
        }
        oracle.free_all();
    }
    oracle
}

pub(super) fn zero_size<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for align in oracle.options().alignments() {
        for zeroed in [false, true] {
            oracle.allocate(0, align, zeroed);
            oracle.allocate(24, 8, zeroed);
        }
        // Whatever address an empty block had, giving it back must not give back a neighbour.
        for index in (0..oracle.live()).rev() {
            if oracle.size(index) == 0 {
                oracle.free(index);
            }
        }
        for _ in 0..4 {
            oracle.allocate(24, 8, false);
        }
        oracle.free_all();

        // From nothing to nothing, to something, back, and up again.
        for other in [align, 1, 64] {
            if oracle.allocate(0, align, false) {
                oracle.grow(0, 0, align, false);
                oracle.allocate(24, 8, false);
                oracle.grow(0, 40, other, other == 1);
                oracle.shrink(0, 0, align);
                oracle.shrink(0, 0, other);
                oracle.allocate(24, 8, false);
                oracle.grow(0, 8, align, true);
            }
            oracle.free_all();
        }
    }
    oracle
}

pub(super) fn no_overlap<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    const BLOCKS: usize = 200;
    let max_size = oracle.options().max_size;
    for _ in 0..2 {
        for _ in oracle.live()..BLOCKS {
            let size = oracle.random().size(max_size);
            let align = 1 << oracle.random().below(7);
            oracle.allocate(size, align, false);
        }
        oracle.verify_all();
        // The gaps are there to be filled in the next round.
        for index in (0..oracle.live()).rev().step_by(2) {
            oracle.free(index);
        }
    }
    oracle
}

pub(super) fn surplus<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for size in (1..=80).chain([100, 127, 1000, 1025, 4097]) {
        for chosen in [0, 1, usize::MAX] {
            for _ in 0..4 {
                oracle.allocate(size, 8, false);
            }
            for index in 0..oracle.live() {
                oracle.use_surplus(index, chosen);
            }
            oracle.grow(0, size + 9, 8, true);
            oracle.shrink(1, size / 2, 8);
            if oracle.live() > 2 {
                oracle.free(2);
            }
            // What a free or a resize gave back too much of is handed out again here.
            oracle.allocate(size, 8, false);
            oracle.allocate(size, 8, false);
            oracle.free_all();
        }
    }
    oracle
}
