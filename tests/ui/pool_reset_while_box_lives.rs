//! A reset takes all slots back.

use arenite::pool::{Pool, PoolBox};

fn main() {
    let mut pool = Pool::new();
    let leaked = PoolBox::leak(pool.insert(1));
    pool.reset();
    *leaked = 2;
}
