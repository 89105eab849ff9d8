//! A trait object lives no longer than what it borrows.

use std::fmt::Display;

use arenite::{Arena, ArenaBox, unsize_box};

fn longer<'a, 'b>(short: ArenaBox<'a, dyn Display + 'b>) -> ArenaBox<'a, dyn Display + 'static> {
    unsize_box!(short)
}

fn main() {
    let arena = Arena::new();
    let text = String::from("sand");
    let boxed: ArenaBox<'_, dyn Display> = unsize_box!(arena.alloc_box(&text));
    println!("{}", longer(boxed));
}
