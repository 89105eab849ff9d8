//! And at most 4096.

use arenite::{Arena, Auto};

const ARENA: Arena<Auto, 8192> = Arena::with_min_align();

fn main() {
    ARENA.alloc(1);
}
