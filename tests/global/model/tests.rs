//! Random programs, and those that the fuzzer has found interesting, each lot in a process in which nobody else has regions.

use super::run;
use crate::child_process;
use crate::choices::Bytes;
use crate::corpus;
use crate::random::Random;

fn programs(seeds: std::ops::Range<u64>, steps: usize) {
    for seed in seeds {
        println!("seed {seed}");
        run(&mut Random::new(seed), steps);
    }
}

#[test]
fn random_programs() {
    child_process::expect("model::tests::random_programs", || programs(0..60, 500), succeeded);
}

#[test]
fn long_random_programs() {
    child_process::expect("model::tests::long_random_programs", || programs(1000..1004, 8000), succeeded);
}

#[test]
fn what_the_fuzzer_found() {
    let replay = || corpus::replay("global", |bytes| run(&mut Bytes::new(bytes), usize::MAX));
    child_process::expect("model::tests::what_the_fuzzer_found", replay, succeeded);
}

fn succeeded(ended: &child_process::Ended) {
    assert!(ended.success, "{}", ended.text);
}
