//! Blocks of the territory: frees by anybody against everything that whoever has the token does.
//!
//! A block has four lines of sixteen bytes here.

mod world;

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use crate::global::stack::{NONE, Stack};
use crate::sync::atomic::AtomicU32;
use crate::{explore, explore_to};
use world::{Object, Region, World};

const A: usize = 10;
const B: usize = 20;

/// Another thread, which frees these.
fn frees(world: &Arc<World>, objects: impl IntoIterator<Item = Object>) -> JoinHandle<()> {
    let (world, objects) = (Arc::clone(world), objects.into_iter().collect::<Vec<_>>());
    thread::spawn(move || objects.into_iter().for_each(|object| world.free(object)))
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Objects of these sizes out of the first block, whole.
fn fill<const N: usize>(region: &mut Region<'_>, sizes: [usize; N]) -> [Object; N] {
    region.begin(0);
    sizes.map(|bytes| region.alloc(bytes).expect("together no longer than a block"))
}

/// Every order in which threads can come by each other, from where a region `A` has objects of these sizes in the first block, to
/// where nothing may be lost.
fn scene<const N: usize>(
    sizes: [usize; N],
    test: impl Fn(&Arc<World>, Region<'_>, [Object; N]) + Sync + Send + 'static,
) {
    scene_to(3, 1, sizes, test);
}

/// The same with this many preemptions, and this many blocks.
fn scene_to<const N: usize>(
    preemptions: usize,
    blocks: usize,
    sizes: [usize; N],
    test: impl Fn(&Arc<World>, Region<'_>, [Object; N]) + Sync + Send + 'static,
) {
    explore_to(preemptions, move || {
        let world = Arc::new(World::new(blocks));
        let mut region = Region::new(&world, A);
        let objects = fill(&mut region, sizes);
        test(&world, region, objects);
        world.audit();
    });
}

/// The owner opens holes again, and hands them out, while others free what is beside them.
#[test]
fn frees_against_the_owner_who_looks_for_holes() {
    scene([32, 8, 24], |world, mut region, [first, second, third]| {
        // The first lies in two lines, which are free at once or not at all.
        let threads = [frees(world, [first]), frees(world, [third])];
        let mut mine = vec![second];
        for _ in 0..2 {
            if region.reopen(0, 16) {
                mine.extend(region.alloc(16));
            }
        }
        let last = mine.pop();
        mine.into_iter().for_each(|object| assert!(region.free(object)));
        join(threads);
        assert!(region.reopen(0, 16) && last.is_some());
        region.end();
        if let Some(object) = last {
            world.free(object);
        }
    });
}

/// What is opened anew is freed by another thread again: the count goes on sinking, unless it is folded.
#[test]
fn holes_go_round() {
    scene([16, 48], |world, mut region, [kept, mut gone]| {
        for _ in 0..3 {
            let thread = frees(world, [gone]);
            let early = region.reopen(0, 32).then(|| region.alloc(32)).flatten();
            join([thread]);
            gone = match early {
                Some(object) => object,
                None => region.reopen(0, 48).then(|| region.alloc(48)).flatten().expect("all but a line"),
            };
        }
        assert!(region.free(kept));
        region.end();
        world.free(gone);
    });
}

/// A region ends while others free: exactly one has the block then.
#[test]
fn frees_against_the_end_of_a_region() {
    scene([24, 16, 24], |world, region, [first, _, third]| {
        let threads = [frees(world, [first]), frees(world, [third])];
        region.end();
        join(threads);
    });
}

/// Everything is freed by others while the region ends: the block must not be lost, nor be listed twice.
#[test]
fn the_last_free_against_the_end_of_a_region() {
    scene([56, 8], |world, region, [first, second]| {
        let threads = [frees(world, [first]), frees(world, [second])];
        region.end();
        if let Some(clear) = world.pop(&world.free) {
            let mut next = Region::new(world, B);
            next.begin(clear.block().index() as usize);
            let all = next.alloc(64).expect("a clear block");
            assert!(next.free(all));
            next.end();
        }
        join(threads);
    });
}

/// Others free all that there is, and the owner hands the block out as a new one: no line of it is a hole then.
#[test]
fn the_last_free_against_the_owner() {
    scene([56, 8], |world, mut region, [first, second]| {
        let threads = [frees(world, [first]), frees(world, [second])];
        let all = region.reopen(0, 64).then(|| region.alloc(64)).flatten();
        join(threads);
        if let Some(all) = all {
            // What others freed counts only if some of it is of this life of the block.
            let (unit, rest) = (Object { bytes: 8, ..all }, Object { offset: 8, bytes: 56, ..all });
            world.free(unit);
            assert!(!region.has_hole(0));
            assert!(region.free(rest));
        }
        region.end();
    });
}

/// What is left behind is freed while somebody takes it off the list, who may find it empty.
#[test]
fn the_last_free_against_adoption() {
    scene([8, 24], |world, region, [first, second]| {
        region.end();
        let threads = [frees(world, [first]), frees(world, [second])];
        let mut next = Region::new(world, B);
        let all = next.adopt(64).and_then(|_| next.alloc(64));
        join(threads);
        if let Some(all) = all {
            assert!(!next.has_hole(0));
            assert!(next.free(all));
        }
        next.end();
    });
}

/// The one who gets the token of an orphan lists it; it is adopted at once, while its region is still ending.
#[test]
fn an_orphan_finds_a_new_region() {
    scene([40, 24], |world, region, [first, _]| {
        let thread = thread::spawn({
            let world = Arc::clone(world);
            move || {
                world.free(first);
                let mut next = Region::new(&world, B);
                if next.adopt(16).is_some() {
                    let object = next.alloc(16).expect("a hole of two lines");
                    assert!(next.free(object), "the block is this region's");
                }
                next.end();
            }
        });
        region.end();
        join([thread]);
    });
}

/// A new region opens what an old one left behind, while others free it.
#[test]
fn frees_against_adoption() {
    scene_to(2, 1, [16, 8, 24, 16], |world, region, [first, second, third, fourth]| {
        world.free(fourth);
        region.end();
        let threads = [frees(world, [first]), frees(world, [third])];
        let mut next = Region::new(world, B);
        assert_eq!(next.adopt(16), Some(0));
        let mut mine = vec![next.alloc(16).expect("a line at least")];
        if next.reopen(0, 16) {
            mine.extend(next.alloc(16));
        }
        assert!(next.free(mine[0]));
        assert!(next.free(second));
        join(threads);
        next.end();
        mine[1..].iter().for_each(|&object| world.free(object));
    });
}

/// What is left behind is freed while somebody looks for what is empty.
#[test]
fn the_last_free_against_trim() {
    scene([32, 24, 8], |world, region, [first, second, third]| {
        region.end();
        world.free(first);
        let threads = [frees(world, [second]), frees(world, [third])];
        world.trim();
        if let Some(clear) = world.pop(&world.free) {
            let mut next = Region::new(world, B);
            next.begin(clear.block().index() as usize);
            let all = next.alloc(64).expect("a clear block");
            assert!(next.free(all));
            next.end();
        }
        join(threads);
    });
}

/// The window is all that its owner has of a block, while others free the rest.
#[test]
fn the_last_free_against_the_end_of_a_window() {
    scene([24, 8], |world, region, [first, second]| {
        let threads = [frees(world, [first]), frees(world, [second])];
        region.end();
        if let Some(clear) = world.pop(&world.free) {
            let mut next = Region::new(world, B);
            next.begin(clear.block().index() as usize);
            let all = next.alloc(64).expect("a clear block");
            let (unit, rest) = (Object { bytes: 8, ..all }, Object { offset: 8, bytes: 56, ..all });
            world.free(unit);
            assert!(!next.has_hole(clear.block().index() as usize));
            assert!(next.free(rest));
            next.end();
        }
        join(threads);
    });
}

/// There is no whole line free: whoever adopts the block lets it go again at once, for a free to bring one.
#[test]
fn frees_against_a_barren_block() {
    scene_to(2, 1, [8, 24, 24, 8], |world, region, [first, second, third, fourth]| {
        world.free(first);
        world.free(fourth);
        region.end();
        let threads = [frees(world, [second]), frees(world, [third])];
        let mut next = Region::new(world, B);
        let adopted = next.adopt(16).and_then(|_| next.alloc(16));
        next.end();
        join(threads);
        if let Some(object) = adopted {
            world.free(object);
        }
    });
}

/// Two want what one has left behind, while a third frees the rest of it.
#[test]
fn two_adopters() {
    scene_to(2, 1, [32, 16], |world, region, [first, second]| {
        region.end();
        let thread = frees(world, [first]);
        let adopter = |core| {
            let world = Arc::clone(world);
            move || {
                let mut next = Region::new(&world, core);
                if next.adopt(16).is_some() {
                    let object = next.alloc(16).expect("a line at least");
                    assert!(next.free(object));
                }
                next.end();
            }
        };
        let other = thread::spawn(adopter(B));
        adopter(A)();
        join([thread, other]);
        world.free(second);
    });
}

/// A region's identity is used again by another thread, which frees what the first has left behind: it must not take the
/// block for its own.
#[test]
fn the_core_of_a_region_is_used_again() {
    scene_to(3, 2, [32, 32], |world, region, [first, second]| {
        let (cores, link) = (Arc::new(Stack::new()), Arc::new(AtomicU32::new(NONE)));
        let thread = thread::spawn({
            let (world, cores, link) = (Arc::clone(world), Arc::clone(&cores), Arc::clone(&link));
            move || {
                let core = cores.pop(|_| &link).map_or(B, |core| core as usize);
                let mut next = Region::new(&world, core);
                next.begin(1);
                let object = next.alloc(16).expect("a new block");
                assert!(!next.free(first), "the block of another region");
                next.free(object);
                next.end();
            }
        });
        region.end();
        cores.push(A as u32, &link);
        join([thread]);
        world.free(second);
    });
}

/// Numbers are taken off and put on again between a look at the top and the removal of it.
#[test]
fn what_is_taken_off_a_stack_is_nobody_elses() {
    explore(|| {
        let stack = Arc::new((Stack::new(), [0; 3].map(|_| AtomicU32::new(NONE))));
        (0..3).for_each(|number| stack.0.push(number, &stack.1[number as usize]));
        let pop = |stack: &(Stack, [AtomicU32; 3])| stack.0.pop(|number| &stack.1[number as usize]);
        let thread = thread::spawn({
            let stack = Arc::clone(&stack);
            move || {
                let taken = [pop(&stack), pop(&stack)];
                // The one that was on top goes back, the one below does not.
                if let Some(number) = taken[0] {
                    stack.0.push(number, &stack.1[number as usize]);
                }
                taken[1]
            }
        });
        let mine = pop(&stack);
        let others = thread.join().unwrap();
        let mut all: Vec<_> = std::iter::from_fn(|| pop(&stack)).chain(mine).chain(others).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    });
}

/// Three threads take off and put on.
#[test]
fn a_stack_keeps_everything() {
    explore(|| {
        let stack = Arc::new((Stack::new(), [0; 2].map(|_| AtomicU32::new(NONE))));
        (0..2).for_each(|number| stack.0.push(number, &stack.1[number as usize]));
        let work = |stack: Arc<(Stack, [AtomicU32; 2])>| {
            move || {
                if let Some(number) = stack.0.pop(|number| &stack.1[number as usize]) {
                    stack.0.push(number, &stack.1[number as usize]);
                }
            }
        };
        let others = [thread::spawn(work(Arc::clone(&stack))), thread::spawn(work(Arc::clone(&stack)))];
        work(Arc::clone(&stack))();
        join(others);
        let mut all: Vec<_> =
            std::iter::from_fn(|| stack.0.pop(|number| &stack.1[number as usize])).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1]);
    });
}
