//! Random programs on one thread, against an oracle that knows what is in use, where it came from, and what it holds.

#[cfg(test)]
mod tests;
mod world;

use std::panic::{self, AssertUnwindSafe};

use crate::GLOBAL;
use crate::choices::Choices;
use world::World;

/// How deep regions are entered.
const DEEP: usize = 4;

/// One program of at most so many operations. Nobody else has regions meanwhile.
pub(crate) fn run(choices: &mut dyn Choices, steps: usize) {
    let mut world = World::new(steps);
    perform(&mut world, choices, 0, None, steps);
    world.end(choices);
}

/// Some operations, in whatever regions the thread is in; `inside` names the innermost.
fn perform(world: &mut World, choices: &mut dyn Choices, depth: usize, inside: Option<usize>, steps: usize) {
    for _ in 0..steps {
        if !world.goes_on() || choices.is_done() {
            return;
        }
        let slot = choices.below(world.slots());
        match choices.below(100) {
            0..35 => world.alloc(choices, inside),
            35..60 => world.free(choices),
            60..75 => world.realloc(choices, inside),
            75..79 => world.alloc_through(choices, slot),
            79..84 => world.check_contents(),
            84 => world.make(choices, slot),
            85 => world.drop_region(slot),
            86 => world.reset(slot),
            87 => world.reclaim(slot),
            88 => _ = GLOBAL.trim(),
            89 => world.sibling(slot, inside),
            90..92 if depth < DEEP => {
                GLOBAL.outside(|| perform(world, choices, depth + 1, None, 20));
            }
            92..100 if depth < DEEP => enter(world, choices, depth, slot),
            _ => {}
        }
        world.verify();
    }
}

/// Enters a region, and leaves it again, now and then by a panic.
fn enter(world: &mut World, choices: &mut dyn Choices, depth: usize, slot: usize) {
    let Some(region) = world.entered(slot) else { return };
    let panics = choices.below(4) == 0;
    let left = panic::catch_unwind(AssertUnwindSafe(|| {
        region.enter(|| {
            perform(world, choices, depth + 1, Some(slot), 100);
            if panics {
                panic::resume_unwind(Box::new(depth));
            }
        });
    }));
    assert_eq!(left.is_err(), panics, "a panic that was not meant");
    world.left(slot, region, panics);
}
