//! Programs of pools and slot maps: `tests/it/pool/programs.rs`.
#![no_main]

#[path = "../../it/choices.rs"]
mod choices;
#[path = "../../it/pool/programs.rs"]
mod programs;
#[path = "../../../src/random.rs"]
// Choices come from bytes here, where the tests, for which `choices` names `Random` as well, draw them.
#[allow(dead_code, reason = "the library needs more of it")]
mod random;

use choices::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| programs::run(&mut Bytes::new(bytes), usize::MAX));
