//! What base allocators may do, and what a panic in one does.

use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use arenite::testing::failures::Failures;
use arenite::wrap::{Counting, Failing};
use arenite::{Arena, Chained, FnSource, ResetMode};

use super::{Blocks, layout};

/// A base that is as awkward as the contract allows: it returns the least alignment asked for and no more, blocks that
/// are longer than asked, it has a size and a drop, and it insists on getting each block back with its layout.
struct Awkward<'a> {
    blocks: RefCell<HashMap<usize, Layout>>,
    dropped: &'a Cell<bool>,
}

/// Bytes in front of every block, so that it stands on its alignment and on none above.
fn skewed(layout: Layout) -> (Layout, usize) {
    let align = layout.align() * 2;
    let whole = Layout::from_size_align(layout.size() + align + layout.size() / 3, align).expect("small");
    (whole, layout.align())
}

// SAFETY: blocks are parts of blocks of the system's, one each.
unsafe impl Allocator for Awkward<'_> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let (whole, skip) = skewed(layout);
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { alloc::alloc(whole) }).ok_or(AllocError)?;
        // SAFETY: the block is longer than that.
        let start = unsafe { start.add(skip) };
        assert!(self.blocks.borrow_mut().insert(start.addr().get(), layout).is_none());
        Ok(NonNull::slice_from_raw_parts(start, layout.size() + layout.size() / 3))
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        assert_eq!(
            self.blocks.borrow_mut().remove(&block.addr().get()),
            Some(layout),
            "not as it was asked for"
        );
        let (whole, skip) = skewed(layout);
        // SAFETY: the block begins that far into the system's.
        let start = unsafe { block.sub(skip) };
        // SAFETY: the block came from `alloc` with this layout.
        unsafe { alloc::dealloc(start.as_ptr(), whole) };
    }
}

impl Drop for Awkward<'_> {
    fn drop(&mut self) {
        assert!(self.blocks.borrow().is_empty(), "chunks that never came back");
        self.dropped.set(true);
    }
}

fn program<A: Allocator, const M: usize>(arena: &mut Arena<Chained<A>, M>) {
    for mode in [ResetMode::Retain, ResetMode::RetainLimit(2000), ResetMode::Decay, ResetMode::FreeAll] {
        let mut blocks = Blocks::default();
        for i in 0..60 {
            blocks.alloc(arena, layout(i * 53 % 700 + 1, 1 << (i % 8)));
            let child = arena.child();
            blocks.alloc(&child, layout(i * 91 % 900 + 1, 8));
            blocks.check();
            blocks.live.pop();
            if i % 9 == 0 {
                std::mem::forget(child);
            }
        }
        blocks.alloc(arena, layout(70_000, 64));
        blocks.check();
        arena.reset_with(mode);
    }
}

#[test]
fn base_allocator_assumptions() {
    let dropped = Cell::new(false);
    let awkward = || Awkward { blocks: RefCell::default(), dropped: &dropped };
    let mut arena: Arena<_> = Arena::new_in(Chained::new_in(awkward()));
    program(&mut arena);
    arena.alloc(1);
    drop(arena);
    assert!(dropped.replace(false), "the base is dropped, after its chunks");
    program(&mut Arena::<_, 1>::with_min_align_in(Chained::new_in(awkward()).first_chunk(100)));
    program(&mut Arena::<_, 64>::with_min_align_in(Chained::new_in(awkward()).side_chunks_above(100)));
    program(&mut Arena::<_, 512>::with_min_align_in(Chained::new_in(awkward())));
    assert!(dropped.get());
}

// A base that fails at its n-th call, for every n.
#[test]
fn a_base_that_fails() {
    let report = Failures::new().allow_swallowed(true).check(|probe| {
        let mut arena: Arena<_> = Arena::new_in(Chained::new_in(probe).first_chunk(128).max_chunk(512));
        for _ in 0..2 {
            let mut blocks = Blocks::default();
            let outer = arena.alloc_layout_or(layout(100, 8))?;
            blocks.add(outer, 100);
            let child = arena.child();
            blocks.add(child.alloc_layout_or(layout(400, 8))?, 400);
            blocks.add(arena.alloc_layout_or(layout(3000, 64))?, 3000);
            blocks.add(child.alloc_layout_or(layout(8, 8))?, 8);
            blocks.check();
            drop(child);
            arena.reset();
        }
        Ok::<_, AllocError>(())
    });
    report.assert_clean();
    assert!(report.requests() > 3);
}

/// A name that is short enough to be used often.
trait OrError {
    fn alloc_layout_or(&self, layout: Layout) -> Result<NonNull<u8>, AllocError>;
}

impl<A: Allocator> OrError for Arena<Chained<A>> {
    fn alloc_layout_or(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        self.try_alloc_layout(layout)
    }
}

#[test]
fn a_failed_request_leaves_everything_as_it_was() {
    let base = Failing::new(Counting::new(Global));
    let mut arena: Arena<_> = Arena::new_in(Chained::new_in(&base).first_chunk(256));
    let mut blocks = Blocks::default();
    blocks.alloc(&arena, layout(64, 8));
    for size in [1000, 5000, 100_000] {
        base.fail_always();
        let before = (arena.stats(), base.inner().counts().bytes_live);
        assert!(arena.try_alloc_layout(layout(size, 8)).is_err());
        assert!(arena.try_reserve(size).is_err());
        assert_eq!((arena.stats(), base.inner().counts().bytes_live), before);
        blocks.alloc(&arena, layout(8, 8));
        base.succeed();
        blocks.alloc(&arena, layout(size, 8));
    }
    blocks.check();
    // When the chunk that should take the place of all others is not to be had, those stay, or fewer.
    base.fail_always();
    arena.reset();
    assert_eq!(arena.stats().used, 0);
    base.succeed();
    assert!(arena.try_alloc([0_u8; 100_000]).is_ok());
}

#[test]
fn halving_stops_at_what_is_needed() {
    let base = Failing::new(Global);
    base.fail_above(3000);
    let arena: Arena<_> = Arena::new_in(Chained::new_in(&base).first_chunk(1 << 20));
    assert!(arena.try_alloc([0_u8; 2500]).is_ok());
    assert!(arena.try_alloc([0_u8; 2500]).is_ok());
    assert!(arena.try_alloc([0_u8; 3500]).is_err());
    assert!(arena.try_alloc([0_u8; 100]).is_ok());
}

/// An allocator of two closures, the captures being its context: each knows what the other did.
#[test]
fn closures_as_a_source() {
    let live = RefCell::new(HashMap::new());
    let allocate = |layout: Layout| {
        // SAFETY: the size is not zero.
        let block = NonNull::new(unsafe { alloc::alloc(layout) })?;
        live.borrow_mut().insert(block.addr(), layout);
        Some(block)
    };
    let deallocate = |block: NonNull<u8>, layout| {
        assert_eq!(live.borrow_mut().remove(&block.addr()), Some(layout));
        // SAFETY: the block came from the other closure with this layout.
        unsafe { alloc::dealloc(block.as_ptr(), layout) };
    };
    // SAFETY: both pass on to the system, with the layout that they got, and no block is of size zero.
    let source = unsafe { FnSource::new(allocate, deallocate) };
    program(&mut Arena::<_, 8>::with_min_align_in(Chained::new_in(&source)));
    program(&mut Arena::<_, 8>::with_min_align_in(Chained::new_in(source)));
    assert!(live.borrow().is_empty());
}

// Unwinding out of the allocator: none, ever. The process ends with a message instead.
#[test]
fn unwinding_out_of_the_allocator() {
    crate::child_process::expect(
        "regress::bases::unwinding_out_of_the_allocator",
        || {
            // SAFETY: no block is ever handed out.
            let source = unsafe { FnSource::new(|_| panic!("a source that panics"), |_, _| {}) };
            let arena: Arena<_> = Arena::new_in(Chained::new_in(source));
            let caught = super::panics(|| {
                arena.alloc(1);
            });
            println!("unwound: {caught}");
        },
        |output| {
            assert!(!output.success, "it must not unwind: {}", output.text);
            assert!(output.text.contains("a source that panics"), "{}", output.text);
            assert!(output.text.contains("an allocator must not unwind"), "{}", output.text);
            assert!(!output.text.contains("unwound: "), "{}", output.text);
        },
    );
}
