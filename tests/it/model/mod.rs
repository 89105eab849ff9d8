//! Random programs against an oracle.
//!
//! A program allocates, frees, resizes, opens and ends scopes in any order, forgets them, rewinds, resets, seals and moves,
//! and gives handles something to own; the oracle knows which blocks are alive and what is in them. `ARENITE_MODEL_CASES`
//! scales the number of programs (percent), `ARENITE_MODEL_SEED` chooses others. A failing program is shrunk and shown; put
//! it into `regressions` by hand.
//!
//! The fuzzer (`tests/fuzz`) and the comparison of compilers' options (`tests/differential`) run programs from bytes.

mod bytes;
mod ends;
mod machine;
pub(crate) mod ops;
mod oracle;
pub(crate) mod picture;
#[cfg(test)]
mod regressions;
mod run;
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod tests;
pub(crate) mod trace;
mod world;

use std::rc::Rc;

use arenite::{Auto, Backing, Chained, Growth};

#[cfg(all(feature = "mapped", unix))]
use crate::files::Temporary;
#[cfg(all(feature = "mapped", unix))]
use arenite::MappedOptions;
use machine::Machine;
use ops::{MIN_ALIGNS, Program, Source};
use trace::Trace;
use world::{Base, Between, Ledger, Scaled, Unknown, World};

/// Runs a program. Panics if the arena does what it must not.
pub(crate) fn run(program: &Program) {
    run_traced(program, None);
}

/// Runs a program, and tells what can be seen of it.
pub(crate) fn run_traced(program: &Program, trace: Option<&Trace>) {
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
            run_over(program, trace, backing, ledger);
        }
        Source::Fixed { offset, len } => {
            let between = Between::new(offset.into(), len.into());
            // SAFETY: the machine, which has the result, ends before `between` does.
            let backing = unsafe { between.lend() };
            run_over(program, trace, backing, between);
        }
        Source::Auto => run_over(program, trace, Auto::new(), Rc::new(Unknown)),
        Source::LargeAuto { scale } => run_over(program, trace, Auto::new(), Rc::new(Scaled(scale))),
        #[cfg(feature = "virtual-memory")]
        Source::Virtual { ranges, guard } => {
            arenite::Virtual::trim_cache();
            // The smaller the ranges, the sooner a second one is needed, and the more of them come from the cache.
            let backing = arenite::Virtual::new().reserve(usize::from(ranges) << 16).guard(guard);
            run_over(program, trace, backing, Rc::new(world::Ranges));
        }
        #[cfg(all(feature = "mapped", unix))]
        Source::Mapped { contents, room, private } => {
            let file = Temporary::in_memory(&vec![0xB7; contents.into()]);
            let options = MappedOptions::new().reserve(usize::from(room) << 16).step(1);
            let backing = if private { file.open_private(options) } else { file.open_shared(options) };
            run_over(program, trace, backing, Rc::new(world::Finite));
        }
    }
}

fn run_over<B: Backing + 'static>(
    program: &Program,
    trace: Option<&Trace>,
    backing: B,
    world: Rc<dyn World>,
) {
    fn with_min_align<B: Backing + 'static, const M: usize>(
        program: &Program,
        trace: Option<&Trace>,
        backing: B,
        world: Rc<dyn World>,
    ) {
        let mut machine = Machine::<B, M>::new(backing, world, trace.cloned());
        machine.run(&program.ops);
        machine.finish();
    }

    match MIN_ALIGNS[usize::from(program.min_align) % MIN_ALIGNS.len()] {
        1 => with_min_align::<B, 1>(program, trace, backing, world),
        8 => with_min_align::<B, 8>(program, trace, backing, world),
        16 => with_min_align::<B, 16>(program, trace, backing, world),
        _ => with_min_align::<B, 64>(program, trace, backing, world),
    }
}
