use std::rc::Rc;

use arenite::shared::SyncArena;

fn main() {
    let arena = SyncArena::new();
    let value = arena.alloc(Rc::new(1));
    std::thread::scope(|scope| {
        scope.spawn(move || Rc::clone(value));
    });
}
