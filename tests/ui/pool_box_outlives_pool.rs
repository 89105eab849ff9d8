//! A box gives its slot back to its pool.

use arenite::pool::Pool;

fn main() {
    let pool = Pool::new();
    let boxed = pool.insert(1);
    drop(pool);
    drop(boxed);
}
