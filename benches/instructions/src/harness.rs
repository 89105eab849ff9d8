//! Running gungraun, which runs callgrind.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why nothing can be counted here, if so.
pub(crate) fn missing() -> Option<&'static str> {
    if !cfg!(target_os = "linux") {
        return Some("that is done on Linux alone");
    }
    let valgrind =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if valgrind.is_ok_and(|status| status.success()) { None } else { Some("there is no valgrind here") }
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where the programs are built: beside this one.
fn target() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let target =
        program.parent().and_then(Path::parent).ok_or("this program is not in a folder of cargo's")?;
    Ok(target.to_owned())
}

/// The program that belongs to the library gungraun: it must be of the same version.
fn runner(package: &Path, target: &Path) -> Result<PathBuf, Box<dyn Error>> {
    if let Some(runner) = env::var_os("GUNGRAUN_RUNNER") {
        return Ok(runner.into());
    }
    let lock = fs::read_to_string(package.join("Cargo.lock"))?;
    let (_, rest) =
        lock.split_once("name = \"gungraun\"\nversion = \"").ok_or("the lock file does not name gungraun")?;
    let version = rest.split('"').next().unwrap_or_default();
    let root = target.join(format!("runner-{version}"));
    let runner = root.join("bin/gungraun-runner");
    if !runner.is_file() {
        eprintln!("installing gungraun-runner {version} below {}", root.display());
        let mut install = cargo();
        install
            // It has little to do itself: what Valgrind takes is the same.
            .args(["install", "--debug", "gungraun-runner", "--version", &format!("={version}"), "--root"])
            .arg(&root);
        install.arg("--target-dir").arg(target.join("runner-build"));
        let status = install.status()?;
        if !status.success() {
            return Err(format!("gungraun-runner cannot be installed: cargo ended with {status}").into());
        }
    }
    Ok(runner)
}

/// What callgrind counted: a line of JSON for each job.
pub(crate) fn count(package: &Path) -> Result<String, Box<dyn Error>> {
    let target = target()?;
    let mut bench = cargo();
    bench
        .arg("bench")
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    bench.args(["--bench", "arenas", "--bench", "regions", "--", "--output-format=json", "--parallel=2"]);
    bench.env("GUNGRAUN_RUNNER", runner(package, &target)?).env("GUNGRAUN_HOME", target.join("gungraun"));
    let output = bench.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("counting ended with {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
