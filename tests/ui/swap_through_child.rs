//! A child cannot be swapped with a root, which may outlive its parent.

use arenite::Arena;

fn main() {
    let mut root = Arena::new();
    let arena = Arena::new();
    let mut child = arena.child();
    std::mem::swap(&mut *child, &mut root);
}
