//! What is called at the arena's end borrows nothing, not even from the arena.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let number = arena.alloc(1);
    arena.defer(|| *number += 1);
}
