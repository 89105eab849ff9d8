//! `ScopedGlobal` beside other global allocators. `benches/README.md` says how to read it.
//!
//! A global allocator is chosen when a program is built, so the programs are in a package of their own, `benches/global`,
//! which brings the other allocators and the libraries that are put to work. This builds them, and has them run.
#![allow(missing_docs, reason = "a program")]

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // `cargo bench` says so; `cargo test --benches` does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!(
            "This needs compilers for C and C++, and minutes to build: run `cargo bench --bench global`."
        );
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = |command: &str| {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([command, "--release", "--manifest-path"]).arg(root.join("benches/global/Cargo.toml"));
        cargo.arg("--target-dir").arg(root.join("target/global-bench"));
        cargo
    };
    let passed_on = arguments.iter().filter(|argument| *argument != "--bench");
    let status = match cargo("build").status() {
        Ok(status) if status.success() => cargo("run").args(["--quiet", "--"]).args(passed_on).status(),
        other => other,
    };
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
