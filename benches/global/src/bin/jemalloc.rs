//! jemalloc.

use global_bench::{Plain, work};

#[global_allocator]
static GLOBAL: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    work(&Plain);
}
