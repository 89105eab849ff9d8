//! Regions over mimalloc.

use arenite::{ScopedGlobal, territory};
use global_bench::{Regions, work};
use mimalloc::MiMalloc;

#[global_allocator]
static GLOBAL: ScopedGlobal<territory::Virtual, MiMalloc> = ScopedGlobal::over(MiMalloc);

fn main() {
    work(&Regions(&GLOBAL));
}
