//! Looking at chunks excludes allocating.

use arenite::Arena;

fn main() {
    let mut arena = Arena::new();
    arena.alloc(1);
    let chunk = arena.iter_allocated_chunks().next();
    arena.alloc(2);
    println!("{chunk:?}");
}
