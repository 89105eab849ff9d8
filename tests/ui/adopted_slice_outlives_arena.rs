//! What was adopted is freed at the arena's end.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let adopted = arena.adopt(vec![1, 2, 3]);
    drop(arena);
    println!("{adopted:?}");
}
