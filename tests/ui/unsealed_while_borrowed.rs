//! Who has something of the arena's may rely on it that it stays sealed.

use arenite::Arena;

fn main() {
    let mut arena = Arena::new();
    let number = arena.alloc(1);
    arena.seal();
    arena.unseal();
    println!("{number}");
}
