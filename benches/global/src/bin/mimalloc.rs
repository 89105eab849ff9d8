//! mimalloc.

use global_bench::{Plain, work};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    work(&Plain);
}
