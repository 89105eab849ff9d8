//! Counts what regions do.
#![allow(missing_docs, reason = "a program")]

use arenite::{Region, ScopedGlobal};
use gungraun::{library_benchmark, library_benchmark_group, main};
use instructions_bench::Job;
use instructions_bench::regions::{JOBS, job};

#[global_allocator]
static GLOBAL: ScopedGlobal = ScopedGlobal::new();

fn prepare(number: usize) -> (Job, Option<&'static Region>) {
    job(&GLOBAL, number)
}

#[library_benchmark]
#[benches::job(iter = 0..JOBS, setup = prepare)]
fn regions((job, region): (Job, Option<&'static Region>)) -> usize {
    match region {
        Some(region) => region.enter(|| job.run()),
        None => job.run(),
    }
}

library_benchmark_group!(name = all, benchmarks = regions);
main!(library_benchmark_groups = all);
