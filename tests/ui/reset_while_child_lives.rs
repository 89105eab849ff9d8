//! And children.

use arenite::Arena;

fn main() {
    let mut arena = Arena::new();
    let child = arena.child();
    arena.reset();
    child.alloc(1);
}
