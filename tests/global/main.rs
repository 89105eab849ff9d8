//! `ScopedGlobal`, installed in this very program.

mod accounts;
mod basics;
mod blocks;
mod borrows;
mod census;
#[path = "../it/child_process.rs"]
mod child_process;
#[path = "../it/choices.rs"]
mod choices;
mod conformance;
#[path = "../it/corpus.rs"]
mod corpus;
mod cursor;
mod die;
#[cfg(feature = "escapes")]
mod escapes;
mod figures;
mod futures;
mod manage;
mod map;
mod model;
#[path = "../../src/global"]
#[allow(dead_code, unreachable_pub, reason = "the crate's own other files use the rest")]
mod parts {
    pub(crate) mod block;
    pub(crate) mod line;
    pub(crate) mod stack;
}
mod process;
#[path = "../../src/random.rs"]
mod random;
mod regress;
#[path = "../../src/sync.rs"]
#[allow(dead_code, unused_imports, reason = "the crate's own other files use the rest")]
mod sync;
mod threads;
mod windows;

#[cfg(feature = "tower")]
mod tower;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
