//! oxc 23685: the same for a box.

use arenite::{Arena, ArenaBox, unsize_box};

fn main() {
    let mut iter: ArenaBox<'_, dyn Iterator<Item = i32>> = {
        let arena = Arena::new();
        unsize_box!(arena.alloc_box(0..3))
    };
    iter.next();
}
