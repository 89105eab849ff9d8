//! `ScopedGlobal`, installed in this very program.
#![cfg_attr(arenite_slice, allow(dead_code, reason = "not every slice has a use for what they share"))]

#[cfg(any(not(arenite_slice), arenite_slice = "accounts"))]
mod accounts;
#[cfg(any(
    not(arenite_slice),
    arenite_slice = "basics",
    arenite_slice = "borrows",
    arenite_slice = "cursor",
    arenite_slice = "regress",
    arenite_slice = "windows"
))]
mod basics;
#[cfg(any(not(arenite_slice), arenite_slice = "blocks"))]
mod blocks;
#[cfg(any(not(arenite_slice), arenite_slice = "borrows"))]
mod borrows;
#[cfg(any(not(arenite_slice), arenite_slice = "census"))]
mod census;
#[path = "../it/child_process.rs"]
mod child_process;
#[path = "../it/choices.rs"]
mod choices;
#[cfg(any(not(arenite_slice), arenite_slice = "conformance"))]
mod conformance;
#[path = "../it/corpus.rs"]
mod corpus;
#[cfg(any(not(arenite_slice), arenite_slice = "cursor"))]
mod cursor;
#[cfg(not(miri))]
mod die;
#[cfg(feature = "escapes")]
#[cfg(any(not(arenite_slice), arenite_slice = "escapes"))]
mod escapes;
#[cfg(any(not(arenite_slice), arenite_slice = "figures"))]
mod figures;
#[cfg(any(not(arenite_slice), arenite_slice = "futures"))]
mod futures;
#[cfg(any(not(arenite_slice), arenite_slice = "manage"))]
mod manage;
#[cfg(any(not(arenite_slice), arenite_slice = "map"))]
mod map;
#[cfg(any(not(arenite_slice), arenite_slice = "model"))]
mod model;
#[path = "../../src/global"]
#[allow(dead_code, unreachable_pub, reason = "the crate's own other files use the rest")]
mod parts {
    pub(crate) mod block;
    pub(crate) mod line;
    pub(crate) mod stack;
}
#[cfg(not(miri))]
mod process;
#[path = "../../src/random.rs"]
mod random;
#[cfg(any(not(arenite_slice), arenite_slice = "regress"))]
mod regress;
#[path = "../it/rounds.rs"]
mod rounds;
#[path = "../../src/sync.rs"]
#[allow(dead_code, unused_imports, reason = "the crate's own other files use the rest")]
mod sync;
#[cfg(any(not(arenite_slice), arenite_slice = "threads"))]
mod threads;
#[cfg(any(not(arenite_slice), arenite_slice = "windows"))]
mod windows;

#[cfg(feature = "tower")]
#[cfg(any(not(arenite_slice), arenite_slice = "tower"))]
mod tower;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();
