//! Only what the language itself would coerce.

use arenite::{Arena, ArenaBox, unsize_box};

fn main() {
    let arena = Arena::new();
    let wrong: ArenaBox<'_, u64> = unsize_box!(arena.alloc_box(1_u32));
    println!("{wrong}");
}
