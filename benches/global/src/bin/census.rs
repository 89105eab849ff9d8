//! The system's allocator, which counts the sizes that it is asked for.

use global_bench::{Census, Plain, work};

#[global_allocator]
static GLOBAL: Census = Census::new();

fn main() {
    work(&Plain);
    GLOBAL.print();
}
