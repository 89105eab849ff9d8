//! A reset excludes blocks.

use arenite::Arena;

fn main() {
    let mut arena = Arena::new();
    let block = arena.alloc(1);
    arena.reset();
    println!("{block}");
}
