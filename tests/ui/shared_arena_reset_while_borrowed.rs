use arenite::shared::SyncArena;

fn main() {
    let mut arena = SyncArena::new();
    let value = std::thread::scope(|scope| scope.spawn(|| arena.alloc(1)).join().unwrap());
    arena.reset();
    *value += 1;
}
