//! A child is never borrowed exclusively.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let mut child = arena.child();
    child.unseal();
}
