//! Base allocators that use the arena which they serve, in the middle of serving it.

use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::mem;
use std::ptr::{self, NonNull};
use std::rc::Rc;

use allocator_api2::alloc::{Allocator, Global};
use arenite::{AllocError, Arena, Chained, Child};

type Reentered = Arena<Chained<Reentrant>>;

thread_local! {
    static ARENA: Cell<*const Reentered> = const { Cell::new(ptr::null()) };
    /// What the base does with the arena.
    static TRICK: Cell<fn(&'static Reentered)> = const { Cell::new(|_| ()) };
    static REFUSES: Cell<bool> = const { Cell::new(false) };
    static TRICKS: Cell<usize> = const { Cell::new(0) };
    static KEPT: RefCell<Vec<Child<'static, Chained<Reentrant>, 8>>> = const { RefCell::new(Vec::new()) };
}

/// Uses the arena that it serves.
struct Reentrant;

impl Reentrant {
    fn play() {
        let arena = ARENA.get();
        if !arena.is_null() {
            TRICKS.set(TRICKS.get() + 1);
            // SAFETY: set by `reenter` to an arena that lives until it is unset, and that is not borrowed exclusively
            // meanwhile.
            TRICK.get()(unsafe { &*arena });
        }
    }
}

// SAFETY: passes on to the global allocator.
unsafe impl Allocator for Reentrant {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Self::play();
        let block = if REFUSES.get() { Err(AllocError) } else { Global.allocate(layout) };
        Self::play();
        block
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        Self::play();
        // SAFETY: this method's contract is that of the called one.
        unsafe { Global.deallocate(block, layout) };
        Self::play();
    }
}

/// Runs `program` on an arena whose base plays `trick` at each call.
fn reenter(trick: fn(&'static Reentered), program: fn(&Reentered)) {
    /// Ends the tricks before the arena is dropped, whatever happens.
    struct Stop;

    impl Drop for Stop {
        fn drop(&mut self) {
            KEPT.take();
            ARENA.set(ptr::null());
        }
    }

    let arena = Arena::new_in(Chained::new_in(Reentrant).first_chunk(200).side_chunks_above(usize::MAX));
    TRICK.set(trick);
    TRICKS.set(0);
    ARENA.set(&arena);
    let _stop = Stop;
    program(&arena);
    assert!(TRICKS.get() >= 8, "the base was called {} times", TRICKS.get());
}

/// Scopes that outgrow their windows while outer blocks are written and looked at.
fn nested(arena: &Reentered) {
    let mut outer = Vec::new();
    for i in 0..60_u64 {
        arena.scope(|inner| {
            let numbers = inner.alloc_slice_fill_copy(i as usize * 3, i);
            outer.push(arena.alloc([i; 4]));
            let small = inner.alloc(!i);
            assert!(numbers.iter().all(|&n| n == i) && *small == !i);
        });
        // What nobody holds is given back, for want of anything else.
        REFUSES.set(true);
        assert!(arena.try_alloc_layout(Layout::new::<[u8; 1 << 20]>()).is_err());
        REFUSES.set(false);
    }
    for (i, numbers) in outer.into_iter().enumerate() {
        assert_eq!(*numbers, [i as u64; 4]);
    }
}

#[test]
fn reentry_that_allocates() {
    fn trick(arena: &'static Reentered) {
        if let Ok(block) = arena.try_alloc([0xEE_u8; 24]) {
            block.fill(0xEF);
        }
        assert!(
            arena.try_alloc([0_u8; 1 << 16]).is_err(),
            "more than the window has, while the base is at work"
        );
        assert!(!arena.can_allocate(Layout::new::<[u8; 1 << 16]>()));
        assert!(arena.try_reserve(1 << 16).is_err());
        assert_eq!(arena.stats().committed, arena.allocated_bytes());
    }
    reenter(trick, nested);
}

#[test]
fn reentry_that_frees_and_resizes() {
    fn trick(arena: &'static Reentered) {
        let layout = Layout::new::<[u64; 2]>();
        let Ok(block) = arena.allocate(layout) else { return };
        let longer = Layout::new::<[u64; 4]>();
        // SAFETY: the block was handed out just now, with this layout.
        let (block, layout) = match unsafe { arena.grow(block.cast(), layout, longer) } {
            Ok(block) => (block, longer),
            Err(_) => (block, layout),
        };
        // SAFETY: the block is the arena's with this layout, and is used no more.
        unsafe { arena.deallocate(block.cast(), layout) };
        assert!(arena.stats().used <= arena.stats().committed);
    }
    reenter(trick, nested);
}

#[test]
fn reentry_with_a_child_that_ends() {
    reenter(|arena| arena.scope(|inner| _ = inner.try_alloc(7_u64)), nested);
}

#[test]
fn reentry_with_a_child_that_is_forgotten() {
    fn trick(arena: &'static Reentered) {
        let child = arena.child();
        if let Ok(block) = child.try_alloc([0xEE_u8; 16]) {
            block.fill(0xEF);
        }
        mem::forget(child);
    }
    reenter(trick, nested);
}

#[test]
fn reentry_with_a_child_that_is_kept() {
    fn trick(arena: &'static Reentered) {
        let child = arena.child();
        if let Ok(block) = child.try_alloc([0xEE_u8; 16]) {
            block.fill(0xEF);
        }
        KEPT.with_borrow_mut(|kept| {
            kept.push(child);
            // The oldest ends, in the middle of whatever the arena does.
            if kept.len() > 3 {
                kept.remove(0);
            }
        });
    }
    reenter(trick, nested);
}

/// Without `unsafe`, re-entry needs an arena that is never dropped.
#[test]
fn reentry_in_safe_code() {
    struct Holds(Rc<Cell<Option<&'static Arena<Chained<Holds>>>>>);

    // SAFETY: passes on to the global allocator.
    unsafe impl Allocator for Holds {
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
            if let Some(arena) = self.0.get() {
                assert!(arena.try_alloc([0_u8; 10_000]).is_err());
                _ = arena.try_alloc(1_u64);
            }
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: this method's contract is that of the called one.
            unsafe { Global.deallocate(block, layout) };
        }
    }

    let holder = Rc::new(Cell::new(None));
    let arena = Box::into_raw(Box::new(Arena::new_in(Chained::new_in(Holds(Rc::clone(&holder))))));
    // SAFETY: from `Box::into_raw`, and freed only at the end, so that leak checkers have nothing to say.
    let shared = unsafe { &*arena };
    holder.set(Some(shared));
    let blocks: Vec<_> = (0..1000_u64).map(|i| shared.alloc(i)).collect();
    assert!(blocks.into_iter().map(|block| *block).eq(0..1000));
    holder.set(None);
    // SAFETY: from `Box::into_raw`; nothing refers to it any more.
    drop(unsafe { Box::from_raw(arena) });
}
