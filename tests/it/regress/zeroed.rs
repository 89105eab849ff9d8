//! Zero that is not.

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Backing};

use super::{layout, over_every_backing};

/// Makes every byte within reach dirty, and gives it all back.
fn dirty<B: Backing>(arena: &Arena<B>, size: usize) {
    let block = arena.allocate(layout(size, 8)).unwrap().cast::<u8>();
    // SAFETY: a block of that size, handed out just now.
    unsafe { block.write_bytes(0xFF, size) };
    // SAFETY: it came from this arena with that layout, and is used no more.
    unsafe { arena.deallocate(block, layout(size, 8)) };
}

fn assert_zeroed<B: Backing>(arena: &Arena<B>, size: usize) {
    let block = arena.allocate_zeroed(layout(size, 8)).unwrap();
    assert_eq!(block.len(), size);
    super::assert_holds(block.cast(), size, 0);
    // SAFETY: the block has that size, and is used by nobody else.
    unsafe { block.cast::<u8>().write_bytes(0xFF, size) };
    // Grown in place where it is the last, and to a new place afterwards.
    // SAFETY: it came from this arena with that layout.
    let grown = unsafe { arena.grow_zeroed(block.cast(), layout(size, 8), layout(2 * size, 8)) }.unwrap();
    super::assert_holds(grown.cast(), size, 0xFF);
    // SAFETY: within the block.
    super::assert_holds(unsafe { grown.cast::<u8>().add(size) }, size, 0);
    arena.alloc([0xFF_u8; 5]);
    // SAFETY: it came from this arena with that layout.
    let moved = unsafe { arena.grow_zeroed(grown.cast(), layout(2 * size, 8), layout(3 * size, 8)) }.unwrap();
    super::assert_holds(moved.cast(), size, 0xFF);
    // SAFETY: within the block.
    super::assert_holds(unsafe { moved.cast::<u8>().add(2 * size) }, size, 0);
}

over_every_backing! {
    fn zeroed_after_a_retreat_a_rewind_an_ended_child_a_forgotten_one_and_a_reset(mut arena) {
        for size in [1, 40, 3000, 50_000] {
            for way in 0..6 {
                match way {
                    0 => dirty(&arena, 3 * size),
                    1 => {
                        let mark = arena.checkpoint();
                        dirty(&arena, 2 * size);
                        arena.alloc_slice_fill_copy(size, 0xFF_u8);
                        // SAFETY: the mark is this arena's, nothing made since is in use, no child was made.
                        unsafe { arena.rewind(mark) };
                    }
                    2 => arena.scope(|inner| {
                        inner.alloc_slice_fill_copy(size, 0xFF_u8);
                        dirty(inner, 4 * size);
                    }),
                    3 => {
                        let child = arena.child();
                        child.alloc_slice_fill_copy(2 * size, 0xFF_u8);
                        let grandchild = child.child();
                        grandchild.alloc_slice_fill_copy(3 * size, 0xFF_u8);
                        std::mem::forget(grandchild);
                    }
                    4 => {
                        dirty(&arena, 3 * size);
                        arena.alloc_slice_fill_copy(size, 0xFF_u8);
                        arena.reset();
                    }
                    _ => {
                        let child = arena.child();
                        child.alloc_slice_fill_copy(size, 0xFF_u8);
                        std::mem::forget(child);
                        arena.reset();
                    }
                }
                arena.scope(|inner| assert_zeroed(inner, size));
                assert_zeroed(&arena, size);
            }
        }
    }
}

#[cfg(feature = "zerocopy")]
#[test]
fn zeroed_values() {
    let arena = Arena::new();
    dirty(&arena, 900);
    assert_eq!(arena.alloc_zeroed::<[u64; 20]>(), &[0; 20]);
    assert_eq!(arena.alloc_zeroed_slice::<u16>(33), [0; 33]);
    assert_eq!(arena.alloc_zeroed_slice::<u64>(0), []);
    assert!(arena.try_alloc_zeroed_slice::<u64>(usize::MAX).is_err());
    assert!(arena.try_alloc_zeroed_slice::<u64>(isize::MAX as usize / 9).is_err());
}
