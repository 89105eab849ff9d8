//! What is given back is lent to others, so the pool's type may not be taken for one of shorter-lived objects.

use arenite::pool::ObjectPool;

fn keep<'a>(pool: &ObjectPool<&'a str>, text: &'a str) {
    *pool.get() = text;
}

fn main() {
    let pool: ObjectPool<&'static str> = ObjectPool::new();
    {
        let text = String::from("gone soon");
        keep(&pool, &text);
    }
    let text: &'static str = *pool.get();
    println!("{text}");
}
