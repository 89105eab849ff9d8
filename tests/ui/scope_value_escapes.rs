//! What a scope handed out is gone when it ends.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let escaped = arena.scope(|inner| inner.alloc(1));
    println!("{escaped}");
}
