//! How much memory a process has, from its beginning to its end.

use std::error::Error;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(10);

/// Runs `command` to its end, and writes down how much memory it has meanwhile: a line for each look, with the row, the
/// milliseconds since it was started, the allocator, and KiB. Linux only; elsewhere there are no lines.
pub(crate) fn watch(
    command: &mut Command,
    row: &str,
    who: &str,
    lines: &mut String,
) -> Result<(), Box<dyn Error>> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let start = Instant::now();
    let status = format!("/proc/{}/status", child.id());
    loop {
        if let Some(ended) = child.try_wait()? {
            if !ended.success() {
                return Err(format!("{row}, {who}: {ended}").into());
            }
            return Ok(());
        }
        if let Some(resident) = fs::read_to_string(&status).ok().and_then(|text| resident(&text)) {
            *lines += &format!("{row}\t{}\t{who}\t{resident}\n", start.elapsed().as_millis());
        }
        thread::sleep(EVERY);
    }
}

fn resident(status: &str) -> Option<usize> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().split(' ').next()?.parse().ok()
}
