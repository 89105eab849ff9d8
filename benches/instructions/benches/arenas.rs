//! Counts what arenas do.
#![allow(missing_docs, reason = "a program")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use instructions_bench::Job;
use instructions_bench::arenas::{JOBS, job};

#[library_benchmark]
#[benches::job(iter = 0..JOBS, setup = job)]
fn arenas(job: Job) -> usize {
    job.run()
}

library_benchmark_group!(name = all, benchmarks = arenas);
main!(library_benchmark_groups = all);
