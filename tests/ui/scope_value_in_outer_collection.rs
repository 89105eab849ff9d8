//! A collection of the outer arena's cannot keep what is the inner one's.

use arenite::Arena;
use arenite::collections::Vec;

fn main() {
    let arena = Arena::new();
    let mut outer: Vec<'_, &str> = Vec::new_in(&arena);
    arena.scope(|inner| outer.push(inner.alloc_str("sand")));
    println!("{outer:?}");
}
