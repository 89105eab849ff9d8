//! Files that are opened, filled and closed again and again: `tests/it/sessions.rs`.
#![no_main]

#[path = "../../it/choices.rs"]
mod choices;
#[path = "../../it/files.rs"]
#[allow(dead_code, reason = "the tests of files need more of it")]
mod files;
#[path = "../../../src/random.rs"]
#[allow(dead_code, reason = "the library needs more of it")]
mod random;
#[path = "../../it/sessions.rs"]
mod sessions;

use choices::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sessions::run(&mut Bytes::new(bytes)));
