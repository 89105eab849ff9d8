//! Measuring: each round is two processes of this program, one for each way, so that neither finds the heap in the state
//! in which the other has left it, and each has a peak of its own.

use std::env;
use std::io::{self, BufRead, BufReader, BufWriter};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use clap::ValueEnum;

use crate::files;
use crate::progress::Progress;
use crate::work::{FIGURES, Figures, STEP, Way};

/// The ways, and what they are called. The first is what the other is compared with.
pub(crate) const WAYS: [(&str, Way); 2] =
    [("system allocator", Way::System), ("a region for each file", Way::Regions)];

/// What was measured: a line for each of [`WAYS`], in which everything that varies is a median.
pub(crate) struct Table {
    pub(crate) rows: [Figures; WAYS.len()],
    pub(crate) rounds: u32,
}

/// Parses `files` in both ways, in turns.
///
/// # Errors
///
/// If a process cannot be started, or dies, or does not find what another one found.
pub(crate) fn measure(files: &[PathBuf], rounds: u32) -> Result<Table, Box<dyn std::error::Error>> {
    let steps = files.len() / STEP * WAYS.len() * rounds as usize;
    let progress = Progress::new("parsing", steps);
    let mut taken = [const { Vec::new() }; WAYS.len()];
    for round in 0..rounds as usize {
        for turn in 0..WAYS.len() {
            let who = (round + turn) % WAYS.len();
            let figures = in_process(files, WAYS[who].1, &progress)?;
            taken[who].push(figures);
        }
    }
    let rows = taken.map(|mut taken| median(&mut taken));
    let [heap, regions] = rows.map(|figures| (figures.parsed, figures.failed, figures.items));
    if heap != regions {
        return Err(format!("the files changed meanwhile: {heap:?} became {regions:?}").into());
    }
    Ok(Table { rows, rounds })
}

/// The figures of the round in the middle, and the peak in the middle.
fn median(taken: &mut [Figures]) -> Figures {
    taken.sort_unstable_by_key(|figures| figures.peak);
    let peak = taken[taken.len() / 2].peak;
    taken.sort_unstable_by_key(|figures| figures.time);
    Figures { peak, ..taken[taken.len() / 2] }
}

/// The work in a process of its own.
fn in_process(files: &[PathBuf], way: Way, progress: &Progress) -> io::Result<Figures> {
    let name = way.to_possible_value().expect("no way is hidden");
    let mut child = Command::new(env::current_exe()?)
        .args(["--work", name.get_name()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let mut figures = None;
    let mut done = 0;
    thread::scope(|scope| {
        // If the process has died, its end says more than that it did not read.
        scope.spawn(|| input.map(|input| files::write_list(files, BufWriter::new(input))));
        for line in BufReader::new(output.expect("the output is piped")).lines() {
            let line = line?;
            match line.strip_prefix(FIGURES) {
                Some(rest) => figures = Figures::from_line(rest.trim()),
                None => {
                    done += STEP;
                    progress.step();
                }
            }
        }
        io::Result::Ok(())
    })?;
    let status = child.wait()?;
    figures.filter(|_| status.success()).ok_or_else(|| {
        let path = files.get(done).map(|path| path.display().to_string()).unwrap_or_default();
        io::Error::other(format!(
            "parsing ended with {status}, at `{path}` or one of the {STEP} files behind it"
        ))
    })
}
