//! A base arena outlives those over it.

use arenite::{Arena, Chained};

fn main() {
    let base = Arena::new();
    let arena: Arena<_> = Arena::new_in(Chained::new_in(&base));
    drop(base);
    arena.alloc(1);
}
