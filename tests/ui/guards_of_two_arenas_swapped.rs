//! A guard cannot outlive its parent in the place of another one.

use arenite::Arena;

fn main() {
    let long = Arena::new();
    let mut kept = long.child();
    {
        let short = Arena::new();
        let mut child = short.child();
        std::mem::swap(&mut kept, &mut child);
    }
    kept.alloc(1);
}
