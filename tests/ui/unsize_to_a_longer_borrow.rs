//! And a box no longer than its arena.

use arenite::{ArenaBox, unsize_box};

fn longer<'a>(short: ArenaBox<'a, [u8; 4]>) -> ArenaBox<'static, [u8]> {
    unsize_box!(short)
}

fn main() {
    let arena = arenite::Arena::new();
    println!("{:?}", longer(arena.alloc_box([1; 4])));
}
