//! Counts the words of files, with an allocator that is chosen in one line.
//!
//! ```sh
//! cargo run --release --manifest-path examples/swap/Cargo.toml -- README.md src/*.rs
//! ```
//!
//! Make it `type Inner = std::alloc::System;`, and the same program runs over the system's allocator. Nothing else knows.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use arenite::ScopedGlobal;
use arenite::territory::Virtual;
use clap::Parser;

/// The line: where memory comes from outside of regions, and what is large in them.
type Inner = mimalloc::MiMalloc;
const INNER: Inner = mimalloc::MiMalloc;

#[global_allocator]
static GLOBAL: ScopedGlobal<Virtual, Inner> = ScopedGlobal::over(INNER);

/// Shows which words occur most often in each file.
#[derive(Parser)]
#[command(name = "swap")]
struct Options {
    /// Text files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// The words that occur most often, and how often.
fn frequent(text: &str, most: usize) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(most);
    // Otherwise what is kept would be as long as everything was.
    counts.shrink_to_fit();
    counts
}

fn main() -> ExitCode {
    let options = Options::parse();
    GLOBAL.warm_up();
    let mut result = ExitCode::SUCCESS;
    for path in &options.files {
        let shown = path.display();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("error: cannot read `{shown}`: {error}");
                result = ExitCode::FAILURE;
                continue;
            }
        };
        // What is counted dies with the region, all at once; the few words that are returned stay.
        let region = GLOBAL.region();
        let words = region.enter(|| frequent(&text, 5));
        let words: Vec<String> = words.iter().map(|(word, count)| format!("{word} {count}")).collect();
        let stats = region.stats();
        println!("{shown}: {} ({} bytes at most, {} kept)", words.join(", "), stats.peak, stats.escaped);
    }
    result
}
