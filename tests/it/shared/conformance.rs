//! The conformance suite over what a pool gives, and over shared arenas, also from several threads in turn.

use std::alloc::Layout;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use allocator_api2::alloc::{Allocator, Global};
use arenite::shared::{ArenaPool, SyncArena};
use arenite::testing::conformance::Conformance;
use arenite::wrap::{Counting, Fallback};
use arenite::{AllocError, Arena, Backing, Chained, Fixed, Growth, conformance_suite};

/// Eight MiB are not enough for many blocks aligned to two.
const FIXED: Conformance = Conformance::new().may_run_out(true);
const SMALL: Conformance = Conformance::new().max_size(64 << 10).max_align(4096).may_run_out(true);

fn buffer(bytes: usize) -> &'static mut [MaybeUninit<u8>] {
    &mut Box::leak(Box::new_uninit_slice(bytes + 1))[1..]
}

fn fixed(bytes: usize) -> SyncArena<Fixed<'static>> {
    SyncArena::new_in(Fixed::new(buffer(bytes)))
}

/// In the middle of its life, with windows of other threads.
fn used<B: Backing + Send, const M: usize>(mut arena: SyncArena<B, M>) -> SyncArena<B, M> {
    arena.alloc([1_u8; 1000]);
    arena.reset();
    std::thread::scope(|scope| {
        scope.spawn(|| arena.alloc([1_u8; 100]));
        scope.spawn(|| arena.alloc([2_u8; 5000]));
    });
    arena.alloc_slice_fill_copy(300, 2_u8);
    arena
}

conformance_suite!(pool_local, ArenaPool::new().local());
conformance_suite!(
    pool_local_min_align_64,
    ArenaPool::<_, _, 64>::with_min_align_and_backing(Chained::new).local()
);
conformance_suite!(sync, &SyncArena::new());
conformance_suite!(sync_used, &used(SyncArena::new()));
conformance_suite!(sync_limited, &SyncArena::new().limit(1 << 20), SMALL);
conformance_suite!(sync_min_align_1, &SyncArena::<_, 1>::with_min_align_in(Chained::new()));
conformance_suite!(sync_min_align_64, &used(SyncArena::<_, 64>::with_min_align_in(Chained::new())));
conformance_suite!(sync_min_align_4096, &SyncArena::<_, 4096>::with_min_align_in(Chained::new()));
conformance_suite!(
    sync_tiny_chunks,
    &SyncArena::new_in(Chained::new().first_chunk(1).growth(Growth::Constant))
);
conformance_suite!(sync_over_arena, &SyncArena::new_in(Chained::new_in(&Arena::new())));
conformance_suite!(sync_over_sync, &SyncArena::new_in(Chained::new_in(&SyncArena::new())));
conformance_suite!(sync_fixed, &used(fixed(8 << 20)), FIXED);
conformance_suite!(sync_fixed_small, &fixed(10_000), SMALL.max_size(1024).max_align(64));
conformance_suite!(sync_counted, Counting::new(&SyncArena::new()));
conformance_suite!(
    sync_then_heap,
    Fallback::new(&mut SyncArena::new_in(Fixed::new(buffer(3000))), Global),
    Conformance::new().max_align(4096)
);
conformance_suite!(sync_on_two_threads, Hopping::over(&SyncArena::new()), HOPPING);
conformance_suite!(sync_fixed_on_two_threads, Hopping::over(&fixed(1 << 20)), HOPPING.may_run_out(true));

/// Each other call is a thread of its own.
const HOPPING: Conformance = Conformance::new().operations(600).max_size(16 << 10).max_align(4096);

#[test]
fn clones_are_one_allocator() {
    Conformance::new().check_clones(&SyncArena::new());
    Conformance::new().check_clones(ArenaPool::new().local());
}

#[cfg(feature = "virtual-memory")]
mod virtual_memory {
    use super::*;
    use arenite::Virtual;

    conformance_suite!(sync, &SyncArena::new_in(Virtual::new()));
    conformance_suite!(sync_used, &used(SyncArena::new_in(Virtual::new().guard(true))));
    conformance_suite!(pool_local, ArenaPool::with_backing(Virtual::new).local());
    conformance_suite!(sync_on_two_threads, Hopping::over(&SyncArena::new_in(Virtual::new())), HOPPING);
}

/// Makes every other call on another thread.
struct Hopping<'a, A> {
    inner: &'a A,
    calls: Cell<usize>,
}

impl<'a, A> Hopping<'a, A>
where
    &'a A: Allocator + Send,
{
    fn over(inner: &'a A) -> Self {
        Hopping { inner, calls: Cell::new(0) }
    }

    fn call<R: Send>(&self, call: impl FnOnce(&'a A) -> R + Send) -> R
    where
        A: Sync,
    {
        let calls = self.calls.replace(self.calls.get() + 1);
        // Not in step with pairs of calls.
        if calls % 5 < 2 {
            let inner = self.inner;
            std::thread::scope(|scope| scope.spawn(|| call(inner)).join().expect("it did not panic"))
        } else {
            call(self.inner)
        }
    }
}

/// A block on its way.
#[derive(Clone, Copy)]
struct Sent(NonNull<[u8]>);

// SAFETY: a block of an allocator that may be used from every thread; who has it uses it alone.
unsafe impl Send for Sent {}

impl Sent {
    fn start(self) -> NonNull<u8> {
        self.0.cast()
    }

    fn of(block: NonNull<u8>) -> Self {
        Sent(NonNull::slice_from_raw_parts(block, 0))
    }
}

// SAFETY: every method is that of the inner allocator, whose blocks may be used and freed on every thread.
unsafe impl<'a, A: Sync> Allocator for Hopping<'a, A>
where
    &'a A: Allocator + Send,
{
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.call(|inner| inner.allocate(layout).map(Sent)).map(|block| block.0)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        let block = Sent::of(block);
        self.call(move |inner| {
            let block = block;
            // SAFETY: this method's contract is that of the called one.
            unsafe { inner.deallocate(block.start(), layout) };
        });
    }

    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let block = Sent::of(block);
        let grown = self.call(move |inner| {
            let block = block;
            // SAFETY: this method's contract is that of the called one.
            unsafe { inner.grow(block.start(), old, new) }.map(Sent)
        });
        grown.map(|block| block.0)
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let block = Sent::of(block);
        let shrunk = self.call(move |inner| {
            let block = block;
            // SAFETY: this method's contract is that of the called one.
            unsafe { inner.shrink(block.start(), old, new) }.map(Sent)
        });
        shrunk.map(|block| block.0)
    }
}
