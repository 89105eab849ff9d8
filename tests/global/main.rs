//! `ScopedGlobal`, installed in this very program.

mod basics;
#[path = "../it/child_process.rs"]
mod child_process;
#[cfg(feature = "escapes")]
mod escapes;
mod futures;
mod manage;
mod model;
mod random;

#[cfg(feature = "tower")]
mod tower;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
