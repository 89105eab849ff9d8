//! Sizes: none at all, and more than there can be.

use std::alloc::Layout;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Auto, Chained, Growth};

use super::{Blocks, GAP, layout, over_every_backing, panics};

#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(align(4096))]
struct Nothing;

/// A type of more than half of the address space cannot be; of an eighth, it can.
const HUGE: usize = isize::MAX as usize / 8;

over_every_backing! {
    // `push(u64::MAX - 3)` returned a pointer to no bytes, and array sizes were multiplied unchecked.
    fn size_arithmetic(arena) {
        let kept = arena.alloc(0x1234_u64);
        for align in [1_usize, 8, 4096, 1 << 20, 1 << 62] {
            for size in [isize::MAX as usize, isize::MAX as usize - 4095, usize::MAX / 4, 1 << 62, (1 << 62) - 1] {
                let Ok(layout) = Layout::from_size_align(size, align) else { continue };
                assert!(arena.try_alloc_layout(layout).is_err(), "{layout:?}");
                assert!((&arena).allocate(layout).is_err());
                assert!((&arena).allocate_zeroed(layout).is_err());
                assert!(!arena.can_allocate(layout) || !B::CONTIGUOUS);
                let child = arena.child();
                assert!(child.try_alloc_layout(layout).is_err());
            }
        }
        for len in [usize::MAX, usize::MAX - 7, isize::MAX as usize, isize::MAX as usize / 2, HUGE] {
            assert!(arena.try_alloc_uninit_slice::<u64>(len).is_err());
            assert!(arena.try_alloc_slice_fill_copy(len, 0_u64).is_err());
            assert!(arena.try_alloc_slice_fill_with(len, |i| i).is_err());
            assert!(arena.try_alloc_slice_fill_default::<u64>(len).is_err());
            assert!(panics(|| assert_eq!(arena.alloc_slice_fill_copy(len, 0_u64).len(), 0)));
        }
        assert_eq!((*kept, *arena.alloc(5)), (0x1234, 5), "nothing is lost, and the arena goes on");
    }

    fn growing_past_the_end_of_the_world(arena) {
        let allocator = &arena;
        let old = layout(64, 8);
        let block = allocator.allocate(old).unwrap().cast::<u8>();
        // SAFETY: a block of 64 bytes, handed out just now.
        unsafe { block.write_bytes(0x5A, 64) };
        for size in [isize::MAX as usize - 7, 1 << 62, usize::MAX / 3] {
            for align in [8, 4096] {
                let Ok(new) = Layout::from_size_align(size, align) else { continue };
                // SAFETY: the block came from this arena with that layout.
                assert!(unsafe { allocator.grow(block, old, new) }.is_err());
                // SAFETY: likewise.
                assert!(unsafe { allocator.grow_zeroed(block, old, new) }.is_err());
            }
            // SAFETY: likewise; the size is that of a layout.
            assert!(unsafe { arena.try_grow_in_place(block, old, size / 8 * 8) }.is_none());
        }
        super::assert_holds(block, 64, 0x5A);
        // SAFETY: likewise, and it is still the last.
        assert!(unsafe { arena.try_grow_in_place(block, old, 128) }.is_some() || arena.stats().chunks > 0);
        super::assert_holds(block, 64, 0x5A);
    }

    // Short text is copied in runs that overlap each other.
    fn text_of_every_short_length(arena) {
        let source: String = ('!'..='~').collect();
        let mut texts = Vec::new();
        for len in 0..=70 {
            for from in [0, 1, 7] {
                let text = &source[from..from + len];
                texts.push((&*arena.alloc_str(text), text));
                assert_eq!(arena.alloc_slice_copy(text.as_bytes()), text.as_bytes());
                let signed: Vec<i8> = text.bytes().map(|byte| byte as i8).collect();
                assert_eq!(*arena.alloc_slice_copy(&signed), *signed);
            }
        }
        assert!(texts.iter().all(|(copy, text)| copy == text));
    }

    // bumpalo 289 and others: the first thing that happens to an arena is that it has nothing.
    fn zero_sized_and_first_things(mut arena) {
        let allocator = &arena;
        let nothing = layout(0, 4096);
        let block = allocator.allocate(nothing).unwrap().cast::<u8>();
        assert_eq!(block.addr().get() % 4096, 0);
        // SAFETY: a block of this arena's, with that layout; each call gets what the one before returned.
        let block = unsafe { allocator.shrink(block, nothing, layout(0, 1)) }.unwrap().cast::<u8>();
        // SAFETY: likewise.
        unsafe { allocator.deallocate(block, layout(0, 1)) };
        assert_eq!(arena.alloc_str(""), "");
        assert_eq!(arena.alloc_cstr(c"").to_bytes(), b"");
        assert_eq!(arena.alloc_fmt(format_args!("")), "");
        assert_eq!(arena.alloc_fmt(format_args!("{}", "")), "");
        assert_eq!(arena.alloc_slice_copy::<u64>(&[]), []);
        assert_eq!(arena.alloc_slice_clone::<String>(&[]), [""; 0]);
        assert_eq!(arena.alloc_slice_fill_iter(std::iter::empty::<u8>()), []);
        assert_eq!(arena.alloc_from_iter(None::<u64>), []);
        assert_eq!(arena.alloc_uninit_slice::<u64>(0).len(), 0);
        let one = std::ptr::from_mut(arena.alloc(Nothing));
        assert_eq!(one.addr() % 4096, 0);
        assert_eq!(arena.alloc_with(|| Nothing), &Nothing);
        assert_eq!(arena.alloc_try_with(|| Ok::<_, std::convert::Infallible>(Nothing)), Ok(&mut Nothing));
        assert_eq!(arena.alloc_layout(nothing).addr().get() % 4096, 0);
        assert_eq!(arena.alloc_slice_fill_copy(1000, Nothing).len(), 1000);
        assert_eq!(arena.alloc_slice_fill_default::<()>(9).len(), 9);
        assert_eq!(arena.alloc_slice_copy(&[(); 5]).len(), 5);
        assert_eq!(*arena.alloc_box(Nothing), Nothing);
        arena.scope(|inner| assert_eq!(inner.alloc_str(""), ""));
        drop(arena.child());
        std::mem::forget(arena.child());
        // SAFETY: the mark is this arena's, and nothing was handed out.
        unsafe { arena.rewind(arena.checkpoint()) };
        arena.reserve(0);
        assert!(arena.can_allocate(nothing));
        assert_eq!(arena.iter_allocated_chunks().map(<[_]>::len).sum::<usize>(), 8 + GAP, "one C string");
        assert!(format!("{arena:?}").contains("Arena"));
        arena.reset();
        arena.reset_with(arenite::ResetMode::FreeAll);
        assert_eq!(arena.stats().chunks, 0);
        assert_eq!(*arena.alloc(1), 1);
    }

    fn one_byte_after_another(arena) {
        let mut blocks = Blocks::default();
        for i in 0..super::rounds(400) {
            blocks.alloc(&arena, layout(i % 9, 1 << (i % 5)));
        }
        blocks.check();
    }
}

// bumpalo 289: a race on a shared static for empty arenas.
#[test]
fn two_threads_on_two_empty_arenas() {
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..super::rounds(1000) {
                    let mut arena = Arena::<Auto, 1>::with_min_align();
                    assert_eq!(arena.alloc_str(""), "");
                    arena.alloc_slice_copy::<u8>(&[]);
                    arena.scope(|inner| assert_eq!(inner.alloc_slice_fill_copy(3, Nothing).len(), 3));
                    arena.reset();
                    let block = (&arena).allocate(layout(0, 1)).unwrap().cast();
                    // SAFETY: a block of this arena's with that layout.
                    unsafe { (&arena).deallocate(block, layout(0, 1)) };
                }
            });
        }
    });
}

#[test]
fn chunk_sizes_at_both_ends() {
    let sizes = [0, 1, 15, 17, isize::MAX as usize, usize::MAX - 7, usize::MAX];
    for first in sizes {
        for max in sizes {
            for growth in
                [Growth::Double, Growth::Linear(usize::MAX), Growth::Percent(usize::MAX), Growth::Percent(0)]
            {
                // So large a chunk is not to be had; half of it, and half of that, is tried down to what is needed.
                let small_base = allocator();
                let chunks = Chained::new_in(&small_base).first_chunk(first).max_chunk(max).growth(growth);
                let arena: Arena<_> = Arena::new_in(chunks);
                let mut blocks = Blocks::default();
                for size in [1, 100, 3000] {
                    blocks.alloc(&arena, layout(size, 8));
                }
                blocks.check();
                assert!(arena.try_alloc_layout(layout(1 << 40, 8)).is_err());
            }
        }
    }
}

/// A base without large blocks.
fn allocator() -> arenite::wrap::Failing<allocator_api2::alloc::Global> {
    let failing = arenite::wrap::Failing::new(allocator_api2::alloc::Global);
    failing.fail_above(1 << 16);
    failing
}
