//! The conformance suite through the installed allocator, inside and outside of regions, and through `&Region`.

use std::alloc::Layout;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use arenite::Region;
use arenite::testing::conformance::Conformance;

use crate::GLOBAL;

/// Each call of the suite's in a region of its own; what is allocated besides is outside.
struct Within<'r>(&'r Region);

// SAFETY: passes everything on to the global allocator, whose blocks stay valid wherever they come from.
unsafe impl Allocator for Within<'_> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.0.enter(|| Global.allocate(layout))
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.0.enter(|| Global.allocate_zeroed(layout))
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the contract is the same.
        self.0.enter(|| unsafe { Global.deallocate(block, layout) });
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the contract is the same.
        self.0.enter(|| unsafe { Global.grow(block, old, new) })
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // From outside: the block is not the thread's own then.
        // SAFETY: the contract is the same.
        unsafe { Global.shrink(block, old, new) }
    }
}

const SUITE: Conformance = Conformance::new();

#[test]
fn outside_of_regions() {
    SUITE.check(|| Global);
}

#[test]
fn inside_of_a_region() {
    let region = GLOBAL.region();
    region.enter(|| SUITE.check(|| Global));
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn calls_inside_of_a_region() {
    let region = GLOBAL.region();
    SUITE.check(|| Within(&region));
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn calls_inside_of_a_region_with_a_limit() {
    let region = GLOBAL.region().with_limit(20_000);
    SUITE.check(|| Within(&region));
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn a_region_as_an_allocator() {
    let region = GLOBAL.region();
    SUITE.check(|| &region);
    SUITE.check_clones(&region);
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn an_entered_region_as_an_allocator() {
    let region = GLOBAL.region();
    region.enter(|| SUITE.check(|| &region));
    assert_eq!(region.live_bytes(), 0);
}

#[test]
fn a_region_with_a_limit_as_an_allocator() {
    let region = GLOBAL.region().with_limit(100_000);
    Conformance::new().max_size(4096).max_align(256).may_run_out(true).check(|| &region);
    assert_eq!(region.live_bytes(), 0);
}
