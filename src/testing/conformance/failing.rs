//! What a failure leaves behind.

use super::oracle::Oracle;
use allocator_api2::alloc::Allocator;
use core::alloc::Layout;

/// Layouts that no memory can hold: half of all addresses, up to the largest size that a layout can have, and a
/// multiple that no block can start at.
fn impossible() -> impl Iterator<Item = Layout> {
    const HALF: usize = isize::MAX as usize;
    let by_size = [1, 2, 8, 16, 64, 4096].map(|align| (HALF & !(align - 1), align));
    let by_align = [(1, HALF / 2 + 1), (64, HALF / 2 + 1)];
    let smaller = [(HALF - 4096, 1), (HALF / 2 + 1, 1)];
    by_size.into_iter().chain(by_align).chain(smaller).map(|(size, align)| {
        Layout::from_size_align(size, align).expect("the sizes above are rounded down to their alignment")
    })
}

pub(super) fn huge_layouts<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for layout in impossible() {
        for zeroed in [false, true] {
            oracle.allocate(40, 8, false);
            oracle.refuses(layout, zeroed);
            oracle.allocate(40, 8, zeroed);
            oracle.verify_all();
        }
    }
    oracle
}

pub(super) fn failed_resize<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    for layout in impossible() {
        for size in [0, 1, 100, 1000] {
            for zeroed in [false, true] {
                // One in the middle, and the latest.
                for _ in 0..3 {
                    oracle.allocate(size, 8, false);
                }
                for index in [1, 2] {
                    if index < oracle.live() {
                        oracle.refuses_resize(index, layout, zeroed);
                    }
                }
                // Where a failed resize gave its block back, this hands it out a second time.
                for _ in 0..3 {
                    oracle.allocate(size, 8, false);
                }
                oracle.grow(1, size + 50, 8, false);
                oracle.shrink(2, size / 2, 8);
                oracle.free_all();
            }
        }
    }
    if oracle.options().may_run_out {
        run_out(&mut oracle);
    }
    oracle
}

/// Allocates until it is refused, or until it has been long enough, and goes on from there.
fn run_out<A: Allocator>(oracle: &mut Oracle<A>) {
    const BLOCKS: usize = if cfg!(miri) { 60 } else { 2_000 };
    let max_size = oracle.options().max_size;
    while oracle.live() < BLOCKS {
        let size = oracle.random().size(max_size);
        if !oracle.allocate(size, 8, false) {
            break;
        }
    }
    for index in 0..oracle.live() {
        let size = oracle.size(index);
        let align = 1 << oracle.random().below(6);
        oracle.grow(index, size * 2, align, index % 2 == 0);
        oracle.shrink(index, size / 2, align * 4);
    }
    oracle.verify_all();
    for index in (0..oracle.live()).rev().step_by(2) {
        oracle.free(index);
    }
    while oracle.live() < BLOCKS && oracle.allocate(max_size.min(64), 8, true) {}
}
