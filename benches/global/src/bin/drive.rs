//! Runs the programs of all allocators in turns, and prints the tables.

fn main() -> std::process::ExitCode {
    global_bench::drive()
}
