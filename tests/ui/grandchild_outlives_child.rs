//! At every depth.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let child = arena.child();
    let grandchild = child.child();
    drop(child);
    drop(grandchild);
}
