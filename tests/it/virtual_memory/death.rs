//! Touches that must die, and data that must be gone.

use std::hint::black_box;

use arenite::{Arena, Virtual};

use super::process::{faults, page_size};
use super::{MIB, block, untouched};

/// Reads the byte `offset` bytes after `start`.
///
/// # Safety
///
/// The byte may be read; or the process is there to die of it.
unsafe fn touch(start: *const u8, offset: usize) {
    // SAFETY: this function's contract.
    black_box(unsafe { start.wrapping_add(offset).read_volatile() });
}

#[test]
fn a_touch_that_is_allowed_does_not_die() {
    assert!(!faults(|| {
        let arena: Arena<_> = Arena::new_in(Virtual::new().guard(true));
        let bytes = block(&arena, 1000);
        // SAFETY: inside of the block.
        unsafe { touch(bytes.as_ptr(), 999) };
    }));
}

#[test]
fn the_page_behind_a_guarded_range_dies() {
    for reserve in [64 << 10, MIB, 6 * MIB] {
        let lives_up_to = |offset: usize| {
            !faults(|| {
                Virtual::trim_cache();
                let arena: Arena<_> = Arena::new_in(Virtual::new().reserve(reserve).guard(true));
                // All of the range is committed, so that only the guard is left to die of.
                let start = untouched(&arena, reserve - 64);
                let base = start.as_ptr().map_addr(|address| address & !(page_size() - 1));
                // SAFETY: the process is there to die.
                unsafe { touch(base, offset) };
            })
        };
        if !cfg!(arenite_asan) {
            assert!(lives_up_to(reserve - 65), "{reserve}");
        }
        assert!(!lives_up_to(reserve), "{reserve}");
        assert!(!lives_up_to(reserve + page_size() - 1), "{reserve}");
    }
}

#[test]
fn reserved_memory_that_is_not_committed_dies() {
    assert!(faults(|| {
        Virtual::trim_cache();
        let arena: Arena<_> = Arena::new_in(Virtual::new());
        let start = block(&arena, 1000).as_ptr();
        // SAFETY: the process is there to die.
        unsafe { touch(start, 1 << 30) };
    }));
}

#[test]
#[cfg(not(any(arenite_asan, arenite_zeal)))]
fn what_a_reset_gave_back_holds_nothing_any_more() {
    use arenite::ResetMode;
    for mode in [ResetMode::FreeAll, ResetMode::RetainLimit(4096)] {
        let mut arena: Arena<_> = Arena::new_in(Virtual::new().reserve(33 * MIB));
        let start = block(&arena, 10 * MIB).as_ptr();
        arena.reset_with(mode);
        let again = arena.alloc_slice_fill_default::<u8>(1).as_ptr();
        assert_eq!(again, start);
        let bytes = untouched(&arena, 9 * MIB);
        for offset in (page_size()..9 * MIB).step_by(512) {
            // SAFETY: inside of the block.
            let byte = unsafe { bytes.add(offset) };
            // SAFETY: as above. Not initialised as far as Rust is concerned, but a page of the system's: what it holds is
            // the question, asked in a way that the compiler does not look into.
            assert_eq!(unsafe { byte.read_volatile() }, 0, "old data at {offset} after {mode:?}");
        }
    }
}
