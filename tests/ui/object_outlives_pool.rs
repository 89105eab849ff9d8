//! An object is only lent.

use arenite::pool::ObjectPool;

fn main() {
    let pool = ObjectPool::<String>::new();
    let object = pool.get();
    drop(pool);
    println!("{object}");
}
