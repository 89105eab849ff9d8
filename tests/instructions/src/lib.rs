//! The short paths, one function each: `.ci/instructions` counts what they compile to.
#![no_std]

use core::alloc::Layout;
use core::hint::black_box;
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Auto, Chained, Fixed};

type Buffered = Fixed<'static>;

macro_rules! paths {
    ($($backing:ty: $word:ident $line:ident $allocate:ident $layout:ident;)*) => {$(
        #[unsafe(no_mangle)]
        pub fn $word(arena: &Arena<$backing>) -> &mut u64 {
            arena.alloc(7)
        }

        #[unsafe(no_mangle)]
        pub fn $line(arena: &Arena<$backing>) -> Option<&mut [u64; 8]> {
            arena.try_alloc([7; 8]).ok()
        }

        #[unsafe(no_mangle)]
        pub fn $allocate(arena: &Arena<$backing>, layout: Layout) -> Option<NonNull<[u8]>> {
            Allocator::allocate(&arena, layout).ok()
        }

        #[unsafe(no_mangle)]
        pub fn $layout(arena: &Arena<$backing>, layout: Layout) -> NonNull<u8> {
            arena.alloc_layout(layout)
        }
    )*};
}

paths! {
    Auto: auto_word auto_line auto_allocate auto_layout;
    Chained: chained_word chained_line chained_allocate chained_layout;
    Buffered: fixed_word fixed_line fixed_allocate fixed_layout;
}

unsafe extern "C" {
    safe fn elsewhere() -> u64;
}

/// What is planted here is more than a word may take, in each way that there is. The script must find it.
#[unsafe(no_mangle)]
pub fn planted_longer(arena: &Arena<Buffered>, value: u64) -> &mut u64 {
    arena.alloc(black_box(black_box(value)))
}

#[unsafe(no_mangle)]
pub fn planted_call(arena: &Arena<Buffered>) -> &mut u64 {
    arena.alloc(elsewhere())
}

#[unsafe(no_mangle)]
pub fn planted_panic<'a>(arena: &'a Arena<Buffered>, values: &[u64], at: usize) -> &'a mut u64 {
    arena.alloc(values[at])
}
