//! And on its thread.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let block = arena.alloc(1);
    std::thread::spawn(move || drop(arena));
    println!("{block}");
}
