//! One report of all that is measured: a page with pictures, the same as Markdown, and the pictures.
//!
//! ```sh
//! cargo run --release --example report -- [--quick] [--only PART ...] [--out FOLDER]
//! ```
//!
//! It measures nothing itself: it has the benches run in short form, and the server of `examples/server` load itself. How
//! each of them goes about it, and what to beware of, is told in `benches/README.md`.

mod chart;
mod figures;
mod machine;
mod measure;
mod page;
mod parts;
mod section;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use measure::Bench;
use page::Report;
use parts::Part;
use section::Section;

/// Runs the benches in short form and writes a report: report.html, report.md and pictures.
#[derive(Parser)]
#[command(name = "report")]
struct Options {
    /// Less work: a few minutes, and figures with more noise
    #[arg(short, long)]
    quick: bool,

    /// Only this part; can be given several times: instructions, peers, sizes, growth, global, memory, latency
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,

    /// Where everything is written
    #[arg(short, long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/report"))]
    out: PathBuf,

    /// Draw again from the figures that an earlier run has left in the folder, as far as there are any
    #[arg(long)]
    redraw: bool,

    /// Also put the two pictures that the README shows into `docs`
    #[arg(long)]
    docs: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(&options.out).map_err(|error| {
        format!("cannot make the folder `{}`: {error}; name another by --out", options.out.display())
    })?;
    let out = options.out.canonicalize()?;
    let wanted: Vec<Part> =
        Part::ALL.into_iter().filter(|part| options.only.is_empty() || options.only.contains(part)).collect();
    let bench = Bench { quick: options.quick, redraw: options.redraw, folder: &out };
    let mut report = Report { machine: machine::describe(), quick: options.quick, sections: Vec::new() };
    for (number, part) in wanted.iter().enumerate() {
        eprintln!("[{} of {}] {}", number + 1, wanted.len(), part.title());
        match part.section(&bench) {
            Ok(section) => report.sections.push(section),
            // The others can be had all the same.
            Err(error) => report.sections.push(Section::missing(*part, &error.to_string())),
        }
    }
    for (name, svg) in report.pictures() {
        fs::write(out.join(name), chart::alone(svg))?;
    }
    fs::write(out.join("report.html"), report.html())?;
    fs::write(out.join("report.md"), report.markdown())?;
    if options.docs {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        for name in ["ratios.svg", "growth.svg"] {
            if let Some((_, svg)) = report.pictures().find(|(picture, _)| *picture == name) {
                fs::write(docs.join(name), chart::alone(svg))?;
                println!("written: docs/{name}");
            }
        }
    }
    println!("written: {}", out.join("report.html").display());
    println!("written: {}", out.join("report.md").display());
    let failed: Vec<&str> =
        report.sections.iter().filter(|section| section.failed).map(|section| section.part.title()).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("not measured: {}", failed.join(", ")).into()) }
}
