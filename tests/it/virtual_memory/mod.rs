//! Reserved memory: what only `Virtual`, and `Auto` once it is large, can do and get wrong.

mod addresses;
mod cache;
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little", not(arenite_asan)))]
mod confined;
mod crowd;
mod death;
mod growth;
#[cfg(all(target_os = "linux", not(any(arenite_asan, arenite_zeal))))]
mod kept;
mod options;
pub(crate) mod process;
// What a memory tool keeps for itself hides what arenas keep.
#[cfg(all(target_os = "linux", not(arenite_asan)))]
mod reset;
mod scarce;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(any(arenite_asan, arenite_memcheck, arenite_zeal))
))]
mod space;
// As for `reset`; zeal builds have ranges of their own, and fill what is free.
#[cfg(all(target_os = "linux", target_env = "gnu", not(any(arenite_asan, arenite_zeal))))]
mod stays;
mod zero;

use std::alloc::Layout;
use std::ptr::NonNull;
use std::slice;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Backing, Virtual};

use crate::child_process;

const MIB: usize = 1 << 20;

fn arena() -> Arena<Virtual> {
    Arena::new_in(Virtual::new())
}

/// Runs `program` in a process of its own, which has reserved nothing and keeps nothing yet. `test` is the path of the test
/// that calls this.
#[track_caller]
fn alone(test: &str, program: impl FnOnce()) {
    child_process::expect(test, program, |ended| assert!(ended.success, "{}", ended.text));
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 8).expect("a layout")
}

fn block<B: Backing, const M: usize>(arena: &Arena<B, M>, bytes: usize) -> &mut [u8] {
    let block = untouched(arena, bytes);
    // SAFETY: the block has that many bytes, and is ours.
    unsafe { block.write_bytes(0xAB, bytes) };
    // SAFETY: they are initialised now, and nobody else's as long as the arena is borrowed.
    unsafe { slice::from_raw_parts_mut(block.as_ptr(), bytes) }
}

/// A block that is not written to.
fn untouched<B: Backing, const M: usize>(arena: &Arena<B, M>, bytes: usize) -> NonNull<u8> {
    arena.allocate(layout(bytes)).expect("address space").cast()
}

/// A block that is to be zero.
fn zeroed<B: Backing, const M: usize>(arena: &Arena<B, M>, bytes: usize) -> &mut [u8] {
    let block = arena.allocate_zeroed(layout(bytes)).expect("memory");
    // SAFETY: a block of that many bytes, initialised, which is nobody else's as long as the arena is borrowed.
    unsafe { slice::from_raw_parts_mut(block.cast().as_ptr(), bytes) }
}

/// Checks a block that is to be zero, and makes it dirty.
#[track_caller]
fn check_zero(block: &mut [u8]) {
    // By comparison of slices, which is not slow in a debug build.
    let wrong = block.chunks(4096).position(|part| part != &[0; 4096][..part.len()]);
    assert_eq!(wrong, None, "this page of a block of {} bytes is not zero", block.len());
    block.fill(0xEE);
}
