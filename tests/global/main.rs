//! `ScopedGlobal`, installed in this very program.

mod basics;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
