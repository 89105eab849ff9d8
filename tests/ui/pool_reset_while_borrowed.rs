use arenite::shared::ArenaPool;

fn main() {
    let mut pool = ArenaPool::new();
    let value = std::thread::scope(|scope| scope.spawn(|| pool.local().alloc(1)).join().unwrap());
    pool.reset();
    *value += 1;
}
