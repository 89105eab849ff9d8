//! `wrap::Limited`: exact to the byte, and shared.

use super::{block, bytes, free, resize, small};
use crate::rounds::rounds;
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::{Allocator, Global};
use arenite::conformance_suite;
use arenite::testing::conformance::Conformance;
use arenite::wrap::{Budget, Failing, Limited};
use std::sync::Arc;

conformance_suite!(limited, Limited::new(Global, usize::MAX));
conformance_suite!(scarce, Limited::new(Global, 5000), Conformance::new().may_run_out(true));
conformance_suite!(surplus, Limited::new(Hostile::new(Defect::None), 1 << 30), small());
conformance_suite!(kept_surplus, Limited::new(Hostile::new(Defect::KeepsOldSurplus), 1 << 30), small());

#[test]
fn clones_are_one_allocator() {
    Conformance::new().check_clones(Limited::with_budget(Global, Arc::new(Budget::new(usize::MAX))));
}

#[test]
fn the_last_byte_is_to_be_had_and_no_more() {
    let limited = Limited::new(Hostile::new(Defect::None), 100);
    let first = block(&limited, 90).unwrap();
    block(&limited, 11).unwrap_err();
    let second = block(&limited, 10).unwrap();
    assert_eq!((limited.budget().used(), limited.budget().remaining()), (100, 0));
    block(&limited, 1).unwrap_err();
    limited.allocate(bytes(0)).unwrap();
    // SAFETY: the blocks have these sizes, here and below.
    unsafe { resize(&limited, second, 10, 11) }.unwrap_err();
    // SAFETY: as above.
    let first = unsafe { resize(&limited, first, 90, 50) }.unwrap();
    assert_eq!(limited.budget().used(), 60);
    // SAFETY: as above.
    let second = unsafe { resize(&limited, second, 10, 50) }.unwrap();
    assert_eq!(limited.budget().used(), 100);
    // SAFETY: as above.
    unsafe { free(&limited, first, 50) };
    // SAFETY: as above.
    unsafe { free(&limited, second, 50) };
    assert_eq!(limited.budget().used(), 0);
}

#[test]
fn what_the_base_refuses_costs_nothing() {
    let limited = Limited::new(Failing::new(Global), 100);
    let kept = block(&limited, 10).unwrap();
    limited.inner().count_shrink(true);
    limited.inner().fail_always();
    block(&limited, 20).unwrap_err();
    // SAFETY: the block has this size, here and below.
    unsafe { resize(&limited, kept, 10, 20) }.unwrap_err();
    // SAFETY: as above.
    unsafe { resize(&limited, kept, 10, 5) }.unwrap_err();
    assert_eq!(limited.budget().used(), 10);
    // SAFETY: as above.
    unsafe { free(&limited, kept, 10) };
    assert_eq!(limited.budget().used(), 0);
}

#[test]
fn a_lower_limit_holds_from_now_on() {
    let limited = Limited::new(Global, 100);
    let kept = block(&limited, 80).unwrap();
    limited.budget().set_limit(50);
    assert_eq!((limited.budget().limit(), limited.budget().remaining()), (50, 0));
    block(&limited, 1).unwrap_err();
    // SAFETY: the block has this size.
    unsafe { free(&limited, kept, 80) };
    assert_eq!(limited.budget().remaining(), 50);
}

#[test]
fn threads_never_exceed_it_together() {
    let limited = Limited::with_budget(Global, Arc::new(Budget::new(64)));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mine = limited.clone();
            scope.spawn(move || {
                for _ in 0..rounds(2000) {
                    let Ok(block) = block(&mine, 24) else { continue };
                    assert!(mine.budget().used() <= 64);
                    // SAFETY: the block has this size.
                    unsafe { free(&mine, block, 24) };
                }
            });
        }
    });
    assert_eq!(limited.budget().used(), 0);
}
