//! A program of several crates that keeps more memory than it should, run under `Tracking`, and a report that says where.
//!
//! ```sh
//! cargo run --release --manifest-path examples/leakhunt/Cargo.toml -- [PATH ...]
//! ```
//!
//! The program, `work.rs`, looks through text files as a service might that is asked for it again and again: it parses TOML
//! and JSON, finds definitions by regular expressions and counts words, on all cores. It has caches, as such programs have.
//! Some of them are full after the first pass. One is forgotten in each pass, and what a person wants to know is which.

mod hunt;
#[path = "../../index/outcome.rs"]
mod outcome;
#[path = "../../index/progress.rs"]
mod progress;
mod report;
#[cfg(test)]
mod tests;
#[path = "../../index/walk.rs"]
mod walk;
mod work;

use std::alloc::System;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use arenite::wrap::Tracking;
use clap::Parser;

#[global_allocator]
static GLOBAL: Tracking<System> = Tracking::new(System);

/// Runs a program that looks through text files, and shows which of its call sites keep memory.
#[derive(Parser)]
#[command(name = "leakhunt")]
struct Options {
    /// Files and folders to look through [default: the sources of arenite]
    ///
    /// `.git`, `target` and files that are not text are left out.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How often the program looks through all of them
    ///
    /// What the first pass leaves behind may be a cache; what grows with each further one is a leak.
    #[arg(short, long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..))]
    passes: u32,

    /// How many call sites the table shows at most
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// Of how many call sites that grow the whole stack is shown
    #[arg(short, long, value_name = "N", default_value_t = 2)]
    stacks: usize,
}

fn main() -> ExitCode {
    outcome::exit(run(Options::parse(), &mut io::stdout().lock()))
}

fn run(options: Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut paths = options.paths;
    if paths.is_empty() {
        paths.push(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../src"));
    }
    let corpus = walk::read(&paths)?;
    report::corpus(out, &corpus)?;
    if corpus.bytes() == 0 {
        return Err("there is no text below the given paths".into());
    }
    let found = hunt::hunt(&GLOBAL, &corpus, options.passes);
    report::findings(out, &found, options.top, options.stacks)?;
    Ok(())
}
