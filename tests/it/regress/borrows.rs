//! A pointer that a caller gives back may come from a box or a reference, and be good for the bytes of that alone. So what
//! grows where it stands is handed out by a pointer of the allocator's own, and what lies beside a block is reached by one.
//!
//! A pointer that is too narrow shows in an interpreter that keeps account of borrows; elsewhere these programs show that the
//! blocks stay where they are. The conformance suite gives every block back in that way.

use std::alloc::Layout;
use std::ptr::NonNull;

use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::vec::Vec;
use arenite::Arena;
use arenite::wrap::{AllocationClock, Guarded, Histogram, Quantized};

/// The vector again, by the pointer of a slice of its items.
fn through_a_reference<A: Allocator>(bytes: Vec<u8, A>) -> Vec<u8, A> {
    let (start, length, capacity, alloc) = bytes.into_raw_parts_with_alloc();
    assert_eq!(length, capacity, "the slice is all of it");
    // SAFETY: the items of the vector, which was taken apart and is nobody else's.
    let items = unsafe { std::slice::from_raw_parts_mut(start, length) };
    // SAFETY: the parts of the vector; the slice is used no more.
    unsafe { Vec::from_raw_parts_in(items.as_mut_ptr(), length, capacity, alloc) }
}

/// Sevens, as many as there is room for.
fn fill<A: Allocator>(bytes: &mut Vec<u8, A>) {
    let room = bytes.spare_capacity_mut();
    let more = room.len();
    // SAFETY: the room is exclusively borrowed.
    unsafe { room.as_mut_ptr().cast::<u8>().write_bytes(7, more) };
    // SAFETY: all of the capacity is initialised.
    unsafe { bytes.set_len(bytes.capacity()) };
}

fn sevens<A: Allocator>(length: usize, alloc: A) -> Vec<u8, A> {
    let mut bytes = Vec::with_capacity_in(length, alloc);
    fill(&mut bytes);
    through_a_reference(bytes)
}

/// Makes a vector longer, and tells whether it stayed where it was.
fn grows<A: Allocator>(bytes: &mut Vec<u8, A>, to: usize) -> bool {
    let start = bytes.as_ptr();
    bytes.reserve_exact(to - bytes.len());
    fill(bytes);
    assert!(bytes[..] == std::vec![7; to]);
    bytes.as_ptr() == start
}

#[test]
fn the_last_block_grows_beyond_the_reference_to_it() {
    let arena = Arena::new();
    assert!(grows(&mut sevens(10, &arena), 50));
}

#[cfg(feature = "std")]
#[test]
fn blocks_of_a_shared_arena_grow_beyond_the_references_to_them() {
    use arenite::Fixed;
    use arenite::shared::SyncArena;

    let mut buffer = [std::mem::MaybeUninit::uninit(); 50_000];
    let arena = SyncArena::new_in(Fixed::new(&mut buffer));
    assert!(grows(&mut sevens(10, &arena), 50));
    let mut bytes = sevens(9000, &arena);
    assert!(grows(&mut bytes, 9500));
    // As the last of the arena it goes on from there.
    drop(bytes);
    assert!(grows(&mut sevens(9200, &arena), 9800));
}

#[test]
fn what_is_made_longer_by_hand_is_reached_by_the_pointer_that_comes_back() {
    let arena = Arena::new();
    let numbers = arena.alloc([1_u8; 16]);
    let (block, old) = (NonNull::from(numbers).cast::<u8>(), Layout::new::<[u8; 16]>());
    // SAFETY: a block of this arena's, of that layout.
    let grown =
        unsafe { arena.try_grow_in_place(block, old, 40) }.expect("the last block of a chunk with room");
    assert_eq!(grown, block);
    // SAFETY: the block has more bytes now.
    let added = unsafe { grown.add(16) };
    // SAFETY: the bytes that it has more.
    unsafe { added.write_bytes(2, 24) };
    // SAFETY: as above, and all are initialised.
    let bytes = unsafe { std::slice::from_raw_parts(grown.as_ptr(), 40) };
    assert_eq!(bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>(), 16 + 48);
}

#[test]
fn what_a_size_is_rounded_up_to_is_beyond_the_reference() {
    let arena = Arena::new();
    let allocator = Quantized::<64, _>::new(&arena);
    let mut bytes = sevens(10, &allocator);
    assert!(grows(&mut bytes, 60), "within the same multiple");
    let behind = sevens(10, &allocator);
    // Moves, with all that the arena knows of.
    assert!(!grows(&mut through_a_reference(bytes), 100));
    drop(behind);
    let mut short = through_a_reference(sevens(60, &allocator));
    short.truncate(5);
    short.shrink_to_fit();
    assert!(grows(&mut through_a_reference(short), 20));
}

#[test]
fn what_a_wrapper_writes_beside_a_block_is_beyond_the_reference() {
    let guarded = Guarded::new(Global);
    let mut bytes = sevens(10, &guarded);
    let other = sevens(5, &guarded);
    grows(&mut bytes, 100);
    assert_eq!(guarded.check().unwrap(), 2);
    drop((through_a_reference(bytes), other));
    assert_eq!((guarded.check().unwrap(), guarded.misuses()), (0, 0));

    let histogram = Histogram::<_, AllocationClock>::with_clock(Global);
    let mut bytes = sevens(10, &histogram);
    grows(&mut bytes, 100);
    bytes.truncate(50);
    bytes.shrink_to_fit();
    drop(through_a_reference(bytes));
    assert_eq!(histogram.made(50), 1);
}
