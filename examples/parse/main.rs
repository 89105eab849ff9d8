//! Rust sources parsed by `syn`, which has never heard of arenas, with a region for each file and without, and measured.
//!
//! ```sh
//! cargo run --release --example parse -- [PATH ...]
//! ```
//!
//! For the regions, read `work.rs`; for the processes that are measured, `measure.rs`.

mod files;
mod measure;
#[path = "../index/outcome.rs"]
mod outcome;
#[path = "../index/progress.rs"]
mod progress;
mod report;
#[cfg(test)]
mod tests;
mod work;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use arenite::ScopedGlobal;
use clap::Parser;

use work::Way;

/// That is all: from here on any code can be run in a region.
#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

/// Parses Rust sources with a region for each file and without, and shows what that costs.
#[derive(Parser)]
#[command(name = "parse")]
struct Options {
    /// Files and folders to read [default: this repository and the sources of its dependencies]
    ///
    /// `.git` and `target` are left out.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How often everything is parsed
    ///
    /// The table shows medians.
    #[arg(short, long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// How this program calls itself for the work that it measures.
    #[arg(long, value_name = "WAY", hide = true)]
    work: Option<Way>,
}

fn main() -> ExitCode {
    outcome::exit(run(Options::parse(), &mut io::stdout().lock()))
}

fn run(options: Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if let Some(way) = options.work {
        let files = files::read_list(io::stdin().lock())?;
        return Ok(work::work(&files, way, out)?);
    }
    let mut paths = options.paths;
    if paths.is_empty() {
        paths = files::at_hand();
    }
    let found = files::find(&paths)?;
    report::found(out, &found)?;
    if found.files.is_empty() {
        return Err("there is no Rust source below the given paths".into());
    }
    let table = measure::measure(&found.files, options.rounds)?;
    Ok(report::table(out, &table)?)
}
