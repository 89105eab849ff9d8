//! A box that can be written through keeps its type's lifetime as it is.

use std::cell::Cell;

use arenite::ArenaBox;

fn longer<'a, 'b>(cell: ArenaBox<'a, Cell<&'b str>>) -> ArenaBox<'a, Cell<&'static str>> {
    cell
}

fn main() {
    let arena = arenite::Arena::new();
    longer(arena.alloc_box(Cell::new("sand")));
}
