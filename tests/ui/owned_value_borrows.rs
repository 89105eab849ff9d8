//! What the arena drops at its end borrows nothing: the local is gone by then (scoped-arena 0.4.1).

use arenite::Arena;

struct Shown<'a>(&'a String);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let arena = Arena::new();
    let text = String::from("gone first");
    arena.alloc_owned(Shown(&text));
}
