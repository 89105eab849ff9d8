//! What has to be zero.

use super::oracle::Oracle;
use allocator_api2::alloc::Allocator;

pub(super) fn zeroed<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    let sizes = [1, 2, 7, 8, 9, 16, 31, 64, 100, 255, 1024, 4100, usize::MAX];
    for size in sizes.map(|size| size.min(oracle.options().max_size)) {
        for align in [1, 8, 64] {
            allocate_over_dirt(&mut oracle, size, align);
            for from in [0, 1, size / 2, size - 1] {
                grow_over_dirt(&mut oracle, from, size, align);
            }
        }
    }
    oracle
}

/// Dirties memory, gives it back, and asks for zeroed blocks of the same, a smaller and a larger size. (The oracle
/// fills whatever it is granted, so every block that goes back is dirty.)
fn allocate_over_dirt<A: Allocator>(oracle: &mut Oracle<A>, size: usize, align: usize) {
    for _ in 0..2 {
        for size in [size, size / 2, size.saturating_mul(2)] {
            oracle.allocate(size, align, false);
            oracle.free_all();
            oracle.allocate(size, align, true);
            oracle.allocate(size, align, true);
        }
        oracle.free_all();
    }
}

/// Grows a block from `from` bytes over memory that was dirty, as the latest block and as an earlier one.
fn grow_over_dirt<A: Allocator>(oracle: &mut Oracle<A>, from: usize, size: usize, align: usize) {
    // The memory behind the block belonged to another one.
    oracle.allocate(from, align, false);
    if oracle.allocate(size, 1, false) {
        oracle.free(oracle.live() - 1);
    }
    oracle.grow(0, size, align, true);
    oracle.free_all();

    // It belonged to the block itself.
    oracle.allocate(size, align, false);
    oracle.shrink(0, from, align);
    oracle.grow(0, size, align, true);
    oracle.free_all();

    // The block has to move, over memory that was dirty.
    oracle.allocate(size, align, false);
    oracle.allocate(from, align, false);
    oracle.allocate(3, 1, false);
    if oracle.live() == 3 {
        oracle.free(0);
    }
    oracle.grow(0, size, align, true);
    oracle.free_all();
}
