//! A box gives its slot back on the thread of its pool.

use arenite::pool::Pool;

fn main() {
    let pool = Pool::new();
    let boxed = pool.insert(1);
    std::thread::scope(|scope| {
        scope.spawn(move || drop(boxed));
    });
}
