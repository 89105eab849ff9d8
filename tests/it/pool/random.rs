//! Random programs, and those that the fuzzer has found interesting.

use super::programs;
use crate::choices::{Bytes, Choices};
use crate::corpus;
use crate::random::Random;
use crate::rounds::rounds;

const STEPS: usize = rounds(20_000);
const SEEDS: u64 = rounds(8) as u64;

fn each(program: impl Fn(&mut dyn Choices, usize)) {
    (0..SEEDS).for_each(|seed| program(&mut Random::new(seed), STEPS));
}

#[test]
fn boxes_hold_what_was_put_into_them() {
    each(programs::boxes);
}

#[test]
fn keys_find_what_was_put_under_them() {
    each(programs::keys);
}

#[test]
fn objects_come_back_as_they_left() {
    each(programs::objects);
}

#[test]
fn what_the_fuzzer_found() {
    corpus::replay("pool", |bytes| programs::run(&mut Bytes::new(bytes), STEPS));
}
