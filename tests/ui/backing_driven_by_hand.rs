//! What only an arena may ask of its backing takes a promise: methods that the documentation does not show can be called.

use std::ptr::NonNull;

use arenite::Backing;

fn drive(mut backing: impl Backing, place: NonNull<u8>) {
    let _ = backing.first(0, 8, 3);
    backing.conclude(Some(place));
    backing.shrunk(0);
}

fn main() {
    drive(arenite::Chained::new(), NonNull::dangling());
}
