//! Random programs against an oracle.
//!
//! A program allocates, frees, resizes, opens and ends scopes in any order, forgets them, rewinds, resets, seals and moves,
//! and gives handles something to own; the oracle knows which blocks are alive and what is in them. `ARENITE_MODEL_CASES` scales the number of programs (percent),
//! `ARENITE_MODEL_SEED` chooses others. A failing program is shrunk and shown; put it into `regressions` by hand.

mod ends;
mod machine;
mod ops;
mod oracle;
mod regressions;
mod run;
mod world;

use std::cell::Cell;
use std::env;
use std::rc::Rc;

use arenite::{Auto, Backing, Chained, Growth};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

#[cfg(all(feature = "mapped", unix))]
use crate::files::Temporary;
#[cfg(all(feature = "mapped", unix))]
use arenite::MappedOptions;
use machine::Machine;
use ops::{MIN_ALIGNS, Program, Source};
use world::{Base, Between, Ledger, Scaled, Unknown, World};

/// Runs a program. Panics if the arena does what it must not.
pub(crate) fn run(program: &Program) {
    match program.source {
        Source::Chained { first, max, growth, side_above, slab } => {
            let ledger = Ledger::new(slab);
            let growth = match growth % 5 {
                0 => Growth::Double,
                1 => Growth::Constant,
                2 => Growth::Linear(100),
                3 => Growth::Percent(130),
                _ => Growth::Custom(|size| size / 2),
            };
            let backing = Chained::new_in(Base(Rc::clone(&ledger)))
                .first_chunk(first.into())
                .max_chunk(max.into())
                .growth(growth)
                .side_chunks_above(if side_above == u16::MAX { usize::MAX } else { side_above.into() });
            run_over(program, backing, ledger);
        }
        Source::Fixed { offset, len } => {
            let between = Between::new(offset.into(), len.into());
            // SAFETY: the machine, which has the result, ends before `between` does.
            let backing = unsafe { between.lend() };
            run_over(program, backing, between);
        }
        Source::Auto => run_over(program, Auto::new(), Rc::new(Unknown)),
        Source::LargeAuto { scale } => run_over(program, Auto::new(), Rc::new(Scaled(scale))),
        #[cfg(feature = "virtual-memory")]
        Source::Virtual { ranges, guard } => {
            arenite::Virtual::trim_cache();
            // The smaller the ranges, the sooner a second one is needed, and the more of them come from the cache.
            let backing = arenite::Virtual::new().reserve(usize::from(ranges) << 16).guard(guard);
            run_over(program, backing, Rc::new(world::Ranges));
        }
        #[cfg(all(feature = "mapped", unix))]
        Source::Mapped { contents, room, private } => {
            let file = Temporary::in_memory(&vec![0xB7; contents.into()]);
            let options = MappedOptions::new().reserve(usize::from(room) << 16).step(1);
            let backing = if private { file.open_private(options) } else { file.open_shared(options) };
            run_over(program, backing, Rc::new(world::Finite));
        }
    }
}

fn run_over<B: Backing + 'static>(program: &Program, backing: B, world: Rc<dyn World>) {
    fn with_min_align<B: Backing + 'static, const M: usize>(
        program: &Program,
        backing: B,
        world: Rc<dyn World>,
    ) {
        let mut machine = Machine::<B, M>::new(backing, world);
        machine.run(&program.ops);
        machine.finish();
    }

    match MIN_ALIGNS[usize::from(program.min_align) % MIN_ALIGNS.len()] {
        1 => with_min_align::<B, 1>(program, backing, world),
        8 => with_min_align::<B, 8>(program, backing, world),
        16 => with_min_align::<B, 16>(program, backing, world),
        _ => with_min_align::<B, 64>(program, backing, world),
    }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// Runs so many programs, the same ones each time unless another seed is asked for.
fn check<S: Strategy>(programs: S, cases: u32, run: impl Fn(S::Value)) {
    let scale = from_environment("ARENITE_MODEL_CASES", 100);
    let cases = (u64::from(cases) * scale).div_ceil(100) as u32;
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
    check(ops::programs(ops::chained()), 1500, |program| run(&program));
}

#[test]
fn over_a_buffer() {
    check(ops::programs(ops::fixed()), 1500, |program| run(&program));
}

#[test]
#[cfg(feature = "virtual-memory")]
fn over_reserved_memory() {
    check(ops::programs(ops::virtual_memory()), 1500, |program| run(&program));
}

#[test]
#[cfg(all(feature = "mapped", unix))]
fn over_files() {
    check(ops::programs(ops::mapped()), 500, |program| run(&program));
}

#[test]
fn over_the_default() {
    check(ops::programs(Just(Source::Auto)), 500, |program| run(&program));
}

/// From small chunks to reserved memory: chunks of every size in between, and both kinds at once.
#[test]
fn over_the_default_when_it_is_large() {
    let scales = (20..=100_u8).prop_map(|scale| Source::LargeAuto { scale });
    check(ops::programs(scales), 60, |program| run(&program));
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
    assert!(ops.get() > 20_000, "the decoder makes too little of its input: {} operations", ops.get());
}
