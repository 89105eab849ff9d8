//! Programs of an arena, over every backing: the model of `tests/it/model`.
#![no_main]

#[path = "../../it/files.rs"]
#[allow(dead_code, reason = "the tests of files need more of it")]
mod files;
#[path = "../../it/model/mod.rs"]
#[allow(dead_code, reason = "programs come from bytes here alone")]
mod model;

use libfuzzer_sys::fuzz_target;
use model::ops::Program;

fuzz_target!(|program: Program| model::run(&program));
