//! snmalloc.

use global_bench::{Plain, work};

#[global_allocator]
static GLOBAL: snmalloc_rs::SnMalloc = snmalloc_rs::SnMalloc;

fn main() {
    work(&Plain);
}
