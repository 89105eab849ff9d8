//! A pinned value must be dropped before its memory is used again; a box can be forgotten.

use arenite::{Arena, ArenaBox};

fn main() {
    let arena = Arena::new();
    let pinned = ArenaBox::into_pin(arena.alloc_box(std::marker::PhantomPinned));
    std::mem::forget(pinned);
}
