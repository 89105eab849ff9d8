//! Everything at once.

use super::oracle::Oracle;
use allocator_api2::alloc::Allocator;

pub(super) fn random_program<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    const BLOCKS: usize = 96;
    let options = oracle.options();
    // Something has to be handed out, also by a program of no operations.
    oracle.allocate(1, 1, false);
    for operation in 1..=options.operations {
        if operation % 64 == 0 {
            oracle.verify_all();
        }
        let size = oracle.random().size(options.max_size);
        // Alignments of a page and more are rare, as they are in life.
        let exponents = if oracle.random().below(50) == 0 { usize::BITS } else { 8 };
        let align = 1 << oracle.random().below(exponents as usize - 1);
        let live = oracle.live();
        let choice = oracle.random().below(100);
        if live == 0 || (choice < 45 && live < BLOCKS) {
            if !oracle.allocate(size, align, choice < 10) && live > 0 {
                let index = oracle.random().below(live);
                oracle.free(index);
            }
            continue;
        }
        let index = oracle.random().below(live);
        if oracle.random().below(4) == 0 {
            let chosen = oracle.random().size(64);
            oracle.use_surplus(index, chosen);
        }
        match choice {
            0..70 => oracle.free(index),
            70..85 => {
                let size = oracle.size(index) + size / 4;
                oracle.grow(index, size, align, choice < 75);
            }
            _ => {
                let most = oracle.size(index);
                let size = oracle.random().between(0, most);
                oracle.shrink(index, size, align);
            }
        }
    }
    oracle
}
