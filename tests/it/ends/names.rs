//! Names, lineages, and the hook for when memory runs out.

use std::alloc::Layout;
use std::cell::{Cell, RefCell};

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Chained, OutOfMemory};

use super::over_every_backing;

thread_local! {
    static TOLD: RefCell<Vec<OutOfMemory>> = const { RefCell::new(Vec::new()) };
}

fn tell(refused: &OutOfMemory) {
    TOLD.with_borrow_mut(|told| told.push(*refused));
}

over_every_backing! {
    fn a_name_stays(arena) {
        assert_eq!(arena.name(), None);
        let mut arena = arena.named("first");
        arena.alloc(1);
        arena.reset();
        arena.reset_with(arenite::ResetMode::FreeAll);
        assert_eq!(arena.name(), Some("first"));
        arena.set_name("second");
        let moved = Box::new(arena);
        assert_eq!(moved.name(), Some("second"));
        moved.scope(|inner| {
            assert_eq!(inner.name(), None);
            inner.set_name("inner");
            assert_eq!((moved.name(), inner.name()), (Some("second"), Some("inner")));
        });
        assert_eq!(moved.child().name(), None);
    }

    fn a_lineage_has_what_each_alone_has_in_use(arena) {
        let arena = arena.named("root");
        arena.alloc([0_u64; 10]);
        let child = arena.child();
        child.set_name("child");
        child.alloc([0_u64; 20]);
        let grandchild = child.child();
        grandchild.alloc([0_u64; 30]);
        let gap = if cfg!(any(arenite_asan, arenite_memcheck)) { 8 } else { 0 };
        let lineage = grandchild.lineage();
        assert_eq!(lineage.depth(), 3);
        let used: Vec<_> = lineage.levels().iter().map(|level| (level.name, level.used - gap)).collect();
        assert_eq!(used, [(Some("root"), 80), (Some("child"), 160), (None, 240)]);
        let total: usize = lineage.levels().iter().map(|level| level.used).sum();
        assert_eq!(total, grandchild.stats().used);
        assert_eq!(child.lineage().levels(), &lineage.levels()[..2]);
        assert_eq!(arena.lineage().levels(), &lineage.levels()[..1]);
        for level in lineage.levels() {
            assert!(level.peak >= level.used);
        }
    }
}

#[test]
fn a_long_lineage_has_both_ends() {
    fn nest(arena: &Arena, depth: usize) -> String {
        const NAMES: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        arena.set_name(NAMES[NAMES.len() - 1 - depth]);
        match depth {
            0 => {
                assert_eq!(arena.lineage().depth(), 12);
                arena.lineage().to_string()
            }
            _ => arena.scope(|inner| nest(inner, depth - 1)),
        }
    }
    let text = nest(&Arena::new(), 11);
    let names: Vec<&str> = text.lines().map(|line| line.trim().split(':').next().unwrap()).collect();
    assert_eq!(names, ["0", ".. 4 more", "5", "6", "7", "8", "9", "10", "11"]);
}

#[test]
fn the_hook_hears_of_everything_that_is_refused_and_of_nothing_else() {
    let arena = Arena::new_in(Chained::new()).named("request").limit(1000);
    arena.on_out_of_memory(tell);
    arena.alloc([0_u8; 500]);
    assert!(TOLD.take().is_empty());

    assert!(arena.try_alloc([0_u8; 2000]).is_err());
    assert!((&arena).allocate(Layout::new::<[u8; 3000]>()).is_err());
    arena.scope(|inner| {
        inner.set_name("body");
        inner.alloc([0_u8; 100]);
        assert!(inner.try_alloc([0_u8; 4000]).is_err());
        assert!(inner.try_reserve(5000).is_err());
        let small = inner.alloc_layout(Layout::new::<[u8; 8]>());
        // SAFETY: the block is this arena's with this layout, which is the smaller one.
        assert!(unsafe { inner.grow(small, Layout::new::<[u8; 8]>(), Layout::new::<[u8; 6000]>()) }.is_err());
    });
    let told = TOLD.take();
    let sizes: Vec<usize> = told.iter().map(|refused| refused.layout.size()).collect();
    assert_eq!(sizes, [2000, 3000, 4000, 5000, 6000]);
    assert!(told.iter().all(|refused| refused.limit == Some(1000) && refused.backing == "chained"));
    assert!(told.iter().all(|refused| (500..=1000).contains(&refused.committed)));
    assert_eq!(told[2].lineage.levels()[1].name, Some("body"));
    let text = told[2].to_string();
    assert!(text.starts_with("arena `request`: out of memory for 3.9 KiB aligned to 1 B: holds"), "{text}");
    assert!(text.contains("\nrequest: ") && text.contains("\n  body: "), "{text}");

    // Before a panic, too.
    assert!(super::unwinds(|| _ = arena.alloc([0_u8; 7000])));
    assert_eq!(TOLD.take().len(), 1);
    // A sealed arena has memory.
    arena.seal();
    assert!(arena.try_alloc(1).is_err());
    assert!(TOLD.take().is_empty());
}

#[test]
fn a_panic_names_the_arena() {
    let arena = Arena::new().named("request").limit(64);
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| _ = arena.alloc([0_u8; 100])));
    let payload = unwound.unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert_eq!(*message, "arena `request`: no room for 100 B aligned to 1 B: the allocation limit is 64 B");
}

/// A hook that asks for memory itself is not called again, and can be replaced from within.
#[test]
fn a_hook_that_reaches_the_arena() {
    thread_local! {
        static ARENA: &'static Arena = Box::leak(Box::new(Arena::new().limit(1000)));
        static CALLS: Cell<u32> = const { Cell::new(0) };
    }
    ARENA.with(|arena| {
        arena.on_out_of_memory(|_| {
            CALLS.set(CALLS.get() + 1);
            ARENA.with(|arena| {
                assert!(arena.try_alloc([0_u8; 5000]).is_err());
                assert_eq!(*arena.alloc(7), 7);
                arena.scope(|inner| assert!(inner.try_alloc([0_u8; 5000]).is_err()));
                assert!(arena.stats().used < 1000);
            });
        });
        for calls in 1..4 {
            assert!(arena.try_alloc([0_u8; 2000]).is_err());
            assert_eq!(CALLS.get(), calls);
        }
        arena.on_out_of_memory(|_| ARENA.with(|arena| arena.on_out_of_memory(tell)));
        assert!(arena.try_alloc([0_u8; 2000]).is_err());
        assert!(TOLD.take().is_empty());
        assert!(arena.try_alloc([0_u8; 2000]).is_err());
        assert_eq!(TOLD.take().len(), 1);
    });
}

/// What a backing asks for in vain, from within which the arena is used, is not told.
#[test]
fn a_refusal_from_within_the_source_is_told_once() {
    use allocator_api2::alloc::{AllocError, Global};
    use std::ptr::NonNull;

    struct Nested;

    thread_local! {
        static SERVED: Cell<Option<&'static Arena<Chained<Nested>>>> = const { Cell::new(None) };
    }

    // SAFETY: never hands anything out but what the global allocator does.
    unsafe impl Allocator for Nested {
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
            if let Some(arena) = SERVED.get() {
                assert!(arena.try_alloc([0_u8; 100]).is_err());
                return Err(AllocError);
            }
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: the contract is the same.
            unsafe { Global.deallocate(block, layout) };
        }
    }

    let arena: &'static Arena<Chained<Nested>> = Box::leak(Box::new(Arena::new_in(Chained::new_in(Nested))));
    arena.on_out_of_memory(tell);
    SERVED.set(Some(arena));
    assert!(arena.try_alloc(1_u64).is_err());
    SERVED.set(None);
    let told = TOLD.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].layout, Layout::new::<u64>());
}
