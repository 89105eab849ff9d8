//! A block borrows its arena.

use arenite::Arena;

fn main() {
    let block;
    {
        let arena = Arena::new();
        block = arena.alloc(1);
    }
    println!("{block}");
}
