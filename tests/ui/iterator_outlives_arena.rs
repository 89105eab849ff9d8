//! RUSTSEC-2022-0078: an iterator by value that forgot the lifetime of its elements' memory.

use arenite::Arena;
use arenite::collections::Vec;

fn main() {
    let mut iter = {
        let arena = Arena::new();
        let mut vec = Vec::new_in(&arena);
        vec.extend([String::from("a")]);
        vec.into_iter()
    };
    iter.next();
}
