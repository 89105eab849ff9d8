//! A leaked box is a block like any other.

use arenite::{Arena, ArenaBox};

fn main() {
    let arena = Arena::new();
    let leaked: &'static mut i32 = ArenaBox::leak(arena.alloc_box(1));
    drop(arena);
    println!("{leaked}");
}
