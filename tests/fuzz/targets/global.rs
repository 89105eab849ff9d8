//! Programs of regions: the model of `tests/global/model`.
#![no_main]

#[path = "../../it/choices.rs"]
mod choices;
#[path = "../../global/model/mod.rs"]
mod model;
#[path = "../../../src/random.rs"]
// Choices come from bytes here, where the tests, for which `choices` names `Random` as well, draw them.
#[allow(dead_code, reason = "the library needs more of it")]
mod random;

use arenite::ScopedGlobal;
use choices::Bytes;
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

fuzz_target!(|bytes: &[u8]| model::run(&mut Bytes::new(bytes), usize::MAX));
