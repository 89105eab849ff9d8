//! So does text.

use arenite::Arena;

fn escape() -> &'static str {
    let arena = Arena::new();
    arena.alloc_str("sand")
}

fn main() {
    escape();
}
