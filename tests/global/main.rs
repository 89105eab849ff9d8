//! `ScopedGlobal`, installed in this very program.

mod basics;
mod census;
#[path = "../it/child_process.rs"]
mod child_process;
#[path = "../it/choices.rs"]
mod choices;
mod conformance;
#[path = "../it/corpus.rs"]
mod corpus;
mod die;
#[cfg(feature = "escapes")]
mod escapes;
mod figures;
mod futures;
mod manage;
mod map;
mod model;
mod process;
#[path = "../../src/random.rs"]
mod random;
mod regress;
mod threads;

#[cfg(feature = "tower")]
mod tower;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
