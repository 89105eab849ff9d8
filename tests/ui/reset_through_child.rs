//! A child is never borrowed exclusively, so it cannot be reset.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let mut child = arena.child();
    child.reset();
}
