//! Benches whose programs are packages of their own.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Builds the package `benches/<name>` and runs it, with the arguments of this program. Without `--bench` among these, which
/// `cargo bench` adds and `cargo test --benches` does not, says what it `needs` instead.
pub(crate) fn run(name: &str, needs: &str) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("This needs {needs}: run `cargo bench --bench {name}`.");
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = |command: &str| {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let manifest = root.join("benches").join(name).join("Cargo.toml");
        cargo.args([command, "--release", "--manifest-path"]).arg(manifest);
        cargo.arg("--target-dir").arg(root.join("target").join(format!("{name}-bench")));
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
