//! Growing in place, and from one range to the next.

use allocator_api2::alloc::Allocator;
use allocator_api2::vec::Vec;
use arenite::{Arena, Auto, Virtual};

use super::{MIB, arena, block, check_zero, layout, untouched, zeroed};

#[test]
fn the_address_of_the_last_block_never_changes() {
    let arena = arena();
    let mut last = untouched(&arena, 8);
    let first = last;
    let mut len = 8;
    // Address space only: nothing is touched.
    while len < 900 * MIB {
        let longer = len * 3 / 2 + 1;
        // SAFETY: the block is this arena's with this layout, and the new size is larger.
        last = unsafe { (&arena).grow(last, layout(len), layout(longer)) }.expect("address space").cast();
        assert_eq!(last, first, "moved on its way from {len} to {longer}");
        len = longer;
    }
}

#[test]
fn a_vec_that_is_the_last_block_stays_where_it_is() {
    fn grows<A: Allocator>(allocator: A) {
        let mut numbers = Vec::with_capacity_in(100_000, allocator);
        let first = numbers.as_ptr();
        numbers.extend(0..1_000_000_u32);
        assert_eq!(numbers.as_ptr(), first);
        assert!(numbers.iter().copied().eq(0..1_000_000));
    }
    grows(&arena());
    // Zeal builds give the default small ranges.
    if !cfg!(arenite_zeal) {
        grows(&Arena::new());
    }
    // Also after resets, with a record above the first chunk in the round before.
    let mut arena = arena();
    for odd in 0..20 {
        block(&arena, 70_001 + odd);
        arena.scope(|child| {
            block(child, 100);
            block(&arena, 100_000);
        });
        arena.reset();
        grows(&arena);
        arena.reset();
    }
}

#[test]
fn a_lent_parent_gets_its_next_chunk_from_the_same_range() {
    let arena = arena();
    block(&arena, 100);
    let before = arena.stats();
    let child = arena.child();
    block(&child, 100_000);
    block(&arena, 100_000);
    let grandchild = child.child();
    block(&child, 100_000);
    block(&grandchild, 100_000);
    let after = arena.stats();
    assert!(after.chunks > before.chunks, "{after:?}");
    assert_eq!(after.reserved, before.reserved, "a second range was reserved");
}

#[test]
fn a_full_range_is_followed_by_another_and_comes_back_after_a_reset() {
    let mut arena: Arena<_> = Arena::new_in(Virtual::new().reserve(192 << 10));
    let first = block(&arena, 100).as_ptr();
    let one = arena.stats().reserved;
    let blocks: std::vec::Vec<_> = (0..20).map(|_| zeroed(&arena, 60_000)).collect();
    assert!(arena.stats().reserved >= 5 * one, "{:?}", arena.stats());
    for block in blocks {
        check_zero(block);
    }
    arena.reset();
    assert_eq!(block(&arena, 100).as_ptr(), first);
    // The first range has room for that, so the others are left, one way or another.
    block(&arena, 150_000);
    let reserved = arena.stats().reserved;
    for _ in 0..50 {
        block(&arena, 150_000);
        arena.reset();
    }
    assert!(arena.stats().reserved <= reserved.max(3 * one), "{:?}", arena.stats());
}

#[test]
fn a_block_larger_than_a_range_gets_one_of_its_own() {
    let arena: Arena<_> = Arena::new_in(Virtual::new().reserve(MIB));
    block(&arena, 100);
    check_zero(zeroed(&arena, 10 * MIB));
    assert!(arena.stats().reserved >= 11 * MIB);
    block(&arena, 100);
}

#[test]
fn a_failed_request_leaves_the_current_range_as_it_was() {
    let arena = arena();
    let first = untouched(&arena, 100_000);
    let before = arena.stats();
    assert!((&arena).allocate(layout(1 << 60)).is_err());
    assert_eq!(arena.stats(), before);
    // SAFETY: the block is this arena's with this layout, and the new size is larger.
    let grown = unsafe { (&arena).grow(first, layout(100_000), layout(90 * MIB)) };
    assert_eq!(grown.expect("address space").cast(), first);
}

#[test]
fn chunks_released_out_of_order_cost_no_address_space() {
    let mut arena: Arena<_> = Arena::new_in(Virtual::new().reserve(8 * MIB));
    for round in 0..200 {
        let children: std::vec::Vec<_> = (0..4).map(|_| arena.child()).collect();
        for child in &children {
            block(child, 70_001 + 8 * round);
        }
        drop(children);
        // Too large for what is spare: the chunks go back first.
        block(&arena, 5 * MIB);
        arena.reset();
    }
    assert!(arena.stats().reserved <= 24 * MIB, "{:?}", arena.stats());
}

#[test]
fn the_default_moves_to_reserved_memory_and_back() {
    let mut arena: Arena<Auto> = Arena::new();
    block(&arena, 1000);
    assert_eq!(arena.stats().backing, "auto (chained)");
    for _ in 0..3 {
        block(&arena, 300_000);
        assert_eq!(arena.stats().backing, "auto (virtual)");
        arena.reset_with(arenite::ResetMode::FreeAll);
        block(&arena, 1000);
        assert_eq!(arena.stats().backing, "auto (chained)");
    }
}

#[test]
#[cfg(not(arenite_asan))] // Its `malloc` ends the process.
fn an_impossible_request_does_not_keep_the_default_from_reserved_memory() {
    let arena: Arena<Auto> = Arena::new();
    assert!((&arena).allocate(layout(1 << 60)).is_err());
    assert_eq!(arena.stats().backing, "auto (chained)");
    block(&arena, 300_000);
    assert_eq!(arena.stats().backing, "auto (virtual)");
}

/// What the default takes from the heap, chunk by chunk, is little enough for malloc to keep it from one arena to the next
/// (glibc's gives back more than 128 KiB), and at most four times what is in use, and a first chunk.
#[test]
#[cfg(not(any(arenite_asan, arenite_memcheck, arenite_zeal)))] // Blocks have gaps; or chunks are tiny.
fn the_default_leaves_the_heap_before_malloc_gives_it_back() {
    for size in [16_usize, 64, 1000, 5000] {
        let arena: Arena<Auto> = Arena::new();
        let mut heap = 0;
        while arena.stats().backing == "auto (chained)" {
            block(&arena, size);
            let stats = arena.stats();
            if stats.backing == "auto (chained)" {
                heap = stats.reserved;
                assert!(heap <= 5 * (stats.used + size) + 1024, "blocks of {size}: {stats}");
            }
        }
        assert!(heap < 128 << 10, "blocks of {size}: {heap} bytes of the heap");
    }
}

/// Blocks that get chunks of their own, and are not large each, are many chunks of the heap otherwise.
#[test]
fn the_default_moves_to_reserved_memory_whatever_the_size_of_blocks() {
    for bytes in [33, 48, 64, 100, 127, 128, 300].map(|kib| kib << 10) {
        let arena = Arena::new();
        for _ in 0..64 {
            block(&arena, bytes);
        }
        let stats = arena.stats();
        assert_eq!(stats.backing, "auto (virtual)", "{bytes} bytes: {stats}");
        assert!(cfg!(arenite_zeal) || stats.chunks <= 16, "{bytes} bytes: {stats}");
    }
}
