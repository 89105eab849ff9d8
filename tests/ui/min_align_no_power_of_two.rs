//! A minimum alignment is a power of two.

use arenite::{Arena, Auto};

const ARENA: Arena<Auto, 12> = Arena::with_min_align();

fn main() {
    ARENA.alloc(1);
}
