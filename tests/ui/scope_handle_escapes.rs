//! Nor the scope itself.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let inner: &Arena = arena.scope(|inner| inner);
    inner.alloc(1);
}
