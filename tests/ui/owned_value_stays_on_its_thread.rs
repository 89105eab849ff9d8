//! An arena may end on another thread, and with it what it owns.

use std::rc::Rc;

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    arena.alloc_owned(Rc::new(1));
}
