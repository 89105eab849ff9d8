use arenite::shared::ArenaPool;

fn main() {
    let value = {
        let pool = ArenaPool::new();
        pool.local().alloc(1)
    };
    *value += 1;
}
