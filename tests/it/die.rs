//! Programs that touch what is not theirs. With `--cfg arenite_asan` and AddressSanitizer each must die with a report, as
//! with `--cfg arenite_memcheck` in memcheck: otherwise the poisoning of the whole suite would not be armed. Without, all of
//! them run to their end, as nothing that they touch is outside of the arena's memory: that is the control.

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Backing, Chained, Fixed};

use crate::child_process;

const SIZE: usize = 24;

fn layout() -> Layout {
    Layout::new::<[u8; SIZE]>()
}

/// A block, all of whose bytes may be written.
fn block<B: Backing>(arena: &Arena<B>) -> NonNull<u8> {
    let block = arena.alloc_layout(layout());
    // SAFETY: a block of that size, handed out just now.
    unsafe { block.write_bytes(1, SIZE) };
    block
}

/// Reads the byte `offset` bytes behind `block`: what the programs must not do.
fn touch(block: NonNull<u8>, offset: usize) -> u8 {
    let place = block.as_ptr().wrapping_add(offset);
    // SAFETY: the byte lies in memory that the arena got from its backing and has not given back, so that reading it is
    // wrong by the arena's rules alone; it was written before.
    unsafe { place.read_volatile() }
}

/// Runs `program` in a process of its own: it must die where memory tools know arenas, and only there.
fn must_die(test: &str, program: impl FnOnce()) {
    let armed = cfg!(any(arenite_asan, arenite_memcheck));
    let report =
        if cfg!(arenite_asan) { "AddressSanitizer: use-after-poison" } else { "Invalid read of size" };
    child_process::expect(&format!("die::{test}"), program, |ended| {
        assert_eq!(ended.success, !armed, "{}", ended.text);
        let reported = ended.text.contains(report);
        assert_eq!(reported, armed, "{}", ended.text);
    });
}

#[test]
fn what_is_handed_out_may_be_touched() {
    child_process::expect(
        "die::what_is_handed_out_may_be_touched",
        || {
            let mut arena = Arena::new();
            for _ in 0..2 {
                let blocks = [(); 100].map(|()| block(&arena));
                arena.scope(|inner| (0..100).for_each(|_| assert_eq!(touch(block(inner), SIZE - 1), 1)));
                assert!(blocks.iter().all(|&block| touch(block, 0) + touch(block, SIZE - 1) == 2));
                arena.reset();
            }
        },
        |ended| assert!(ended.success, "{}", ended.text),
    );
}

#[test]
fn use_after_reset() {
    must_die("use_after_reset", || {
        let mut arena = Arena::new();
        let gone = block(&arena);
        arena.reset();
        touch(gone, 0);
    });
}

#[test]
fn use_after_reset_of_a_buffer() {
    must_die("use_after_reset_of_a_buffer", || {
        let mut memory = [MaybeUninit::new(0); 1024];
        let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
        let gone = block(&arena);
        arena.reset();
        touch(gone, SIZE - 1);
    });
}

#[test]
fn overrun_into_the_gap() {
    must_die("overrun_into_the_gap", || {
        let arena = Arena::new();
        let first = block(&arena);
        let second = block(&arena);
        // Below the next block, or its first byte where there is no gap.
        let behind = touch(first, SIZE);
        assert_eq!((behind, touch(second, 0)), (1, 1));
    });
}

#[test]
fn overrun_of_the_last_block() {
    must_die("overrun_of_the_last_block", || {
        let arena = Arena::new();
        arena.scope(|inner| {
            inner.alloc([1_u8; 500]);
        });
        touch(block(&arena), SIZE);
    });
}

#[test]
fn use_after_the_end_of_a_scope() {
    must_die("use_after_the_end_of_a_scope", || {
        let arena = Arena::new();
        let kept = block(&arena);
        let gone = arena.scope(block);
        assert_eq!(touch(kept, 0), 1);
        touch(gone, 0);
    });
}

#[test]
fn use_of_a_chunk_whose_scope_has_ended() {
    must_die("use_of_a_chunk_whose_scope_has_ended", || {
        let arena: Arena<_> = Arena::new_in(Chained::new().first_chunk(512));
        block(&arena);
        let gone = arena.scope(|inner| {
            inner.alloc([1_u8; 4000]);
            block(inner)
        });
        touch(gone, 0);
    });
}

#[test]
fn use_after_rewind() {
    must_die("use_after_rewind", || {
        let arena = Arena::new();
        block(&arena);
        let mark = arena.checkpoint();
        let gone = block(&arena);
        // SAFETY: the mark is this arena's and no child was made. That the block is used afterwards is what is tested.
        unsafe { arena.rewind(mark) };
        touch(gone, 0);
    });
}

#[test]
fn use_after_free_of_the_last_block() {
    must_die("use_after_free_of_the_last_block", || {
        let arena = Arena::new();
        let gone = block(&arena);
        // SAFETY: the block is this arena's, with that layout. That it is used afterwards is what is tested.
        unsafe { (&arena).deallocate(gone, layout()) };
        touch(gone, 0);
    });
}

#[test]
fn use_after_free_of_another_block() {
    must_die("use_after_free_of_another_block", || {
        let arena = Arena::new();
        let gone = block(&arena);
        let last = block(&arena);
        // SAFETY: the block is this arena's, with that layout. That it is used afterwards is what is tested.
        unsafe { (&arena).deallocate(gone, layout()) };
        assert_eq!(touch(last, 0), 1);
        touch(gone, SIZE - 1);
    });
}

#[test]
fn use_of_the_old_place_of_a_block_that_grew() {
    must_die("use_of_the_old_place_of_a_block_that_grew", || {
        let arena = Arena::new();
        let gone = block(&arena);
        block(&arena);
        // SAFETY: the block is this arena's, with that layout. That it is used afterwards is what is tested.
        let grown =
            unsafe { (&arena).grow(gone, layout(), Layout::new::<[u8; 100]>()) }.expect("there is room");
        assert_eq!(touch(grown.cast(), SIZE - 1), 1);
        touch(gone, 0);
    });
}

#[test]
fn use_of_what_a_shrunk_block_gave_back() {
    must_die("use_of_what_a_shrunk_block_gave_back", || {
        let arena = Arena::new();
        let less = block(&arena);
        // SAFETY: the block is this arena's, with that layout. That its end is used afterwards is what is tested.
        unsafe { (&arena).shrink(less, layout(), Layout::new::<[u8; 8]>()) }
            .expect("shrinking needs no memory");
        assert_eq!(touch(less, 7), 1);
        touch(less, 16);
    });
}

/// The arena's own memory may be touched again once it is the owner's.
#[test]
fn poison_that_outlives_its_arena() {
    child_process::expect(
        "die::poison_that_outlives_its_arena",
        || {
            let mut memory = [MaybeUninit::new(7_u8); 4096];
            for _ in 0..3 {
                let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory[1..]));
                let child = arena.child();
                block(&arena);
                block(&child);
                std::mem::forget(child.child());
                std::mem::forget(child);
                arena.alloc([1_u8; 500]);
                arena.reset();
                drop(arena);
                memory.fill(MaybeUninit::new(9));
                // SAFETY: filled just now.
                assert!(memory.iter().all(|byte| unsafe { byte.assume_init() } == 9));
            }
            // Chunks that go back to the system, and come from there again.
            for _ in 0..100 {
                let arena = Arena::new();
                arena.alloc([1_u8; 900]);
                drop(arena);
                assert_eq!(vec![5_u8; 1008].iter().map(|&byte| usize::from(byte)).sum::<usize>(), 5040);
            }
        },
        |ended| assert!(ended.success, "{}", ended.text),
    );
}
