//! A drain borrows its vector, and with it the arena.

use arenite::Arena;
use arenite::collections::Vec;

fn main() {
    let mut arena = Arena::new();
    let mut vec: Vec<'_, u8> = Vec::new_in(&arena);
    let drain = vec.drain(..);
    arena.reset();
    drop(drain);
}
