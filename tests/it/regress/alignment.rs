//! Alignment.

use std::mem::MaybeUninit;
use std::ptr;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Auto, Backing, Chained, Fixed};

use super::{Blocks, GAP, buffer, layout};

/// Blocks of many sizes at many alignments, one after another.
fn every_alignment<B: Backing, const M: usize>(arena: &Arena<B, M>, largest: usize) {
    let mut blocks = Blocks::default();
    let mut align = 1;
    while align <= largest {
        for size in [1, align / 2 + 1, align, 3] {
            blocks.alloc(arena, layout(size, align));
            blocks.alloc(arena, layout(1, 1));
        }
        align *= 2;
    }
    blocks.check();
}

#[test]
fn alignment_of_the_offset_instead_of_the_address() {
    let mut buffer = buffer(64 << 10);
    for odd in 0..17 {
        every_alignment(&Arena::new_in(Fixed::new(&mut buffer[odd..])), 1024);
        every_alignment(&Arena::<_, 1>::with_min_align_in(Fixed::new(&mut buffer[odd..])), 1024);
        every_alignment(&Arena::<_, 64>::with_min_align_in(Fixed::new(&mut buffer[odd..])), 1024);
    }
    every_alignment(&Arena::new(), 2 << 20);
    every_alignment(&Arena::<Auto, 1>::with_min_align(), 2 << 20);
    every_alignment(&Arena::<Auto, 4096>::with_min_align(), 2 << 20);
    let arena = Arena::new();
    every_alignment(&Arena::<_, 32>::with_min_align_in(Chained::new_in(&arena)), 2 << 20);
}

#[test]
fn large_path_ignores_alignment() {
    let arena: Arena<_> = Arena::new_in(Chained::new().side_chunks_above(4096));
    let mut blocks = Blocks::default();
    for (size, align) in [(8192, 4096), (100_000, 64), (5000, 1 << 16), (1 << 20, 2 << 20)] {
        blocks.alloc(&arena, layout(8, 8));
        blocks.alloc(&arena, layout(size, align));
    }
    blocks.check();
}

#[test]
fn threshold_larger_than_a_chunk() {
    for first in [0, 1, 16, 47, 48, 49, 64] {
        let chunks = Chained::new().first_chunk(first).max_chunk(first).side_chunks_above(1 << 20);
        let arena: Arena<_> = Arena::new_in(chunks);
        let mut blocks = Blocks::default();
        for size in [1, 40, 100, 8192, 3, 70_000] {
            blocks.alloc(&arena, layout(size, 8));
            blocks.alloc(&arena, layout(size, 128));
        }
        blocks.check();
    }
}

// The C arena's aligned push over the end of a chunk wrote past it.
#[test]
fn an_aligned_block_over_the_end_of_a_chunk() {
    for fill in 0..64 {
        let arena = Arena::<_, 1>::with_min_align_in(Chained::new().first_chunk(512));
        let mut blocks = Blocks::default();
        blocks.alloc(&arena, layout(1, 1));
        let room = arena.chunk_capacity();
        blocks.alloc(&arena, layout(room.saturating_sub(fill + GAP).max(1), 1));
        blocks.alloc(&arena, layout(48, 64));
        blocks.alloc(&arena, layout(1, 32));
        blocks.check();
    }
}

// It claimed alignment 16 and gave 8.
#[test]
fn the_minimum_alignment_holds_for_every_position() {
    fn check<const M: usize>() {
        let arena = Arena::<Auto, M>::with_min_align();
        assert_eq!(arena.min_align(), M);
        for size in [1, 3, 9, 30, 1000, 5000] {
            let block = arena.alloc_slice_fill_copy(size, 0_u8);
            assert_eq!(block.as_ptr().addr() % M, 0);
            let child = arena.child();
            assert_eq!(child.alloc_layout(layout(size, 1)).addr().get() % M, 0);
        }
    }
    check::<1>();
    check::<2>();
    check::<16>();
    check::<128>();
    check::<4096>();
}

/// Slices and values of types that are more aligned than the arena's positions, where the next one is not.
#[test]
fn types_that_are_more_aligned_than_the_arena() {
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Wide(u8);

    fn check<T: Copy, const M: usize>(value: T) {
        let arena = Arena::<Auto, M>::with_min_align();
        for len in 1..60 {
            arena.alloc(1_u8);
            let slice = arena.alloc_slice_fill_copy(len % 7, value);
            assert_eq!(slice.as_ptr().addr() % align_of::<T>(), 0);
            arena.alloc(1_u8);
            assert_eq!(ptr::from_mut(arena.alloc(value)).addr() % align_of::<T>(), 0);
        }
    }
    check::<u64, 1>(7);
    check::<u128, 8>(7);
    check::<Wide, 1>(Wide(7));
    check::<Wide, 16>(Wide(7));
    assert_eq!(Wide(7).0, 7);
}

#[test]
fn growing_to_a_larger_alignment() {
    let mut buffer = buffer(1 << 16);
    let arena: Arena<_> = Arena::new_in(Fixed::new(&mut buffer));
    let allocator = &arena;
    for (size, align) in [(16, 64), (8, 128), (24, 1024), (9, 4096)] {
        // One of the two does not stand on the larger alignment by chance.
        for _ in 0..2 {
            let old = layout(8, 8);
            let block = allocator.allocate(old).unwrap().cast::<u8>();
            // SAFETY: eight bytes, handed out just now.
            unsafe { block.write_bytes(0x77, 8) };
            // SAFETY: the block came from this arena with that layout.
            let grown = unsafe { allocator.grow(block, old, layout(size, align)) }.unwrap().cast::<u8>();
            assert_eq!(grown.addr().get() % align, 0);
            super::assert_holds(grown, 8, 0x77);
            // SAFETY: likewise, and the new layout is no larger.
            let less = unsafe { allocator.shrink(grown, layout(size, align), layout(8, 2 * align)) };
            let less = less.unwrap().cast::<u8>();
            assert_eq!(less.addr().get() % (2 * align), 0);
            super::assert_holds(less, 8, 0x77);
        }
    }
}

// RUSTSEC-2022-0063: a region shorter than its own header.
#[test]
fn region_too_small() {
    for len in [0, 1, 7, 8, 15, 16, 47, 48, 64] {
        for odd in 0..9 {
            let mut memory = vec![MaybeUninit::<u8>::uninit(); len + odd];
            let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory[odd..]));
            for _ in 0..3 {
                let mut blocks = Blocks::default();
                while let Ok(block) = arena.try_alloc_layout(layout(3, 1)) {
                    blocks.add(block, 3);
                }
                assert!(blocks.live.len() * 8 <= len);
                let child = arena.child();
                assert!(child.try_alloc([0_u8; 65]).is_err());
                drop(child);
                blocks.check();
                arena.reset();
            }
            assert!(arena.try_alloc([0_u8; 65]).is_err());
        }
    }
}
