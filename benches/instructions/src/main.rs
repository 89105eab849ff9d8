//! Has everything counted, prints the tables, and compares them with the budgets.
//!
//! `[--check] [--write] [--figures FILE]`: fail if a path exceeds its budget; put the tables into the READMEs; write the figures
//! down for other programs.

mod counts;
mod harness;
mod tables;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use counts::Count;

#[derive(Default)]
struct Options {
    check: bool,
    write: bool,
    figures: Option<PathBuf>,
}

impl Options {
    fn parse() -> Result<Options, Box<dyn Error>> {
        let mut options = Options::default();
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--check" => options.check = true,
                "--write" => options.write = true,
                "--figures" => {
                    options.figures = Some(arguments.next().ok_or("--figures needs a file")?.into())
                }
                other => return Err(format!("there is no option `{other}`").into()),
            }
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    if let Some(reason) = harness::missing() {
        println!("instructions: not counted, as {reason}");
        return Ok(true);
    }
    let lines = harness::count(package)?;
    let counts = Count::all(&lines)?;
    println!("{}", tables::terminal(&counts));
    if let Some(file) = &options.figures {
        fs::write(file, counts::figures(&counts))?;
    }
    if options.write {
        for (file, name, table) in [
            ("benches/README.md", "instructions", tables::markdown(&counts, tables::Length::Full)),
            ("README.md", "instructions", tables::markdown(&counts, tables::Length::Short)),
        ] {
            tables::put(&package.join("../..").join(file), name, &table)?;
            println!("written: {file}");
        }
    }
    let budgets = fs::read_to_string(package.join("budgets.txt"))?;
    let complaints = counts::over_budget(&counts, &budgets)?;
    for complaint in &complaints {
        println!("FAILED: {complaint}");
    }
    if complaints.is_empty() {
        println!("Every path of ours is within its budget.");
    }
    Ok(complaints.is_empty() || !options.check)
}
