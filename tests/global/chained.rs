//! What `main.rs` tests, over segments of the inner allocator.

mod accounts;
mod basics;
mod borrows;
#[path = "../it/child_process.rs"]
mod child_process;
#[path = "../it/choices.rs"]
mod choices;
mod conformance;
#[path = "../it/corpus.rs"]
mod corpus;
mod cursor;
mod die;
mod figures;
mod map;
mod model;
#[path = "../../src/random.rs"]
mod random;
mod regress;
mod threads;
mod windows;

use std::alloc::System;

use arenite::ScopedGlobal;
use arenite::territory::Chained;

#[global_allocator]
static GLOBAL: ScopedGlobal<Chained> = ScopedGlobal::chained_over(System);
