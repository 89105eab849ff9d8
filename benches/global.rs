//! `ScopedGlobal` beside other global allocators. `benches/README.md` says how to read it.
//!
//! A global allocator is chosen when a program is built, so the programs are in a package of their own, `benches/global`,
//! which brings the other allocators and the libraries that are put to work. This builds them, and has them run.
#![allow(missing_docs, reason = "a program")]

mod launch;

fn main() -> std::process::ExitCode {
    launch::run("global", "compilers for C and C++, and minutes to build")
}
