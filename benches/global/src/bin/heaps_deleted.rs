//! mimalloc with a heap for each piece of work, which is deleted at its end.

use global_bench::{End, Heaps, work};

#[global_allocator]
static GLOBAL: Heaps = Heaps(End::Deleted);

fn main() {
    work(&GLOBAL);
}
