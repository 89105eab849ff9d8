//! What threads do, and the schedules under which they do it.

use std::alloc::Layout;
use std::sync::{Arc, OnceLock};

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, Runner, thread};

use crate::global::territory::{Chained, Territory, Virtual};
use crate::global::{Region, ScopedGlobal};
use crate::world::{Inner, Object, World};

/// Schedules of each kind. `ARENITE_SCHEDULES` multiplies them.
fn schedules(count: usize) -> usize {
    let times = std::env::var("ARENITE_SCHEDULES").map_or(1, |text| text.parse().expect("a number"));
    count * times
}

fn explore(scheduler: impl Scheduler + 'static, test: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.silence_warnings = true;
    // A map of segments is made there, before it has its place.
    config.stack_size = 1 << 20;
    Runner::new(scheduler, config).run(test);
}

/// Random schedules, and such as have few switches of threads at bad moments.
fn explore_both(count: usize, test: impl Fn() + Send + Sync + 'static) {
    let test = Arc::new(test);
    let other = Arc::clone(&test);
    explore(RandomScheduler::new_from_seed(1, schedules(count)), move || test());
    explore(PctScheduler::new_from_seed(2, 4, schedules(count)), move || other());
}

fn below(count: usize) -> usize {
    thread_rng().gen_range(0..count)
}

fn layout() -> Layout {
    // Blocks have 1 KiB and lines 64 bytes; above 128 bytes it may be the inner allocator's turn.
    let size = if below(8) == 0 { 1 + below(1500) } else { 1 + below(150) };
    Layout::from_size_align(size, 1 << below(6)).unwrap()
}

/// Allocates, frees, moves and sends, in whatever region the thread is in.
fn step<T: Territory>(world: &World<T>, kept: &mut Vec<Object>) {
    match below(8) {
        0..3 => kept.push(world.alloc(layout(), below(256) as u8, below(4) == 0)),
        3 if !kept.is_empty() => world.send(kept.swap_remove(below(kept.len()))),
        4 if !kept.is_empty() => {
            let object = kept.swap_remove(below(kept.len()));
            let size = if below(2) == 0 { object.size() + 8 } else { 1 + below(200) };
            kept.push(world.realloc(object, size));
        }
        5 => world.receive(below(100)).into_iter().for_each(|object| world.free(object)),
        6 => kept.extend(world.receive(below(100))),
        _ => kept.pop().into_iter().for_each(|object| world.free(object)),
    }
}

/// A thread: steps in regions and outside, while regions end, begin anew, are sent to others and have siblings.
fn work<T: Territory>(world: &World<T>, rounds: usize) {
    let mut kept = Vec::new();
    let mut region = world.global.region();
    for _ in 0..rounds {
        let steps = 1 + below(8);
        match below(9) {
            0 => region = world.global.region(),
            1 => region.reset(),
            2 => region = world.exchange(region, below(100)),
            3 => _ = world.global.trim(),
            4 => (0..steps).for_each(|_| step(world, &mut kept)),
            5 => region.enter(|| {
                let current = world.global.current().expect("the thread is in a region");
                let sibling = current.sibling().expect("there is memory");
                sibling.enter(|| (0..steps).for_each(|_| step(world, &mut kept)));
                step(world, &mut kept);
            }),
            _ => region.enter(|| (0..steps).for_each(|_| step(world, &mut kept))),
        }
        assert!(region.live_bytes() <= region.stats().blocks << 10, "{}", region.stats());
    }
    kept.into_iter().for_each(|object| world.send(object));
    if below(2) == 0 {
        drop(world.exchange(region, below(100)));
    }
}

fn crowd<T: Territory + Send>(world: World<T>, threads: usize, rounds: usize) -> World<T> {
    let world = Arc::new(world);
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let world = Arc::clone(&world);
            thread::spawn(move || work(&world, rounds))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(world.global.current().is_none());
    Arc::into_inner(world).expect("the threads have ended")
}

fn chained() -> &'static ScopedGlobal<Chained, Inner> {
    // A box on the heap from the start: its map is long.
    Box::leak(Box::new(ScopedGlobal::chained_over(Inner::new()).taken_for_installed()))
}

/// A new allocator each time.
#[test]
fn three_threads_over_segments() {
    explore_both(1500, || crowd(World::new(chained()), 3, 6).dismantle());
}

#[test]
fn four_threads_over_segments() {
    explore_both(500, || crowd(World::new(chained()), 4, 10).dismantle());
}

/// One allocator for all runs: whatever one run left in it, the next one finds.
#[test]
fn four_threads_over_a_reserved_range() {
    static GLOBAL: OnceLock<ScopedGlobal<Virtual, Inner>> = OnceLock::new();
    explore_both(1000, || {
        let global = match GLOBAL.get() {
            Some(global) => global,
            // The first run, in which no other thread is there yet.
            None => GLOBAL.get_or_init(|| ScopedGlobal::over(Inner::new()).taken_for_installed()),
        };
        crowd(World::new(global), 4, 6).finish();
    });
}

/// Takes address space for good.
fn reserved() -> &'static ScopedGlobal<Virtual, Inner> {
    Box::leak(Box::new(ScopedGlobal::over(Inner::new()).taken_for_installed()))
}

/// Several threads make the first region at once.
fn first_regions<T: Territory + Send>(global: &'static ScopedGlobal<T, Inner>) -> World<T> {
    let world = Arc::new(World::new(global));
    let make = |world: &World<T>| {
        let region: Region = world.global.region();
        let object = region.enter(|| world.alloc(Layout::new::<[u64; 3]>(), 7, false));
        assert!(region.live_bytes() >= 24, "it came from elsewhere");
        world.send(object);
    };
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let world = Arc::clone(&world);
            thread::spawn(move || make(&world))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    Arc::into_inner(world).expect("the threads have ended")
}

#[test]
fn the_first_regions() {
    explore_both(1000, || first_regions(chained()).dismantle());
    explore(RandomScheduler::new_from_seed(3, 300), || first_regions(reserved()).finish());
    explore(PctScheduler::new_from_seed(4, 4, 300), || first_regions(reserved()).finish());
}

/// Threads have their turns at random. One of them has none any more from some moment on, until no other can go on: it
/// stands where it was stopped.
struct Stopping {
    turns: RandomScheduler,
    victim: TaskId,
    /// Turns that it still has.
    left: u64,
    most: u64,
}

impl Stopping {
    fn new(victim: usize, most: u64, schedules: usize) -> Self {
        let turns = RandomScheduler::new_from_seed(most, schedules);
        Stopping { turns, victim: TaskId::from(victim), left: 0, most }
    }
}

impl Scheduler for Stopping {
    fn new_execution(&mut self) -> Option<Schedule> {
        let schedule = self.turns.new_execution();
        if schedule.is_some() {
            self.left = self.turns.next_u64() % self.most;
        }
        schedule
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        let others: Vec<&Task> = runnable.iter().copied().filter(|task| task.id() != self.victim).collect();
        let stopped = self.left == 0 && !others.is_empty();
        let next = self.turns.next_task(if stopped { &others } else { runnable }, current, is_yielding);
        if next == Some(self.victim) {
            self.left = self.left.saturating_sub(1);
        }
        next
    }

    fn next_u64(&mut self) -> u64 {
        self.turns.next_u64()
    }
}

/// Nobody waits for a thread that was stopped, wherever that was: a child process has only the thread that forked. If
/// somebody did, the schedule would have no end, and shuttle would say so.
#[test]
fn nobody_waits_for_another() {
    for most in [10, 100, 1000] {
        let stop = || Stopping::new(1, most, schedules(700));
        explore(stop(), || crowd(World::new(chained()), 3, 4).dismantle());
        // The first steps of an allocator are those that others might wait for.
        explore(stop(), || first_regions(chained()).dismantle());
        explore(Stopping::new(1, most, 200), || first_regions(reserved()).finish());
    }
}

/// One thread makes, the others free, and nobody else ever looks at the blocks.
#[test]
fn a_producer_and_its_consumers() {
    explore_both(500, || {
        let world = Arc::new(World::new(chained()));
        let consumers: Vec<_> = (0..2)
            .map(|_| {
                let world = Arc::clone(&world);
                thread::spawn(move || {
                    for _ in 0..60 {
                        world.receive(0).into_iter().for_each(|object| world.free(object));
                        thread::yield_now();
                    }
                })
            })
            .collect();
        let region = world.global.region();
        region.enter(|| {
            for number in 0..50 {
                world.send(world.alloc(layout(), number, false));
            }
        });
        consumers.into_iter().for_each(|thread| thread.join().unwrap());
        drop(region);
        Arc::into_inner(world).expect("the threads have ended").dismantle();
    });
}

/// The owner opens holes again that other frees make, before these have counted what they freed: for a while the block has
/// more in use than it is long.
#[test]
fn holes_of_frees_under_way() {
    explore_both(1000, || {
        let world = Arc::new(World::new(chained()));
        let region = world.global.region();
        // Two of them are a line, and 32 a block.
        let make = |number| world.alloc(Layout::from_size_align(32, 8).unwrap(), number, false);
        let mut pieces: Vec<_> = region.enter(|| (0..32).map(make).collect());
        let freed: Vec<_> = pieces.drain(8..24).collect();
        let thread = thread::spawn({
            let world = Arc::clone(&world);
            move || freed.into_iter().for_each(|piece| world.free(piece))
        });
        region.enter(|| pieces.extend((0..40).map(make)));
        thread.join().unwrap();
        pieces.into_iter().for_each(|piece| world.free(piece));
        assert_eq!(region.live_bytes(), 0);
        drop(region);
        Arc::into_inner(world).expect("the thread has ended").dismantle();
    });
}
