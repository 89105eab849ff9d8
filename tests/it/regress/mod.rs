//! One test for each way in which arenas have gone wrong: in published crates, and in the older systems that this one
//! follows. A test is named after the class of the defect, or says what it was.

mod alignment;
mod bases;
mod blocks;
mod borrows;
mod boxes;
mod checkpoints;
mod figures;
#[cfg(all(feature = "mapped", unix, not(miri)))]
mod files;
#[cfg(all(feature = "mapped", unix, not(miri)))]
mod files_at_once;
mod guards;
#[cfg(all(feature = "mapped", target_os = "linux", target_pointer_width = "64", not(miri)))]
mod interrupted;
mod iterators;
mod lent;
mod panics;
mod reentry;
mod reset;
mod sizes;
#[cfg(all(feature = "mapped", target_os = "linux", not(miri)))]
mod special_files;
mod zeroed;

use std::alloc::Layout;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use arenite::{Arena, Backing};

use crate::rounds::rounds;

/// Bytes behind every block in builds in which a memory tool knows the blocks.
const GAP: usize = if cfg!(any(arenite_asan, arenite_memcheck)) { 8 } else { 0 };

/// A test over arenas of every backing: the default, chunks as small as they get, and a range that begins at an odd
/// address.
macro_rules! over_every_backing {
    ($(fn $name:ident($($arena:tt)+) $body:block)*) => {$(
        #[test]
        fn $name() {
            fn body<B: arenite::Backing>($($arena)+: arenite::Arena<B>) $body

            body(arenite::Arena::new());
            body(arenite::Arena::new_in(arenite::Chained::new().first_chunk(64).max_chunk(4096)));
            let mut buffer = super::buffer(2 << 20);
            body(arenite::Arena::new_in(arenite::Fixed::new(&mut buffer[1..])));
        }
    )*};
}
use over_every_backing;

fn buffer(bytes: usize) -> Vec<MaybeUninit<u8>> {
    Box::new_uninit_slice(bytes + 1).into_vec()
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a valid layout")
}

/// Whether `f` panics.
fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// What is handed out, where that tells whether something was given back. In zeal builds most blocks are side chunks,
/// which come back with the reset alone.
fn used<B: Backing, const M: usize>(arena: &Arena<B, M>) -> usize {
    if cfg!(arenite_zeal) { 0 } else { arena.stats().used }
}

/// Blocks in use, each full of a byte of its own.
#[derive(Default)]
struct Blocks {
    live: Vec<(NonNull<u8>, usize, u8)>,
    made: u8,
}

impl Blocks {
    /// Fills a block that was handed out just now, and checks that it overlaps none of the others.
    fn add(&mut self, start: NonNull<u8>, len: usize) {
        self.made = self.made.wrapping_add(1);
        for &(other, other_len, _) in &self.live {
            let apart = start.addr().get() + len <= other.addr().get()
                || other.addr().get() + other_len <= start.addr().get();
            assert!(
                apart || len == 0 || other_len == 0,
                "{len} bytes at {start:p} overlap {other_len} at {other:p}"
            );
        }
        // SAFETY: an arena handed the block out, with that many bytes.
        unsafe { start.write_bytes(self.made, len) };
        self.live.push((start, len, self.made));
    }

    /// A block from the arena, filled.
    fn alloc<B: Backing, const M: usize>(&mut self, arena: &Arena<B, M>, layout: Layout) -> NonNull<u8> {
        let block = arena.alloc_layout(layout);
        assert_eq!(block.addr().get() % layout.align(), 0, "{block:p} is not aligned to {}", layout.align());
        self.add(block, layout.size());
        block
    }

    /// The block is no longer in use.
    fn remove(&mut self, start: NonNull<u8>) {
        self.check();
        self.live.retain(|&(other, ..)| other != start);
    }

    /// Checks that every block holds what was written into it.
    fn check(&self) {
        for &(start, len, byte) in &self.live {
            assert_holds(start, len, byte);
        }
    }
}

/// Checks that all of a block's bytes have that value.
fn assert_holds(start: NonNull<u8>, len: usize, byte: u8) {
    // SAFETY: the block is in use, has that many bytes, and they were written.
    let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), len) };
    let wrong = bytes.iter().position(|&found| found != byte);
    assert_eq!(wrong, None, "{len} bytes at {start:p} should all be {byte}: {:?}", &bytes[..len.min(16)]);
}

/// Counts how many of its kind there are.
struct Noisy<'a>(&'a Cell<isize>);

impl<'a> Noisy<'a> {
    fn new(alive: &'a Cell<isize>) -> Self {
        alive.set(alive.get() + 1);
        Noisy(alive)
    }
}

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
