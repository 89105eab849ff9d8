//! Copying a slice is for what is copied by its bytes.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    arena.alloc_slice_copy(&[String::new()]);
}
