//! An exclusive borrow of a handle that others may have as well says nothing about the memory behind it.

use allocator_api2::alloc::Global;
use arenite::Arena;
use arenite::shared::SyncArena;
use arenite::wrap::{Counting, Exclusive, Fallback};

fn main() {
    let arena = Arena::new();
    let mut handle = &arena;
    drop(Exclusive::new(&mut handle));
    drop(Fallback::new(&mut handle, Global));

    let shared = SyncArena::new();
    drop(Exclusive::new(&mut &shared));

    // Nor does one of a wrapper around such a handle.
    drop(Fallback::new(&mut Counting::new(&arena), Global));
    drop(Exclusive::new(&mut Fallback::new(&mut Arena::new(), &arena)));
}

/// Nor of what may be such a handle.
fn of_anything<A>(anything: &mut A) -> Exclusive<&A> {
    Exclusive::new(anything)
}
