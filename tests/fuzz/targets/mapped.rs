//! Files that are opened, filled and closed again and again: `tests/it/sessions.rs`.
#![no_main]

#[path = "../../it/choices.rs"]
mod choices;
#[path = "../../it/files.rs"]
// A session is given a path and the bytes of a file, and opens it by itself.
#[allow(dead_code, reason = "the tests of files need more of it")]
mod files;
#[path = "../../../src/random.rs"]
// Choices come from bytes here, where the tests, for which `choices` names `Random` as well, draw them.
#[allow(dead_code, reason = "the library needs more of it")]
mod random;
#[path = "../../it/sessions.rs"]
mod sessions;

use choices::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sessions::run(&mut Bytes::new(bytes)));
