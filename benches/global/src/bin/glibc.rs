//! The system's allocator.

use global_bench::{Plain, work};

#[global_allocator]
static GLOBAL: std::alloc::System = std::alloc::System;

fn main() {
    work(&Plain);
}
