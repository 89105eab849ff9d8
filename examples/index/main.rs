//! An inverted index of text files, built in arenas and on the heap, and measured.
//!
//! ```sh
//! cargo run --release --example index -- [PATH ...] [--query WORD]
//! ```
//!
//! For how to write code that works in an arena and on the heap alike, read `index.rs`; for the arenas, `measure.rs`.

mod index;
mod measure;
mod memory;
mod outcome;
mod progress;
mod query;
mod report;
#[cfg(test)]
mod tests;
mod walk;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use arenite::Arena;
use clap::Parser;

/// Indexes the words of text files in arenas and on the heap, and shows what that costs.
#[derive(Parser)]
#[command(name = "index")]
struct Options {
    /// Files and folders to read [default: this repository]
    ///
    /// `.git`, `target` and files that are not text are left out.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// A word to look up; may be given several times
    #[arg(short, long, value_name = "WORD")]
    query: Vec<String>,

    /// How often everything is measured [default: what fits into a few seconds]
    ///
    /// The table shows medians.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// How many files an answer lists at most
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    top: usize,
}

fn main() -> ExitCode {
    outcome::exit(run(Options::parse(), &mut io::stdout().lock()))
}

fn run(options: Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut paths = options.paths;
    if paths.is_empty() {
        paths.push(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    }
    let corpus = walk::read(&paths)?;
    report::corpus(out, &corpus)?;
    if corpus.bytes() == 0 {
        return Err("there is no text below the given paths".into());
    }

    let table = measure::measure(&corpus, options.rounds)?;
    report::table(out, &table)?;

    let arena = Arena::new();
    let index = measure::build(&corpus, &arena)?;
    for text in &options.query {
        query::answer(out, &index, &corpus, text, options.top)?;
    }
    Ok(())
}
