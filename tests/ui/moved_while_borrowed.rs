//! An arena stays where it is as long as it is borrowed.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let block = arena.alloc(1);
    let moved = Box::new(arena);
    println!("{block} {moved:?}");
}
