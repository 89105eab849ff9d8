//! A trait object of a trait that the value implements.

use arenite::{Arena, ArenaBox, unsize_box};

struct Silent;

fn main() {
    let arena = Arena::new();
    let wrong: ArenaBox<'_, dyn std::fmt::Display> = unsize_box!(arena.alloc_box(Silent));
    println!("{wrong}");
}
