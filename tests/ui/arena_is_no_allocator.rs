//! Only a borrowed arena is an allocator: a collection that owned it would move it.

use allocator_api2::alloc::Allocator;
use arenite::Arena;

fn allocates(_: impl Allocator) {}

fn main() {
    allocates(Arena::new());
}
