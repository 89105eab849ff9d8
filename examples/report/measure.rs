//! Has other programs run.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::figures::Figures;

/// How the benches are run.
pub(crate) struct Bench<'b> {
    pub(crate) quick: bool,
    /// Take the figures that are there.
    pub(crate) redraw: bool,
    pub(crate) folder: &'b Path,
}

impl Bench<'_> {
    /// The figures of `cargo bench --bench <bench>` with these arguments, of which the option for the file is the last.
    pub(crate) fn figures(
        &self,
        name: &str,
        bench: &str,
        arguments: &[&str],
    ) -> Result<Figures, Box<dyn Error>> {
        let text = self.file(&format!("{name}.tsv"), |file| {
            cargo(&["bench", "--quiet", "--bench", bench, "--"], arguments, file)
        })?;
        let figures = Figures::parse(&text);
        if figures.0.is_empty() { Err("there are no figures".into()) } else { Ok(figures) }
    }

    /// What a program of cargo's puts into the file that is its last argument.
    pub(crate) fn file(
        &self,
        name: &str,
        command: impl FnOnce(&Path) -> Command,
    ) -> Result<String, Box<dyn Error>> {
        let file = self.folder.join(name);
        if !(self.redraw && file.is_file()) {
            if file.exists() {
                fs::remove_file(&file)?;
            }
            run(command(&file), name, &self.folder.join(format!("{name}.log")))?;
        }
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()).into())
    }

    /// The arguments of a bench, with more if it is to be done in a hurry.
    pub(crate) fn with<'a>(
        &self,
        arguments: &[&'a str],
        quick: &[&'a str],
        full: &[&'a str],
    ) -> Vec<&'a str> {
        let more = if self.quick { quick } else { full };
        arguments.iter().chain(more).copied().collect()
    }
}

/// A command of cargo's in the root of the repository; `file` is its last argument.
pub(crate) fn cargo(command: &[&str], arguments: &[&str], file: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(command).args(arguments).arg(file).current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

/// Runs a command to its end, with something that moves meanwhile. What it prints goes into a file.
fn run(mut command: Command, name: &str, log: &Path) -> Result<(), Box<dyn Error>> {
    let style = ProgressStyle::with_template("  {spinner} {msg} {elapsed}")?;
    let spinner = ProgressBar::new_spinner().with_style(style).with_message(name.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(200));
    let out = fs::File::create(log)?;
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    let status = command.status();
    spinner.finish_and_clear();
    let status = status.map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    let last: String = last.iter().rev().map(|line| format!("\n  {line}")).collect();
    Err(format!("{name} ended with {status}; {} says:{last}", log.display()).into())
}
