//! By which handles to an allocator its blocks can be reached.

use super::oracle::Oracle;
use alloc::boxed::Box;
use alloc::vec;
use allocator_api2::alloc::Allocator;

/// Frees, resizes and allocates some, whatever the handle.
fn work<A: Allocator>(oracle: &mut Oracle<A>) {
    oracle.grow(0, 120, 8, true);
    oracle.shrink(1, 5, 8);
    if oracle.live() > 2 {
        oracle.free(2);
    }
    for zeroed in [false, true, false] {
        oracle.allocate(56, 8, zeroed);
    }
    oracle.verify_all();
}

#[expect(clippy::redundant_closure, reason = "`work` alone is not general enough over the lifetime")]
pub(super) fn by_reference<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    work(&mut oracle);
    oracle.by_reference(|oracle| {
        work(oracle);
        oracle.by_reference(|oracle| work(oracle));
        work(oracle);
    });
    oracle.by_trait_object(|oracle| work(oracle));
    work(&mut oracle);
    oracle
}

pub(super) fn moved<A: Allocator>(mut oracle: Oracle<A>) -> Oracle<A> {
    work(&mut oracle);
    let mut boxed = Box::new(oracle);
    work(&mut boxed);
    let mut listed = vec![*boxed];
    work(&mut listed[0]);
    // Moves the element to a longer buffer.
    listed.reserve_exact(64);
    work(&mut listed[0]);
    let mut oracle = listed.remove(0);
    work(&mut oracle);
    oracle
}

pub(super) fn clones<A: Allocator + Clone>(mut oracle: Oracle<A>) -> Oracle<A> {
    for _ in 0..4 {
        work(&mut oracle);
        let former = oracle.switch_to_clone();
        work(&mut oracle);
        drop(former);
        work(&mut oracle);
    }
    oracle
}
