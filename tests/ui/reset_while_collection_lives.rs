//! And collections, empty ones, too.

use arenite::Arena;
use arenite::collections::Vec;

fn main() {
    let mut arena = Arena::new();
    let mut vec: Vec<'_, u8> = Vec::new_in(&arena);
    arena.reset();
    vec.push(1);
}
