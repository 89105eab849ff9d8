//! In which order blocks go back.

use super::oracle::Oracle;
use crate::random::Random;
use allocator_api2::alloc::Allocator;

/// Which of `live` blocks goes back next.
type Order = fn(random: &mut Random, live: usize) -> usize;

pub(super) fn free_order<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    const BLOCKS: usize = 48;
    let orders: [Order; 5] = [
        |_, live| live - 1,
        |_, _| 0,
        |_, live| live / 2,
        |_, live| if live % 2 == 0 { 0 } else { live - 1 },
        |random, live| random.below(live),
    ];
    let max_size = oracle.options().max_size;
    for order in orders {
        for round in 0..3 {
            while oracle.live() < BLOCKS {
                let size = oracle.random().size(max_size.min(512));
                let align = 1 << oracle.random().below(6);
                if !oracle.allocate(size, align, round == 2) {
                    break;
                }
            }
            let mut freed = 0;
            while oracle.live() > 0 {
                let live = oracle.live();
                let index = order(oracle.random(), live);
                oracle.free(index);
                freed += 1;
                // Now and then something takes the place of what went.
                if round > 0 && freed % 3 == 0 && freed < 2 * BLOCKS {
                    oracle.allocate(40, 8, false);
                }
                oracle.verify_all();
            }
        }
    }
    oracle
}
