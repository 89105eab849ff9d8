//! Random programs, and those that the fuzzer has found interesting, each lot in a process in which nobody else has regions.

use super::run;
use crate::child_process;
use crate::choices::Bytes;
use crate::corpus;
use crate::random::Random;
use crate::rounds::rounds;

fn programs(seeds: std::ops::Range<u64>, steps: usize) {
    for seed in seeds {
        println!("seed {seed}");
        run(&mut Random::new(seed), steps);
    }
}

#[test]
fn random_programs() {
    child_process::alone("model::tests::random_programs", || programs(0..rounds(60) as u64, 500));
}

#[test]
fn long_random_programs() {
    child_process::alone("model::tests::long_random_programs", || programs(1000..1004, rounds(8000)));
}

#[test]
fn what_the_fuzzer_found() {
    let replay = || corpus::replay("global", |bytes| run(&mut Bytes::new(bytes), usize::MAX));
    child_process::alone("model::tests::what_the_fuzzer_found", replay);
}
