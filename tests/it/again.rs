//! Tests that need a process of their own: limits on a process cannot be taken back.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const MARK: &str = "ARENITE_TEST_AGAIN";

/// Whether this is the process of its own.
pub(crate) fn is_inner() -> bool {
    env::var_os(MARK).is_some()
}

/// Runs the test `name` of this binary in a process of its own, after the shell commands `setup`. Panics if it fails.
///
/// `wrapper` is a program, with arguments, that runs the shell; `None` for none.
pub(crate) fn run(name: &str, wrapper: Option<&[&str]>, setup: &str) {
    let mut words: Vec<PathBuf> = wrapper.unwrap_or(&[]).iter().map(PathBuf::from).collect();
    words.extend(["sh".into(), "-c".into(), format!("{setup} && exec \"$0\" \"$@\"").into()]);
    words.push(env::current_exe().expect("the path of this test"));
    words.extend([name, "--exact", "--nocapture"].map(PathBuf::from));
    let output = Command::new(&words[0]).args(&words[1..]).env(MARK, "1").output().expect("a process");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let ran = out.contains("1 passed");
    assert!(output.status.success() && ran, "{name} behind `{setup}`: {}\n{out}\n{err}", output.status);
}

/// Whether a program, with arguments, runs and succeeds here.
pub(crate) fn succeeds(words: &[&str]) -> bool {
    Command::new(words[0]).args(&words[1..]).output().is_ok_and(|output| output.status.success())
}
