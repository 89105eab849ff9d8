//! Programs that must end badly, each in a process of its own: this test binary once more, with one test in it.

use std::env;
use std::io::{self, Write};
use std::process::{self, Command};

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// All that it printed.
    pub(crate) text: String,
}

/// Names the test whose program the process is to run.
const PROGRAM: &str = "ARENITE_TEST_PROGRAM";

/// Runs `program` in a process of its own and shows `judge` how it ended. `test` is the path of the test that calls
/// this, as `cargo test` prints it.
pub(crate) fn expect(test: &str, program: impl FnOnce(), judge: impl FnOnce(&Ended)) {
    expect_with(test, ("", ""), program, judge);
}

/// As [`expect`], with an environment variable, its name and its value, for the process.
pub(crate) fn expect_with(
    test: &str,
    (name, value): (&str, &str),
    program: impl FnOnce(),
    judge: impl FnOnce(&Ended),
) {
    if env::var_os(PROGRAM).is_some_and(|name| name == test) {
        program();
        process::exit(0);
    }
    // No process is started from an interpreter. `.ci/miri` starts one for each test that says so.
    if cfg!(miri) {
        return;
    }
    let binary = env::current_exe().expect("a test knows its own binary");
    let mut command = Command::new(binary);
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(PROGRAM, test).env("RUST_BACKTRACE", "0");
    if !name.is_empty() {
        command.env(name, value);
    }
    let output = command.output().expect("the test binary can be started");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("running 1 test"), "the path of the test is wrong: {test}\n{text}");
    judge(&Ended { success: output.status.success(), text: text.into_owned() });
}

/// Runs `program`, which does not fail, in a process in which no other test runs.
#[allow(dead_code, reason = "not every binary has such a test")]
pub(crate) fn alone(test: &str, program: impl FnOnce()) {
    if cfg!(miri) {
        // Past what the harness keeps to itself.
        let _ = writeln!(io::stderr(), "alone: {test}");
    }
    expect(test, program, |ended| assert!(ended.success, "{}", ended.text));
}
