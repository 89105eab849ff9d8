//! `wrap::Fallback` and `wrap::Segregate`: each block goes back to where it came from.

use super::through::Through;
use super::{block, bytes, free, resize, small};
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::{Allocator, Global};
use arenite::testing::conformance::Conformance;
use arenite::wrap::{Counting, Failing, Fallback, Limited, Owns, Segregate};
use arenite::{Arena, Buffer, Chained, Fixed, conformance_suite};
use std::alloc::System;
use std::ptr::NonNull;

conformance_suite!(
    buffer_then_heap,
    Fallback::new(&mut Arena::new_in(Fixed::from(&mut Buffer::<3000>::new())), Global)
);
conformance_suite!(
    arena_then_surplus,
    Fallback::new(&mut small_arena(), Hostile::new(Defect::None)),
    small()
);
conformance_suite!(
    nested,
    Fallback::new(
        &mut small_arena(),
        Fallback::new(&mut Arena::new_in(Fixed::from(&mut Buffer::<999>::new())), Counting::new(Global))
    )
);
conformance_suite!(
    all_may_run_out,
    Fallback::new(&mut small_arena(), Limited::new(Global, 9000)),
    Conformance::new().may_run_out(true)
);
conformance_suite!(segregate, Segregate::<64, _, _>::new(Counting::new(Global), Global));
conformance_suite!(segregate_all_small, Segregate::<{ usize::MAX }, _, _>::new(Global, &Arena::new()));
conformance_suite!(
    segregate_surplus,
    Segregate::<100, _, _>::new(Hostile::new(Defect::None), Hostile::new(Defect::KeepsOldSurplus)),
    small()
);
conformance_suite!(
    segregate_scarce,
    Segregate::<50, _, _>::new(Limited::new(Global, 500), Limited::new(Global, 9000)),
    Conformance::new().may_run_out(true)
);
conformance_suite!(segregate_global, Through(Segregate::<64, _, _>::new(System, Counting::new(System))));

fn small_arena() -> Arena<Chained> {
    Arena::new_in(Chained::new().first_chunk(256)).limit(4096)
}

#[test]
fn clones_are_one_allocator() {
    let arena = small_arena();
    // SAFETY: the heap has no memory of the arena's.
    Conformance::new().check_clones(unsafe { Fallback::new_unchecked(&arena, Global) });
    Conformance::new().check_clones(Segregate::<64, _, _>::new(Global, Global));
}

#[test]
fn each_block_goes_back_to_where_it_came_from() {
    let mut buffer = Buffer::<64>::new();
    let mut arena = Arena::new_in(Fixed::from(&mut buffer));
    let pair = Fallback::new(&mut arena, Counting::new(Global));
    let first = block(&pair, 40).unwrap();
    let second = block(&pair, 60).unwrap();
    assert_eq!((pair.first().owns(first), pair.first().owns(second)), (true, false));
    assert_eq!(pair.second().counts().bytes_live, 60);
    // SAFETY: the block has this size, here and below.
    unsafe { first.write_bytes(0x7E, 40) };
    // SAFETY: as above.
    let moved = unsafe { resize(&pair, first, 40, 100) }.unwrap();
    assert!(!pair.first().owns(moved));
    for offset in 0..40 {
        // SAFETY: the block has 100 bytes, of which 40 were written.
        let place = unsafe { moved.add(offset) };
        // SAFETY: as above.
        assert_eq!(unsafe { place.read() }, 0x7E);
    }
    // The arena got its block back: it was its last.
    let again = block(&pair, 40).unwrap();
    assert!(pair.first().owns(again));
    for (block, size) in [(moved, 100), (second, 60), (again, 40)] {
        // SAFETY: as above.
        unsafe { free(&pair, block, size) };
    }
    let counts = pair.second().counts();
    assert_eq!((counts.blocks_live, counts.bytes_live, counts.deallocate), (0, 0, 2));
}

#[test]
fn blocks_of_no_bytes_are_neithers() {
    let pair = Fallback::new(&mut small_arena(), Counting::new(Global)).into_parts().1;
    let pair = Segregate::<8, _, _>::new(Counting::new(Global), pair);
    let empty = block(&pair, 0).unwrap();
    // SAFETY: the block has this size.
    unsafe { free(&pair, empty, 0) };
    assert_eq!((pair.small().counts().requests(), pair.large().counts().requests()), (0, 0));
}

#[test]
fn the_border_is_crossed_both_ways_and_failures_lose_nothing() {
    let pair = Segregate::<16, _, _>::new(Failing::new(Global), Failing::new(Counting::new(Global)));
    let kept = block(&pair, 16).unwrap();
    // SAFETY: the block has this size, here and below.
    unsafe { kept.write_bytes(3, 16) };
    pair.large().fail_always();
    // SAFETY: as above.
    unsafe { resize(&pair, kept, 16, 17) }.unwrap_err();
    pair.large().succeed();
    // SAFETY: as above.
    let large = unsafe { resize(&pair, kept, 16, 17) }.unwrap();
    assert_eq!(pair.large().inner().counts().bytes_live, 17);
    pair.small().fail_always();
    // SAFETY: as above.
    unsafe { resize(&pair, large, 17, 9) }.unwrap_err();
    pair.small().succeed();
    // SAFETY: as above.
    let kept = unsafe { resize(&pair, large, 17, 9) }.unwrap();
    assert_eq!(pair.large().inner().counts().bytes_live, 0);
    // SAFETY: the block has 9 bytes, all written.
    assert_eq!(unsafe { NonNull::slice_from_raw_parts(kept, 9).as_ref() }, [3; 9]);
    // SAFETY: as above.
    unsafe { free(&pair, kept, 9) };
}

#[test]
fn an_arena_knows_its_blocks() {
    let arena = Arena::new_in(Chained::new().first_chunk(100));
    let other = Arena::new();
    let mine: Vec<_> = (1..50).map(|size| (&arena).allocate(bytes(size * 20)).unwrap()).collect();
    let theirs: Vec<_> = (1..50).map(|size| (&other).allocate(bytes(size * 20)).unwrap()).collect();
    assert!(mine.iter().all(|block| (&arena).owns(block.cast()) && !(&other).owns(block.cast())));
    assert!(theirs.iter().all(|block| (&other).owns(block.cast()) && !(&arena).owns(block.cast())));
    let child = arena.child();
    let inner = (&*child).allocate(bytes(5000)).unwrap();
    assert!((&*child).owns(inner.cast()) && (&arena).owns(inner.cast()));
}
