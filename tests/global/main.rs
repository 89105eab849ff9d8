//! `ScopedGlobal`, installed in this very program.

mod basics;
#[cfg(feature = "escapes")]
mod escapes;
mod futures;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
