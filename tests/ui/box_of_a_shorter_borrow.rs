//! scoped-arena 0.4.1: a value with a drop that looks at something which is gone before the box.

use arenite::Arena;

struct Shows<'a>(&'a String);

impl Drop for Shows<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let arena = Arena::new();
    let boxed;
    let text = String::from("dropped first");
    boxed = arena.alloc_box(Shows(&text));
    println!("{}", boxed.0);
}
