//! A child borrows its parent.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let child = arena.child();
    drop(arena);
    child.alloc(1);
}
