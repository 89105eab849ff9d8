//! Instructions of the short paths, ours and other arenas', counted in Valgrind's callgrind. `benches/README.md` says how to
//! read the table.
//!
//! What counts is a package of its own, `benches/instructions`, which brings its harness.
#![allow(missing_docs, reason = "a program")]

mod launch;

fn main() -> std::process::ExitCode {
    launch::run("instructions", "valgrind, and minutes to build")
}
