//! The short paths, one function each: `.ci/instructions` counts what they compile to.
#![no_std]

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use arenite::{Arena, Auto, Chained, Fixed};

macro_rules! paths {
    ($($backing:ty: $word:ident $line:ident $allocate:ident $layout:ident;)*) => {$(
        #[unsafe(no_mangle)]
        pub fn $word<'a>(arena: &'a Arena<$backing>) -> &'a mut u64 {
            arena.alloc(7)
        }

        #[unsafe(no_mangle)]
        pub fn $line<'a>(arena: &'a Arena<$backing>) -> Option<&'a mut [u64; 8]> {
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
    Fixed<'static>: fixed_word fixed_line fixed_allocate fixed_layout;
}
