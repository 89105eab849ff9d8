//! `ScopedGlobal` over mimalloc, of which no region is ever made: what it costs to have it in a program.

use arenite::{ScopedGlobal, territory};
use global_bench::{Plain, work};
use mimalloc::MiMalloc;

#[global_allocator]
static GLOBAL: ScopedGlobal<territory::Virtual, MiMalloc> = ScopedGlobal::over(MiMalloc);

fn main() {
    work(&Plain);
}
