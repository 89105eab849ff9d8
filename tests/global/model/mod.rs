//! Random programs on one thread, against an oracle that knows what is in use, where it came from, and what it holds.

mod world;

use std::panic::{self, AssertUnwindSafe};

use crate::GLOBAL;
use crate::child_process;
use crate::random::Random;
use world::World;

/// How deep regions are entered.
const DEEP: usize = 4;

/// Some operations, in whatever regions the thread is in; `inside` names the innermost.
fn run(world: &mut World, random: &mut Random, depth: usize, inside: Option<usize>, steps: usize) {
    for _ in 0..steps {
        if !world.goes_on() {
            return;
        }
        let slot = random.below(world.slots());
        match random.below(100) {
            0..35 => world.alloc(random, inside),
            35..60 => world.free(random),
            60..75 => world.realloc(random, inside),
            75..79 => world.alloc_through(random, slot),
            79..84 => world.check_contents(),
            84 => world.make(random, slot),
            85 => world.drop_region(slot),
            86 => world.reset(slot),
            87 => world.reclaim(slot),
            88 => _ = GLOBAL.trim(),
            89 => world.sibling(slot, inside),
            90..92 if depth < DEEP => {
                GLOBAL.outside(|| run(world, random, depth + 1, None, 20));
            }
            92..100 if depth < DEEP => enter(world, random, depth, slot),
            _ => {}
        }
        world.verify();
    }
}

/// Enters a region, and leaves it again, now and then by a panic.
fn enter(world: &mut World, random: &mut Random, depth: usize, slot: usize) {
    let Some(region) = world.entered(slot) else { return };
    let panics = random.below(4) == 0;
    let left = panic::catch_unwind(AssertUnwindSafe(|| {
        region.enter(|| {
            run(world, random, depth + 1, Some(slot), 100);
            if panics {
                panic::resume_unwind(Box::new(depth));
            }
        });
    }));
    assert_eq!(left.is_err(), panics, "a panic that was not meant");
    world.left(slot, region, panics);
}

fn programs(seeds: std::ops::Range<u64>, steps: usize) {
    for seed in seeds {
        let mut random = Random::new(seed);
        let mut world = World::new(steps);
        println!("seed {seed}");
        run(&mut world, &mut random, 0, None, steps);
        world.end(&mut random);
    }
}

/// In a process of its own, in which nobody else has regions.
#[test]
fn random_programs() {
    child_process::expect("model::random_programs", || programs(0..60, 500), succeeded);
}

#[test]
fn long_random_programs() {
    child_process::expect("model::long_random_programs", || programs(1000..1004, 8000), succeeded);
}

fn succeeded(ended: &child_process::Ended) {
    assert!(ended.success, "{}", ended.text);
}
