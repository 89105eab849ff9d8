//! Programs of an arena, over every backing: the model of `tests/it/model`.
#![no_main]

#[path = "../../it/files.rs"]
// The model opens files `in_memory`; those that have a path are for tests that look at what is in them.
#[allow(dead_code, reason = "the tests of files need more of it")]
mod files;
#[path = "../../it/model/mod.rs"]
// libFuzzer has a program made of its bytes by `Arbitrary`; `Program::decode` does that for whoever has bytes alone.
#[allow(dead_code, reason = "`Program::decode` is for those who have bytes alone")]
mod model;

use libfuzzer_sys::fuzz_target;
use model::ops::Program;

fuzz_target!(|program: Program| model::run(&program));
