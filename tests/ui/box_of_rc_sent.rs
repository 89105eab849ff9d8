//! A box goes where its value goes, and no farther.

use std::rc::Rc;

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let boxed = arena.alloc_box(Rc::new(1));
    std::thread::scope(|scope| {
        scope.spawn(move || drop(boxed));
    });
}
