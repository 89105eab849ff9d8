//! The words of text files, counted by several threads.
//!
//! ```sh
//! cargo run --release --example words -- [PATH ...] [--top N]
//! ```
//!
//! Each file is a task of rayon's. What it returns, a sorted list of the file's words, lies in the arena of the thread that
//! did it, and outlives the task: see `count.rs`.

mod count;
#[path = "../index/outcome.rs"]
mod outcome;
#[path = "../index/progress.rs"]
mod progress;
#[cfg(test)]
mod tests;
#[path = "../index/walk.rs"]
#[expect(dead_code, reason = "what files are called is of no interest here")]
mod walk;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use arenite::shared::ArenaPool;
use clap::Parser;
use rayon::prelude::*;

/// Counts the words of text files.
#[derive(Parser)]
#[command(name = "words")]
struct Options {
    /// Files and folders to read
    ///
    /// `.git`, `target` and files that are not text are left out.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// How many words to show
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    top: usize,
}

fn main() -> ExitCode {
    outcome::exit(run(Options::parse(), &mut io::stdout().lock()))
}

fn run(options: Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let corpus = walk::read(&options.paths)?;
    for failed in &corpus.unreadable {
        eprintln!("warning: {failed}");
    }
    if corpus.bytes() == 0 {
        return Err("there is no text below the given paths".into());
    }
    let mut pool = ArenaPool::new();
    let counted: Vec<_> =
        corpus.files.into_par_iter().map(|file| count::words(pool.local(), &file.text)).collect();
    let total = count::merge(&counted);
    for word in total.iter().take(options.top) {
        writeln!(out, "{:>9}  {:>6} files  {}", word.count, word.files, word.text)?;
    }
    writeln!(out, "{} different words in {} files", total.len(), counted.len())?;
    drop((counted, total));
    writeln!(out, "{}", pool.stats())?;
    Ok(())
}
