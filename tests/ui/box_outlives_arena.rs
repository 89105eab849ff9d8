//! A box frees nothing, but its value lies in the arena.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let boxed = arena.alloc_box(String::new());
    drop(arena);
    drop(boxed);
}
