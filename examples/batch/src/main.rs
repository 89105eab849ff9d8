//! A job that works off JSON documents: how often each key occurs in all of them.
//!
//! ```sh
//! cargo run --release --manifest-path examples/batch/Cargo.toml -- [--budget MIB] FILE ...
//! ```
//!
//! Each document is parsed by `serde_json`, which has never heard of arenas, in a region with a budget. One that needs more
//! is reported, and the job goes on. What the job keeps is made `outside`, so that no region has anything left in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fmt, fs, io};

use arenite::{Region, ScopedGlobal};
use clap::Parser;
use serde_json::Value;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

/// Counts how often each key occurs in JSON documents.
#[derive(Parser)]
#[command(name = "batch")]
struct Options {
    /// MiB that a document may take, parsed
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    budget: u32,

    /// JSON documents
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// How often each key occurs.
type Keys = BTreeMap<String, usize>;

/// Why a document is left out.
#[derive(Debug)]
enum Failure {
    Unreadable(io::Error),
    NoJson(String),
    OverBudget,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Failure::NoJson(error) => write!(f, "is not JSON: {error}"),
            Failure::OverBudget => f.write_str("needs more memory than a document is allowed"),
        }
    }
}

/// Adds the keys of a document. All that is made on the way is in `region`.
fn add(text: &str, region: &Region, keys: &mut Keys) -> Result<(), Failure> {
    region.enter(|| {
        let value: Value = serde_json::from_str(text)
            // The error outlives the region.
            .map_err(|error| Failure::NoJson(GLOBAL.outside(|| error.to_string())))?;
        // Past the limit memory comes from the inner allocator: nothing has failed yet, and this is the place to stop.
        if region.over_limit() {
            return Err(Failure::OverBudget);
        }
        count(&value, keys);
        Ok(())
    })
}

fn count(value: &Value, keys: &mut Keys) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| count(value, keys)),
        Value::Object(values) => {
            for (key, value) in values {
                match keys.get_mut(key) {
                    Some(count) => *count += 1,
                    // The only memory that is meant to stay.
                    None => GLOBAL.outside(|| keys.insert(key.clone(), 1)).map_or((), drop),
                }
                count(value, keys);
            }
        }
        _ => {}
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let budget = (options.budget as usize) << 20;
    GLOBAL.warm_up();
    let (mut keys, mut done, mut failed, mut peak, mut escaped) = (Keys::new(), 0, 0, 0, 0);
    for path in &options.files {
        let region = GLOBAL.region().with_limit(budget);
        let result = fs::read_to_string(path).map_err(Failure::Unreadable);
        match result.and_then(|text| add(&text, &region, &mut keys)) {
            Ok(()) => done += 1,
            Err(failure) => {
                eprintln!("error: `{}` {failure}", path.display());
                failed += 1;
            }
        }
        let stats = region.stats();
        peak = peak.max(stats.peak);
        escaped += stats.escaped;
    }
    let mut keys: Vec<(String, usize)> = keys.into_iter().collect();
    keys.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (key, count) in keys.iter().take(10) {
        println!("{count:>9}  {key}");
    }
    println!("{done} documents, {failed} left out; {} different keys", keys.len());
    println!("the largest took {peak} bytes; {escaped} bytes outlived their region");
    println!("{}", GLOBAL.stats());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_and_nothing_escapes() {
        let mut keys = Keys::new();
        let region = GLOBAL.region();
        add(r#"{"a": [{"a": 1, "b": {}}]}"#, &region, &mut keys).unwrap();
        assert_eq!(keys.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert_eq!(region.stats().escaped, 0);
    }

    #[test]
    fn what_is_no_json_or_too_large_is_left_out() {
        let region = GLOBAL.region().with_limit(64 << 10);
        let mut keys = Keys::new();
        assert!(matches!(add("{", &region, &mut keys), Err(Failure::NoJson(_))));
        let large = format!("[{}0]", "[1, 2, 3], ".repeat(10_000));
        assert!(matches!(add(&large, &region, &mut keys), Err(Failure::OverBudget)));
        assert!(keys.is_empty());
    }
}
