//! What a scratch arena hands out is gone when the call returns.

use arenite::scratch::scratch;

fn main() {
    let escaped = scratch(|arena| arena.alloc(1));
    println!("{escaped}");
}
