//! Nor does it get out through what the closure captures.

use arenite::scratch::scratch;

fn main() {
    let mut escaped = None;
    scratch(|arena| escaped = Some(arena.alloc(1)));
    println!("{escaped:?}");
}
