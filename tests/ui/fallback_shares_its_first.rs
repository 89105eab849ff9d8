//! The first of a fallback is an arena that others may use as well.

use arenite::Arena;
use arenite::wrap::Fallback;

fn main() {
    let arena = Arena::new();
    drop(Fallback::owning(&arena, &arena));
}
