//! The second of a fallback has its memory from the first, which would take what the second hands out for its own.

use allocator_api2::alloc::Global;
use arenite::wrap::{Exclusive, Fallback};
use arenite::{Arena, Fixed};

fn main() {
    let mut outer = Arena::new();
    let inner = Arena::new_in(Fixed::new(outer.alloc_uninit_slice(100)));
    drop(Fallback::new(&mut outer, &inner));

    let mut outer = Arena::new();
    let mut exclusive = Exclusive::new(&mut outer);
    let inner = Arena::new_in(Fixed::new(exclusive.get().alloc_uninit_slice(100)));
    drop(Fallback::new(&mut exclusive, &inner));

    let mut outer = Arena::new();
    let pair = Fallback::new(&mut outer, Global);
    let inner = Arena::new_in(Fixed::new(pair.first().get().alloc_uninit_slice(100)));
    drop(Fallback::owning(pair.into_parts().0, &inner));
}
