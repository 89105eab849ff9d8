//! What the model's programs come to: a line for each, with a digest of all that can be observed.
//!
//!     differential COUNT             so many programs
//!     differential COUNT planted     the same, with differences that were planted
//!     differential show NUMBER       all that can be observed of one

mod aligned;
mod planted;

#[path = "../../it/files.rs"]
// Only `in_memory` is called from here, and what opens it; a path brings all of a file.
#[allow(dead_code, reason = "the tests of files need more of it")]
mod files;
#[path = "../../it/model/mod.rs"]
// Programs are run under observation here, so `model::run`, which only runs them, is not called.
#[allow(dead_code, reason = "`model::run` is for those who look at nothing")]
mod model;
#[path = "../../../src/random.rs"]
// `Random::size`, which draws sizes of blocks for the conformance suite, is not called.
#[allow(dead_code, reason = "the library needs more of it")]
mod random;

use std::cell::RefCell;
use std::env;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};
use std::process::ExitCode;
use std::rc::Rc;

use aligned::Aligned;
use model::ops::Program;
use model::trace::Trace;
use random::Random;

#[global_allocator]
static GLOBAL: Aligned = Aligned;

/// The program into which a difference is planted.
const PLANTED: u64 = 7;

/// A hash of what is written.
#[derive(Default)]
struct Digest(DefaultHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn program(number: u64) -> Program {
    let mut random = Random::new(number);
    let bytes: Vec<u8> = (0..random.between(64, 1024)).map(|_| random.next() as u8).collect();
    Program::decode(&bytes)
}

fn digest(number: u64, planted: bool) -> u64 {
    let digest = Rc::new(RefCell::new(Digest::default()));
    let into = Rc::clone(&digest);
    let trace: Trace = Rc::new(move |line| {
        let written = into.borrow_mut().write_fmt(line);
        written.expect("what is shown can be shown");
    });
    model::run_traced(&program(number), Some(&trace));
    if planted && number == PLANTED {
        trace(format_args!("{} {:?}", planted::aliased(), planted::layout()));
    }
    let digest = digest.borrow();
    digest.0.finish()
}

fn show(number: u64) {
    let trace: Trace = Rc::new(|line| println!("{line}"));
    println!("{:#?}", program(number));
    model::run_traced(&program(number), Some(&trace));
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().ok();
    match words[..] {
        ["show", word] if number(word).is_some() => number(word).into_iter().for_each(show),
        [word] | [word, "planted"] if number(word).is_some() => {
            for seed in 0..number(word).unwrap_or(0) {
                println!("{seed} {:016x}", digest(seed, words.len() == 2));
            }
        }
        _ => {
            eprintln!("differential COUNT [planted] | show NUMBER");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
