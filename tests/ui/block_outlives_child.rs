//! A block borrows the child that handed it out.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let child = arena.child();
    let block = child.alloc(1);
    drop(child);
    println!("{block}");
}
