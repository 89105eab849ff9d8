//! Random programs over every backing, and those that the fuzzer has found interesting.

use std::cell::Cell;
use std::env;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::ops::{Program, Source};
use super::{run, strategies};
use crate::corpus;
use crate::rounds::rounds;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// Runs so many programs, the same ones each time unless another seed is asked for.
fn check<S: Strategy>(programs: S, cases: u32, run: impl Fn(S::Value)) {
    let scale = from_environment("ARENITE_MODEL_CASES", 100);
    let cases = (rounds(cases as usize) as u64 * scale).div_ceil(100) as u32;
    let seed = from_environment("ARENITE_MODEL_SEED", 1);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let bytes: Vec<u8> = (seed..seed + 4).flat_map(u64::to_le_bytes).collect();
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(&programs, |program| {
        run(program);
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn over_chunks() {
    check(strategies::programs(strategies::chained()), 1500, |program| run(&program));
}

#[test]
fn over_a_buffer() {
    check(strategies::programs(strategies::fixed()), 1500, |program| run(&program));
}

#[test]
#[cfg(feature = "virtual-memory")]
fn over_reserved_memory() {
    check(strategies::programs(strategies::virtual_memory()), 1500, |program| run(&program));
}

#[test]
#[cfg(all(feature = "mapped", unix))]
fn over_files() {
    check(strategies::programs(strategies::mapped()), 500, |program| run(&program));
}

#[test]
fn over_the_default() {
    check(strategies::programs(Just(Source::Auto)), 500, |program| run(&program));
}

/// From small chunks to reserved memory: chunks of every size in between, and both kinds at once.
#[test]
fn over_the_default_when_it_is_large() {
    let scales = (20..=100_u8).prop_map(|scale| Source::LargeAuto { scale });
    check(strategies::programs(scales), 60, |program| run(&program));
}

/// Any bytes are a program: what the fuzz target does, on bytes of no particular meaning.
#[test]
fn from_bytes() {
    let ops = Cell::new(0);
    check(vec(any::<u8>(), 0..1024), 300, |bytes| {
        let program = Program::decode(&bytes);
        ops.set(ops.get() + program.ops.len());
        run(&program);
    });
    assert!(
        ops.get() > rounds(20_000),
        "the decoder makes too little of its input: {} operations",
        ops.get()
    );
}

#[test]
fn what_the_fuzzer_found() {
    corpus::replay("arena", |bytes| run(&Program::decode(bytes)));
}
