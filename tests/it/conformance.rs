//! The conformance suite over every backing, alone, in scopes, and under every wrapper.

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use allocator_api2::alloc::Global;
use arenite::testing::conformance::Conformance;
use arenite::wrap::{Counting, Failing};
use arenite::{Arena, Auto, Chained, Fixed, FnSource, Growth, conformance_suite};

/// A buffer for `Fixed`, deliberately not aligned.
fn buffer(bytes: usize) -> &'static mut [MaybeUninit<u8>] {
    &mut Box::leak(Box::new_uninit_slice(bytes + 1))[1..]
}

fn fixed() -> Arena<Fixed<'static>> {
    Arena::new_in(Fixed::new(buffer(8 << 20)))
}

/// An arena in the middle of its life: something in front, a chunk left, something given back.
fn used<B: arenite::Backing, const M: usize>(arena: Arena<B, M>) -> Arena<B, M> {
    arena.alloc([1_u8; 100]);
    arena.alloc_slice_fill_copy(3000, 2_u8);
    arena.scope(|inner| {
        inner.alloc([3_u64; 10]);
        arena.alloc(4);
    });
    arena
}

fn source() -> impl allocator_api2::alloc::Allocator {
    use std::alloc::{alloc, dealloc};
    // SAFETY: `FnSource` never asks for a block of size zero.
    let allocate = |layout: Layout| NonNull::new(unsafe { alloc(layout) });
    // SAFETY: the block came from the closure above with this layout.
    let deallocate = |block: NonNull<u8>, layout| unsafe { dealloc(block.as_ptr(), layout) };
    // SAFETY: both closures pass on to the system, with the layout that they got.
    unsafe { FnSource::new(allocate, deallocate) }
}

/// Eight MiB are not enough for many blocks aligned to two.
const FIXED: Conformance = Conformance::new().may_run_out(true);
const SMALL: Conformance = Conformance::new().max_size(64 << 10).max_align(4096).may_run_out(true);

conformance_suite!(auto, &Arena::new());
conformance_suite!(auto_used, &used(Arena::new()));
conformance_suite!(auto_min_align_1, &Arena::<Auto, 1>::with_min_align());
conformance_suite!(auto_min_align_64, &used(Arena::<Auto, 64>::with_min_align()));
conformance_suite!(auto_limited, &Arena::new().limit(1 << 20), SMALL);

conformance_suite!(chained_tiny, &Arena::new_in(Chained::new().first_chunk(1).growth(Growth::Constant)));
conformance_suite!(chained_low_memory, &Arena::new_in(Chained::new().low_memory()));
conformance_suite!(chained_no_side_chunks, &Arena::new_in(Chained::new().side_chunks_above(usize::MAX)));
conformance_suite!(chained_over_arena, &Arena::new_in(Chained::new_in(&Arena::new())));
conformance_suite!(chained_over_closures, &Arena::new_in(Chained::new_in(source())));
conformance_suite!(closures, source());

conformance_suite!(fixed_buffer, &fixed(), FIXED);
conformance_suite!(fixed_used, &used(fixed()), FIXED);
conformance_suite!(
    fixed_small,
    &Arena::new_in(Fixed::new(buffer(10_000))),
    SMALL.max_size(1024).max_align(64)
);
conformance_suite!(
    fixed_min_align_32,
    &Arena::<_, 32>::with_min_align_in(Fixed::new(buffer(8 << 20))),
    FIXED
);

conformance_suite!(child, &*Arena::new().child());
conformance_suite!(child_of_fixed, &*used(fixed()).child(), FIXED);
conformance_suite!(grandchild, &*used(Arena::new()).child().child());
conformance_suite!(lent, lent(&used(Arena::new())));
conformance_suite!(lent_fixed, lent(&used(fixed())), FIXED);

/// A parent whose tail is with a child that never ends.
fn lent<B: arenite::Backing, const M: usize>(arena: &Arena<B, M>) -> &Arena<B, M> {
    std::mem::forget(arena.child());
    arena
}

conformance_suite!(counting, Counting::new(&Arena::new()));
conformance_suite!(failing, Failing::new(&used(Arena::new())));
conformance_suite!(failing_moves, moving(&Arena::new()));
conformance_suite!(counting_failing_fixed, Counting::new(moving(&fixed())), FIXED);
conformance_suite!(chained_over_counting, &Arena::new_in(Chained::new_in(Counting::new(Global))));

/// Under a wrapper that never resizes in place.
fn moving<A: allocator_api2::alloc::Allocator>(inner: A) -> Failing<A> {
    let failing = Failing::new(inner);
    failing.move_resizes(true);
    failing
}

#[cfg(feature = "virtual-memory")]
mod virtual_memory {
    use super::*;
    use arenite::{HugePages, Virtual};

    conformance_suite!(plain, &Arena::new_in(Virtual::new()));
    conformance_suite!(warm, &used(Arena::new_in(Virtual::new())));
    conformance_suite!(small_ranges, &Arena::new_in(Virtual::new().reserve(1 << 16).guard(true)));
    conformance_suite!(huge, &Arena::new_in(Virtual::low_memory().huge_pages(HugePages::Always)));
    conformance_suite!(scoped, &*used(Arena::new_in(Virtual::new())).child());
    conformance_suite!(behind_a_child, lent(&used(Arena::new_in(Virtual::new()))));
    conformance_suite!(min_align_64, &Arena::<_, 64>::with_min_align_in(Virtual::new()));
}

#[cfg(all(feature = "mapped", unix))]
mod mapped {
    use super::*;
    use crate::files::Temporary;
    use arenite::{Mapped, MappedOptions};

    const OPTIONS: MappedOptions = MappedOptions::new().reserve(1 << 30).step(1);

    conformance_suite!(shared, &Arena::new_in(shared()), FIXED);
    conformance_suite!(shared_used, &used(Arena::new_in(shared())), FIXED);
    conformance_suite!(private, &used(Arena::new_in(private())), FIXED);
    conformance_suite!(small, &Arena::new_in(small()), SMALL.max_size(1024).max_align(64));
    conformance_suite!(scoped, &*used(Arena::new_in(shared())).child(), FIXED);
    conformance_suite!(behind_a_child, lent(&used(Arena::new_in(shared()))), FIXED);
    conformance_suite!(private_behind_a_child, lent(&used(Arena::new_in(private()))), FIXED);
    conformance_suite!(min_align_64, &Arena::<_, 64>::with_min_align_in(shared()), FIXED);

    fn shared() -> Mapped {
        Temporary::in_memory(b"what was there").open_shared(OPTIONS)
    }

    fn private() -> Mapped {
        Temporary::in_memory(&[7; 5000]).open_private(OPTIONS)
    }

    fn small() -> Mapped {
        Temporary::in_memory(b"").open_shared(OPTIONS.reserve(1))
    }
}
