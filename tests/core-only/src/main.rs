//! Uses what the crate's core tier has, with nothing but `core` around it. Returns 0 if all of it does what it should,
//! and the number of the check that failed otherwise.
#![no_std]
#![no_main]

use core::alloc::Layout;
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use allocator_api2::alloc::{AllocError, Allocator};
use arenite::{Arena, ArenaBox, Buffer, Chained, Fixed, FnSource, ResetMode, unsize_box};

unsafe extern "C" {
    safe fn abort() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    abort()
}

/// What the compiled `core` names and a program that never unwinds does not call.
// SAFETY: there is no other function of that name, as `std` is not here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

static BUFFER: Buffer<4096> = Buffer::new();

static ENDED: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Counts its drops.
struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Relaxed);
    }
}

/// The checks, in order.
fn checks() -> [bool; 11] {
    let mut memory = [MaybeUninit::uninit(); 2048];
    let mut arena: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
    let number = *arena.alloc(7_u64) == 7;
    let text = arena.alloc_fmt(format_args!("{}-{}", 1, "a")) == "1-a";
    let slice = arena.alloc_from_iter((0..20_u16).filter(|n| n % 3 == 0)).len() == 7;
    let scope = arena.scope(|inner| {
        arena.alloc(1_u8);
        inner.alloc([2_u8; 100]).len() + usize::from(*inner.alloc(3_u8)) == 103
    });
    let full = arena.try_alloc([0_u8; 4096]).is_err();
    let boxed: ArenaBox<'_, dyn Fn(u32) -> u32> = unsize_box!(arena.alloc_box(|n| n + 1));
    let called = (*boxed)(1) == 2;
    drop(boxed);
    arena.reset_with(ResetMode::FreeAll);
    let empty = arena.stats().used == 0;
    arena.scope(|inner| {
        inner.alloc_owned(Counted);
        inner.defer(|| _ = ENDED.fetch_add(10, Relaxed));
    });
    arena.alloc_owned(Counted);
    arena.reset();
    let ended = ENDED.load(Relaxed) == 12;
    arena.on_out_of_memory(|refused| REFUSED.store(refused.layout.size(), Relaxed));
    let told = arena.try_alloc([0_u8; 5000]).is_err() && REFUSED.load(Relaxed) == 5000;
    arena.seal();
    let sealed = told && arena.try_alloc(1).is_err() && arena.scope(|inner| inner.is_sealed());

    let by_static = BUFFER.take().is_some_and(|fixed| {
        let arena = Arena::<_, 1>::with_min_align_in(fixed);
        arena.alloc_str("static") == "static" && arena.chunk_capacity() > 0
    });

    // Chunks of an allocator of ours: another arena, and closures over one.
    let mut memory = [MaybeUninit::uninit(); 4096];
    let base: Arena<_> = Arena::new_in(Fixed::new(&mut memory));
    let allocate = |layout: Layout| (&base).allocate(layout).ok().map(NonNull::cast::<u8>);
    // SAFETY: the block came from this arena, with this layout.
    let deallocate = |block, layout| unsafe { (&base).deallocate(block, layout) };
    // SAFETY: both closures pass on to an allocator.
    let source = unsafe { FnSource::new(allocate, deallocate) };
    let chained: Arena<_> = Arena::new_in(Chained::new_in(source).first_chunk(256));
    let grown = grow(&chained) == Ok(true);
    [number, text, slice, scope, full, called, empty, ended, sealed, by_static, grown]
}

/// Uses any allocator by its trait.
fn grow(allocator: impl Allocator) -> Result<bool, AllocError> {
    let (old, new) = (Layout::new::<[u8; 8]>(), Layout::new::<[u8; 64]>());
    let block = allocator.allocate_zeroed(old)?.cast();
    // SAFETY: the block came from this allocator with that layout.
    let block = unsafe { allocator.grow(block, old, new) }?;
    // SAFETY: the first eight bytes were zeroed, and copied if the block moved.
    let first = unsafe { block.cast::<u64>().read_unaligned() };
    // SAFETY: as for `grow`.
    unsafe { allocator.deallocate(block.cast(), new) };
    Ok(first == 0)
}

// SAFETY: the C library calls this function, and there is no other of that name.
#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match checks().iter().position(|&passed| !passed) {
        None => 0,
        Some(failed) => 1 + c_int::try_from(failed).unwrap_or(c_int::MAX - 1),
    }
}
