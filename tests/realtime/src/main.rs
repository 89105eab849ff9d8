//! The fast paths under RealtimeSanitizer, which ends a program that calls what may wait: `malloc`, `mmap`, a lock.
//!
//!     realtime           every path, each warmed up by the same round outside
//!     realtime NAME      a program that must die: `dies.rs`
#![feature(sanitize)]

mod dies;
mod paths;

use std::env;
use std::process::ExitCode;

use arenite::ScopedGlobal;

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

/// Runs `f`, in which nothing may wait.
#[sanitize(realtime = "nonblocking")]
#[inline(never)]
fn realtime<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Runs the same round again and again; from the fourth on nothing may wait.
fn rounds(name: &str, mut round: impl FnMut()) {
    for _ in 0..3 {
        round();
    }
    realtime(|| (0..100).for_each(|_| round()));
    println!("{name}: never waits");
}

fn main() -> ExitCode {
    match env::args().nth(1) {
        None => paths::all(),
        Some(name) => {
            let Some((_, program)) = dies::PROGRAMS.iter().find(|(known, _)| *known == name) else {
                eprintln!("there is no program {name}");
                return ExitCode::FAILURE;
            };
            program();
            println!("{name}: has waited, and is alive");
        }
    }
    ExitCode::SUCCESS
}
