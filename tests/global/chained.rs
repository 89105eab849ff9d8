//! What `main.rs` tests, over segments of the inner allocator.
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
#[cfg(any(not(arenite_slice), arenite_slice = "borrows"))]
mod borrows;
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
#[path = "../../src/random.rs"]
mod random;
#[cfg(any(not(arenite_slice), arenite_slice = "regress"))]
mod regress;
#[path = "../it/rounds.rs"]
mod rounds;
#[cfg(any(not(arenite_slice), arenite_slice = "threads"))]
mod threads;
#[cfg(feature = "tower")]
#[cfg(any(not(arenite_slice), arenite_slice = "tower"))]
mod tower;
#[cfg(any(not(arenite_slice), arenite_slice = "windows"))]
mod windows;

use std::alloc::System;

use arenite::ScopedGlobal;
use arenite::territory::Chained;

#[global_allocator]
static GLOBAL: ScopedGlobal<Chained> = ScopedGlobal::chained_over(System);
