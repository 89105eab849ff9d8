//! The words of text files, counted by several threads.
//!
//! ```sh
//! cargo run --release --example words -- [PATH ...] [--top N]
//! ```
//!
//! Each file is a task of rayon's. What it returns, a sorted list of the file's words, lies in the arena of the thread that
//! did it, and outlives the task: see `count.rs`.

mod count;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use arenite::shared::ArenaPool;
use clap::Parser;
use rayon::prelude::*;
use walkdir::WalkDir;

/// Counts the words of text files.
#[derive(Parser)]
#[command(name = "words")]
struct Options {
    /// Files and folders to read
    ///
    /// Files that are not text, and what is hidden, are left out.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// How many words to show
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    top: usize,
}

fn main() -> ExitCode {
    match run(Options::parse(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let files = files(&options.paths)?;
    let mut pool = ArenaPool::new();
    let counted: Vec<_> = files
        .par_iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .map(|text| count::words(pool.local(), &text))
        .collect();
    let total = count::merge(&counted);
    for word in total.iter().take(options.top) {
        writeln!(out, "{:>9}  {:>6} files  {}", word.count, word.files, word.text)?;
    }
    writeln!(out, "{} different words in {} of {} files", total.len(), counted.len(), files.len())?;
    drop((counted, total));
    writeln!(out, "{}", pool.stats())?;
    Ok(())
}

/// The files at and below some paths.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, walkdir::Error> {
    let mut files = Vec::new();
    for path in paths {
        let walk = WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0 || !(name.starts_with('.') || name == "target")
        });
        for entry in walk {
            let entry = entry?;
            if entry.file_type().is_file() {
                files.push(entry.into_path());
            }
        }
    }
    Ok(files)
}
