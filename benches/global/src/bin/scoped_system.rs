//! Regions over the system's allocator.

use arenite::ScopedGlobal;
use global_bench::{Regions, work};

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

fn main() {
    work(&Regions(&GLOBAL));
}
