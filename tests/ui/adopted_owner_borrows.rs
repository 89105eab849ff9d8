//! An owner that is adopted may own no borrows.

use arenite::Arena;

fn main() {
    let arena = Arena::new();
    let text = String::from("gone first");
    arena.adopt(vec![text.as_str()]);
}
