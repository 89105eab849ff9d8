//! Base allocators that do what they may, and what they may not.

#[cfg(not(miri))]
mod abort;
mod reentry;

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::{Allocator, Global};
use arenite::collections::Vec as ArenaVec;
use arenite::{AllocError, Arena, Backing, Chained, ResetMode};

/// Uses most of what an arena can do, checks what it wrote, and counts what it got.
fn workout<B: Backing, const M: usize>(arena: &mut Arena<B, M>) -> usize {
    let mut got = 0;
    for mode in [ResetMode::Retain, ResetMode::RetainLimit(2000), ResetMode::Decay, ResetMode::FreeAll] {
        let round = |arena: &Arena<B, M>, i: u64| -> Result<usize, AllocError> {
            let kept = arena.try_alloc([i; 3])?;
            let text = arena.try_alloc_str("grain of sand")?;
            let page = arena.try_alloc_layout(Layout::from_size_align(100, 1 << (i % 10)).unwrap())?;
            assert_eq!(page.addr().get() % (1 << (i % 10)), 0);
            let mut numbers = ArenaVec::new_in(arena);
            let inner = arena.child();
            for n in 0..i * 10 {
                numbers.try_reserve(1).map_err(|_| AllocError)?;
                numbers.push(n);
                *inner.try_alloc(n)? += 1;
            }
            let large = inner.try_alloc_slice_fill_copy(3000, i as u8)?;
            drop(arena.child());
            assert!(numbers.iter().copied().eq(0..i * 10) && large.iter().all(|&byte| byte == i as u8));
            assert_eq!((*kept, &*text), ([i; 3], "grain of sand"));
            Ok(numbers.len())
        };
        for i in 0..12 {
            got += round(arena, i).unwrap_or(0);
        }
        arena.reset_with(mode);
    }
    got
}

/// The result of [`workout`] where nothing fails.
const ALL: usize = 4 * (11 * 12 / 2) * 10;

fn layout_around(layout: Layout) -> Layout {
    Layout::from_size_align(layout.size() + 2 * layout.align(), 2 * layout.align()).unwrap()
}

/// Returns blocks that are aligned as asked and not one bit more.
struct Minimal;

// SAFETY: blocks lie in larger ones of the system's, which are found again by subtracting the alignment.
unsafe impl Allocator for Minimal {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: not of size zero.
        let outer = NonNull::new(unsafe { alloc(layout_around(layout)) }).ok_or(AllocError)?;
        // SAFETY: the outer block is longer than that.
        let block = unsafe { outer.add(layout.align()) };
        assert_ne!(block.addr().get() % (2 * layout.align()), 0);
        Ok(NonNull::slice_from_raw_parts(block, layout.size()))
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `allocate` added it.
        let outer = unsafe { block.sub(layout.align()) };
        // SAFETY: the block that `allocate` got, with the same layout.
        unsafe { dealloc(outer.as_ptr(), layout_around(layout)) };
    }
}

#[test]
fn blocks_of_minimal_alignment() {
    assert_eq!(workout(&mut Arena::<_, 1>::with_min_align_in(Chained::new_in(Minimal))), ALL);
    assert_eq!(workout(&mut Arena::new_in(Chained::new_in(Minimal).first_chunk(1))), ALL);
    assert_eq!(workout(&mut Arena::<_, 4096>::with_min_align_in(Chained::new_in(Minimal))), ALL);
}

/// What a watchful base knows.
#[derive(Default)]
struct Book {
    live: RefCell<BTreeMap<usize, Layout>>,
    calls: Cell<usize>,
    drops: Cell<usize>,
}

/// Returns more than was asked for, checks what comes back, fails at one call, is not zero-sized, and has a `Drop`.
struct Watchful {
    book: Rc<Book>,
    fails_at: usize,
    longer: usize,
}

impl Drop for Watchful {
    fn drop(&mut self) {
        assert!(self.book.live.borrow().is_empty(), "the base was dropped before its chunks came back");
        self.book.drops.set(self.book.drops.get() + 1);
    }
}

// SAFETY: passes on to the global allocator, with more bytes than asked for.
unsafe impl Allocator for Watchful {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.book.calls.set(self.book.calls.get() + 1);
        if self.book.calls.get() == self.fails_at {
            return Err(AllocError);
        }
        let longer = Layout::from_size_align(layout.size() + self.longer, layout.align()).unwrap();
        let block = Global.allocate(longer)?;
        self.book.live.borrow_mut().insert(block.cast::<u8>().addr().get(), layout);
        Ok(block)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        assert_eq!(self.book.live.borrow_mut().remove(&block.addr().get()), Some(layout));
        let longer = Layout::from_size_align(layout.size() + self.longer, layout.align()).unwrap();
        // SAFETY: the block that `allocate` got, with the same layout, as was just checked.
        unsafe { Global.deallocate(block, longer) };
    }
}

#[test]
fn blocks_longer_than_asked_for() {
    for longer in [1, 16, 5000] {
        let book = Rc::<Book>::default();
        let base = Watchful { book: Rc::clone(&book), fails_at: 0, longer };
        assert_eq!(workout(&mut Arena::new_in(Chained::new_in(base))), ALL);
        assert_eq!(book.drops.get(), 1);
    }
}

#[test]
fn every_call_to_the_base_fails_once() {
    let mut fails_at = 1;
    loop {
        let book = Rc::<Book>::default();
        let base = Watchful { book: Rc::clone(&book), fails_at, longer: 0 };
        let mut arena = Arena::<_, 16>::with_min_align_in(Chained::new_in(base).first_chunk(300));
        let got = workout(&mut arena);
        // One failure is all there was: the next round lacks nothing.
        let calls = book.calls.get();
        assert_eq!(workout(&mut arena), ALL);
        drop(arena);
        assert_eq!(book.drops.get(), 1);
        if calls < fails_at {
            assert_eq!(got, ALL);
            break;
        }
        fails_at += 1;
    }
    assert!(fails_at > 10, "only {fails_at} calls");
}

#[test]
fn a_base_of_size_zero() {
    #[derive(Clone, Copy)]
    struct Nothing;

    // SAFETY: passes on to the global allocator.
    unsafe impl Allocator for Nothing {
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: this method's contract is that of the called one.
            unsafe { Global.deallocate(block, layout) };
        }
    }

    assert_eq!(workout(&mut Arena::new_in(Chained::new_in(Nothing))), ALL);
    assert!(size_of::<Arena<Chained<Nothing>>>() < size_of::<Arena<Chained<Watchful>>>());
}

#[test]
fn a_base_that_is_an_arena() {
    let outer = Arena::new();
    assert_eq!(workout(&mut Arena::new_in(Chained::new_in(&outer))), ALL);
    let inner = outer.child();
    assert_eq!(workout(&mut Arena::new_in(Chained::new_in(&*inner))), ALL);
}
