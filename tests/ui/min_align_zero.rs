//! Not zero.

use arenite::{Arena, Auto};

const ARENA: Arena<Auto, 0> = Arena::with_min_align();

fn main() {
    ARENA.alloc(1);
}
