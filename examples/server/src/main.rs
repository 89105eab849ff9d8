//! A web server in which each request has a region and a budget of memory, and clients that load it, in one process.
//!
//! ```sh
//! cargo run --release --manifest-path examples/server/Cargo.toml -- [REQUESTS [FILE]]
//! ```
//!
//! It runs four times, as processes of its own: with regions and without, and both again with some requests that ask for
//! too much. What it prints it also writes to the file, if one is named, with more percentiles: a line for each figure, its
//! fields apart by tabs. For the server read `app.rs`; the line with `RegionLayer` is all that it takes.

mod app;
mod load;

use std::env;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use arenite::ScopedGlobal;
use clap::Parser;

use load::Outcome;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

/// What a request may have in use at a time.
const BUDGET: usize = 4 << 20;
/// Clients, each with a connection of its own.
const CLIENTS: usize = 16;

/// Loads a web server that has a region and a budget for each request, and the same without.
#[derive(Parser)]
#[command(name = "server")]
struct Options {
    /// How many requests there are in each of four runs
    #[arg(default_value_t = 40_000, value_parser = clap::value_parser!(u32).range(CLIENTS as i64..))]
    requests: u32,

    /// Where the figures go, a line each, its fields apart by tabs
    file: Option<PathBuf>,

    /// How this program calls itself for one of its runs: what there is for each request, and what is asked for.
    #[arg(long, num_args = 2, value_names = ["WAY", "GREEDY"], hide = true)]
    serve: Vec<String>,
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
    let &Options { requests, ref file, ref serve } = options;
    if let [way, greedy] = &serve[..] {
        let outcome = self::serve(way == "regions", requests as usize, greedy == "greedy")?;
        report(&outcome, greedy == "greedy");
        if let Some(file) = file {
            let mut file = OpenOptions::new().append(true).open(file)?;
            file.write_all(figures(&outcome, greedy, way).as_bytes())?;
        }
        return Ok(());
    }
    if let Some(file) = file {
        File::create(file).map_err(|error| format!("cannot make `{}`: {error}", file.display()))?;
    }
    println!(
        "{requests} requests of {CLIENTS} clients, two workers, a budget of {} MiB a request",
        BUDGET >> 20
    );
    for greedy in ["modest", "greedy"] {
        for way in ["none", "regions"] {
            let what = if way == "regions" { "a region for each request" } else { "without regions" };
            match greedy {
                "greedy" => println!("\n{what}; one request in {} asks for too much", load::GREEDY),
                _ => println!("\n{what}"),
            }
            let mut command = Command::new(env::current_exe()?);
            command.arg(requests.to_string()).args(file).args(["--serve", way, greedy]);
            let status = command.status()?;
            if !status.success() {
                return Err(format!("the server ended with {status}").into());
            }
        }
    }
    Ok(())
}

/// Serves until the clients have had all they want, and says how that went.
fn serve(regions: bool, requests: usize, greedy: bool) -> Result<Outcome, Box<dyn Error>> {
    GLOBAL.warm_up();
    GLOBAL.panic_outside();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_io().build()?;
    let outcome = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move { axum::serve(listener, app::app(regions)).await });
        let outcome = load::load(address, CLIENTS, requests, greedy).await;
        server.abort();
        outcome
    })?;
    Ok(outcome)
}

/// Microseconds by percentile, requests a second, and MiB at the peak.
fn figures(outcome: &Outcome, greedy: &str, way: &str) -> String {
    let mut text = String::new();
    let mut line = |row: &str, value: f64| text += &format!("{greedy}\t{row}\t{way}\t{value}\n");
    for percentile in ["50", "75", "90", "95", "99", "99.5", "99.9", "99.99", "100"] {
        let part = percentile.parse::<f64>().unwrap_or(0.0) / 100.0;
        line(percentile, micros(outcome.at(part)));
    }
    line("requests a second", outcome.rate());
    line("peak MiB", load::peak() as f64 / 1024.0);
    text
}

fn report(outcome: &Outcome, greedy: bool) {
    println!("  {:.0} requests a second", outcome.rate());
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        println!("  {name:<6} {:>7.0} µs", micros(outcome.at(part)));
    }
    if greedy {
        println!("  asked for too much: {} answered, {} refused with 503", outcome.granted, outcome.refused);
    }
    println!("  peak memory {:.1} MiB", load::peak() as f64 / 1024.0);
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(regions: bool) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, app::app(regions)).await });
            load::load(address, 2, 2 * load::GREEDY, true).await.unwrap()
        })
    }

    #[test]
    fn who_asks_for_too_much_is_refused_and_the_others_are_served() {
        let outcome = outcome(true);
        assert_eq!((outcome.granted, outcome.refused), (0, 2));
        assert_eq!(outcome.latencies.len(), 2 * load::GREEDY - 2);
    }

    #[test]
    fn without_regions_everybody_gets_everything() {
        let outcome = outcome(false);
        assert_eq!((outcome.granted, outcome.refused), (2, 0));
    }
}
