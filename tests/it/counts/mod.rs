//! What an arena asks of its base, and what its figures say.

mod figures;
mod limits;

use std::alloc::Layout;
use std::cell::Cell;
use std::mem;
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::{Allocator, Global};
use arenite::collections::Vec as ArenaVec;
use arenite::{AllocError, Arena, Auto, Backing, Chained, ResetMode};

use crate::rounds::rounds;

/// Figures of a base allocator.
#[derive(Default)]
struct Figures {
    allocations: Cell<usize>,
    releases: Cell<usize>,
    /// The largest block ever asked for successfully.
    largest: Cell<usize>,
    /// Larger ones are refused.
    most: Cell<usize>,
}

#[derive(Clone)]
struct Counter(Rc<Figures>);

impl Counter {
    fn new() -> Counter {
        let figures = Figures::default();
        figures.most.set(usize::MAX);
        Counter(Rc::new(figures))
    }

    fn calls(&self) -> usize {
        self.0.allocations.get() + self.0.releases.get()
    }
}

// SAFETY: passes on to the global allocator.
unsafe impl Allocator for Counter {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.0.allocations.set(self.0.allocations.get() + 1);
        if layout.size() > self.0.most.get() {
            return Err(AllocError);
        }
        self.0.largest.set(self.0.largest.get().max(layout.size()));
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        self.0.releases.set(self.0.releases.get() + 1);
        // SAFETY: this method's contract is that of the called one.
        unsafe { Global.deallocate(block, layout) };
    }
}

type Counted = Arena<Chained<Counter>>;
type Round = fn(&Counted);

fn small(arena: &Counted) {
    for i in 0..rounds(3000) as u64 {
        arena.alloc(i);
        arena.alloc(i as u8);
    }
}

fn large(arena: &Counted) {
    for i in 0..20 {
        arena.alloc_uninit_slice::<u8>(100_000 + i);
    }
}

/// Blocks that get chunks of their own, between small ones.
fn side_chunks(arena: &Counted) {
    for i in 0..10_usize {
        arena.alloc_uninit_slice::<u8>(40_000 + 64 * i);
        arena.alloc(i);
    }
}

fn pushing_scopes(arena: &Counted) {
    let mut outer = ArenaVec::new_in(arena);
    for i in 0..rounds(2000) as u64 {
        arena.scope(|inner| {
            inner.alloc([i; 5]);
            outer.push(i);
            arena.alloc(i);
        });
    }
}

fn children_side_by_side(arena: &Counted) {
    let children: Vec<_> = (0..20).map(|_| arena.child()).collect();
    for (i, child) in children.iter().enumerate() {
        child.alloc_uninit_slice::<u8>(100 * i);
        arena.alloc(i);
    }
    for child in children {
        drop(child);
        arena.alloc(1_u64);
    }
}

fn forgotten_children(arena: &Counted) {
    for i in 0..20_u64 {
        let child = arena.child();
        child.alloc([i; 100]);
        mem::forget(child);
        arena.alloc(i);
    }
}

fn mixed(arena: &Counted) {
    small(arena);
    side_chunks(arena);
    arena.scope(|inner| {
        pushing_scopes(inner);
        large(inner);
    });
    pushing_scopes(arena);
    children_side_by_side(arena);
}

/// What rounds do, and after how many of them they are equal. Where many children have windows at the same time, the
/// second round is the first that runs in one large chunk, and obtains others beside it.
const SHAPES: [(&str, Round, usize); 7] = [
    ("small", small, 1),
    ("large", large, 1),
    ("side_chunks", side_chunks, 1),
    ("pushing_scopes", pushing_scopes, 1),
    ("forgotten_children", forgotten_children, 1),
    ("children_side_by_side", children_side_by_side, 2),
    ("mixed", mixed, 2),
];

/// Once warm, equal rounds make no call to the base, neither in the round nor in the reset, and the arena does not grow.
fn warm_rounds(name: &str, round: Round, warm: usize, mode: ResetMode) {
    let counter = Counter::new();
    let mut arena = Arena::new_in(Chained::new_in(counter.clone()));
    for _ in 0..warm {
        round(&arena);
        arena.reset_with(mode);
    }
    let (calls, committed) = (counter.calls(), arena.stats().committed);
    for i in 0..rounds(if name == "mixed" { 50 } else { 1000 }) {
        round(&arena);
        assert_eq!(counter.calls(), calls, "{name}: round {i} called the base: {}", arena.stats());
        arena.reset_with(mode);
        assert_eq!(counter.calls(), calls, "{name}: reset {i} called the base: {}", arena.stats());
    }
    assert_eq!(arena.stats().committed, committed);
}

#[test]
fn warm_rounds_that_retain_make_no_call() {
    for (name, round, warm) in SHAPES {
        warm_rounds(name, round, warm, ResetMode::Retain);
    }
}

/// Rounds of scopes that differ by a few bytes, back and forth, make no call either, nor do their resets.
#[test]
fn warm_rounds_that_differ_by_a_little_make_no_call() {
    fn warm<B: Backing>(backing: B, calls: impl Fn(&Arena<B>) -> usize) {
        let mut arena = Arena::new_in(backing);
        let round = |arena: &Arena<B>, more: usize| {
            let mut outer = ArenaVec::new_in(arena);
            arena.alloc_uninit_slice::<u8>(8 * more);
            for i in 0..rounds(50_000) as u64 {
                arena.scope(|inner| inner.alloc([i; 5])[0]);
                outer.push(arena.scope(|inner| {
                    inner.alloc(i);
                    *arena.alloc(i)
                }));
            }
        };
        round(&arena, 1);
        arena.reset();
        let before = calls(&arena);
        for more in [3, 2, 5, 1, 7, 7, 2, 9] {
            round(&arena, more);
            assert_eq!(calls(&arena), before, "{more}: {}", arena.stats());
            arena.reset();
            assert_eq!(calls(&arena), before, "the reset after {more}: {}", arena.stats());
        }
    }
    let counter = Counter::new();
    warm(Chained::new_in(counter.clone()), |_| counter.calls());
    // It takes from the global allocator, or from the system, whatever has made it longer.
    warm(Auto::new(), |arena| arena.allocated_bytes());
}

/// Many children beside one another hold much more than is in use, which is what decays.
#[test]
fn warm_rounds_that_decay_make_no_call() {
    for (name, round, warm) in SHAPES {
        if warm == 1 && name != "forgotten_children" {
            warm_rounds(name, round, warm, ResetMode::Decay);
        }
    }
}

/// The same arena, used for another shape each time, settles as well.
#[test]
fn changing_rounds_settle() {
    let counter = Counter::new();
    let mut arena = Arena::new_in(Chained::new_in(counter.clone()));
    let cycle = |arena: &mut Counted| {
        for (_, round, _) in SHAPES {
            round(arena);
            arena.reset();
        }
    };
    (0..3).for_each(|_| cycle(&mut arena));
    let calls = counter.calls();
    (0..10).for_each(|_| cycle(&mut arena));
    assert_eq!(counter.calls(), calls);
}

/// A million scopes that each push one outer element, and what that took: bytes needed, bytes held, chunks.
fn million_scopes<B: Backing>(arena: &Arena<B>) -> (usize, usize, usize) {
    for i in 0..rounds(1_000_000) as u64 {
        arena.scope(|inner| {
            inner.alloc([i; 3]);
            arena.alloc(i);
        });
    }
    let stats = arena.stats();
    (stats.used, stats.reserved, stats.chunks)
}

#[test]
fn a_million_pushing_scopes_with_capacity_take_two_chunks() {
    let capacity = rounds(1_000_000) * if cfg!(any(arenite_asan, arenite_memcheck)) { 16 } else { 8 };
    let (needed, held, chunks) = million_scopes(&Arena::with_capacity_in(capacity, Chained::new()));
    assert!(held <= 2 * needed + 1024, "{held} bytes for {needed}");
    assert!(chunks <= 2, "{chunks} chunks");
}

#[test]
fn a_million_pushing_scopes_when_warm_take_two_chunks() {
    let mut arena = Arena::new_in(Chained::new());
    let cold = million_scopes(&arena);
    arena.reset();
    let (needed, held, chunks) = million_scopes(&arena);
    assert!(held <= 2 * needed + 1024, "{held} bytes for {needed}");
    assert!(chunks <= 2, "{chunks} chunks");
    assert!(cold.1 <= 2 * cold.0 + 64 * cold.2, "{} bytes for {}", cold.1, cold.0);
    assert!(cold.2 <= 28, "{} chunks", cold.2);
}

/// What a child obtained serves the next one.
#[test]
fn chunks_of_ended_children_are_used_again() {
    let counter = Counter::new();
    let arena: Counted = Arena::new_in(Chained::new_in(counter.clone()));
    let step = |_| {
        arena.scope(|inner| {
            inner.alloc_uninit_slice::<u8>(5000);
            inner.scope(|innermost| innermost.alloc_uninit_slice::<u8>(9000).len());
        });
    };
    (0..3).for_each(step);
    let calls = counter.calls();
    (0..rounds(100)).for_each(step);
    assert_eq!(counter.calls(), calls);
}

/// What was obtained after a mark serves again once the mark was rewound to.
#[test]
fn chunks_obtained_since_a_mark_are_used_again() {
    let counter = Counter::new();
    let arena: Counted = Arena::new_in(Chained::new_in(counter.clone()));
    arena.alloc(1_u64);
    let mark = arena.checkpoint();
    let step = |i: usize| {
        arena.alloc_uninit_slice::<u8>(1000 + i % 3);
        arena.alloc_uninit_slice::<u8>(2000 + i % 3);
        // SAFETY: nothing that was handed out since is used any more, and there are no children.
        unsafe { arena.rewind(mark) };
    };
    (0..3).for_each(step);
    let calls = counter.calls();
    (0..rounds(100)).for_each(step);
    assert_eq!(counter.calls(), calls);
}

#[test]
fn what_was_large_once_decays() {
    const LARGE: usize = 10_000_000;
    let counter = Counter::new();
    let mut arena = Arena::new_in(Chained::new_in(counter.clone()));
    arena.alloc_uninit_slice::<u8>(LARGE);
    arena.reset_with(ResetMode::Decay);
    assert!(arena.stats().committed >= LARGE);
    for _ in 0..40 {
        arena.alloc_uninit_slice::<u8>(1000);
        arena.reset_with(ResetMode::Decay);
    }
    assert!(arena.stats().committed <= 4000, "{}", arena.stats());
    // A round that is a little larger does not bring it all back.
    counter.0.largest.set(0);
    arena.alloc_uninit_slice::<u8>(2000);
    arena.alloc_uninit_slice::<u8>(2000);
    arena.alloc_uninit_slice::<u8>(2000);
    assert!(counter.0.largest.get() <= 16_000, "{} bytes at once", counter.0.largest.get());
}

/// Chunks that were given back for want of memory no longer count when the next one is sized.
#[test]
fn chunks_do_not_grow_with_what_was_given_back() {
    let counter = Counter::new();
    let arena: Counted = Arena::new_in(Chained::new_in(counter.clone()));
    for i in 0..100_u64 {
        arena.alloc(i);
        arena.scope(|inner| inner.alloc_uninit_slice::<u8>(2000).len());
        counter.0.most.set(0);
        assert!(arena.try_alloc_layout(Layout::new::<[u8; 1 << 20]>()).is_err());
        counter.0.most.set(usize::MAX);
    }
    assert!(counter.0.largest.get() <= 10_000, "{} bytes at once", counter.0.largest.get());
}

#[test]
fn chunks_are_halved_when_the_base_refuses_large_ones() {
    let counter = Counter::new();
    counter.0.most.set(4096);
    let arena: Counted = Arena::new_in(Chained::new_in(counter.clone()).first_chunk(1 << 20));
    for i in 0..rounds(20_000) as u64 {
        arena.alloc(i);
    }
    assert!(counter.0.largest.get() > 2048, "{}", counter.0.largest.get());
    assert!(arena.stats().chunks <= rounds(20_000) * 8 / 2048 * 2, "{}", arena.stats());
    // One that the base has no memory for fails, and nothing is lost.
    let used = arena.stats().used;
    assert!(arena.try_alloc([0_u8; 5000]).is_err());
    assert_eq!(arena.stats().used, used);
    arena.alloc([0_u8; 4000]);
}
