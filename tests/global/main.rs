//! `ScopedGlobal`, installed in this very program.

mod basics;
mod futures;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
