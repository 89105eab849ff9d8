//! What arenas keep, and what they say of it: random programs of rounds, scopes, limits and resets, each run again and again,
//! against what the system says is present.

use std::cell::Cell;
use std::mem::{self, MaybeUninit};
use std::ops::Range;
use std::slice;

use allocator_api2::alloc::{Allocator, Global};
#[cfg(feature = "mapped")]
use arenite::Mapped;
use arenite::wrap::Counting;
use arenite::{Arena, Auto, Backing, Chained, Fixed, ResetMode, Virtual};

use super::process::{apart, page_size, resident};
use super::{MIB, check_zero, layout};
use crate::random::Random;

/// What a process needs for itself, a huge page that is touched in part, and what is granted before it is needed.
const SLACK: usize = 4 * MIB;

/// What a process needs for itself, and a huge page that is touched in part.
const STATS_SLACK: usize = 2 * MIB + MIB / 4;

/// How many rounds of one program.
const CYCLES: usize = 40;

/// What a program has in use.
#[derive(Default)]
struct Use {
    now: Cell<usize>,
    most: Cell<usize>,
    blocks: Cell<usize>,
}

impl Use {
    fn add(&self, bytes: usize) {
        self.now.set(self.now.get() + bytes);
        self.most.set(self.most.get().max(self.now.get()));
    }
}

/// The sizes of one program: few, so that blocks, chunks and limits of the same size meet.
struct Sizes([usize; 3]);

impl Sizes {
    fn new(random: &mut Random) -> Self {
        let mut sizes = [(); 3].map(|()| {
            let size = 1 << random.between(12, 20);
            if random.below(2) == 0 { size } else { size + random.below(1 << 15) / 8 * 8 }
        });
        if random.below(3) == 0 {
            sizes = [sizes[0]; 3];
        }
        Sizes(sizes)
    }

    fn pick(&self, random: &mut Random) -> usize {
        self.0[random.below(3)]
    }
}

/// Takes a block, if there is memory for it, and touches its pages. One in four is to be zero.
fn touch<B: Backing>(arena: &Arena<B>, bytes: usize, all: &Use) {
    all.blocks.set(all.blocks.get() + 1);
    if all.blocks.get() % 4 == 0 {
        let Ok(block) = arena.allocate_zeroed(layout(bytes)) else { return };
        // SAFETY: a block of that many bytes, initialised, which is nobody else's.
        check_zero(unsafe { slice::from_raw_parts_mut(block.cast().as_ptr(), bytes) });
        return all.add(bytes);
    }
    let Ok(block) = arena.try_alloc_uninit_slice::<u8>(bytes) else { return };
    for byte in block.iter_mut().step_by(page_size()) {
        byte.write(1);
    }
    all.add(bytes);
}

/// Room that is asked for beforehand counts as in use, if there is memory for it.
fn reserve<B: Backing>(arena: &Arena<B>, bytes: usize, all: &Use) {
    if arena.try_reserve(bytes).is_ok() {
        all.add(bytes);
        all.now.set(all.now.get() - bytes);
    }
}

fn steps<B: Backing>(arena: &Arena<B>, random: &mut Random, sizes: &Sizes, depth: usize, all: &Use) {
    for _ in 0..random.between(1, 4) {
        let before = all.now.get();
        match random.below(8) {
            0 | 1 if depth < 3 => {
                arena.scope(|inner| steps(inner, random, sizes, depth + 1, all));
                all.now.set(before);
            }
            2 | 3 if depth < 3 => {
                let child = arena.child();
                touch(&child, sizes.pick(random) >> random.below(2), all);
                let of_child = all.now.get() - before;
                if random.below(2) == 0 {
                    reserve(arena, sizes.pick(random), all);
                }
                touch(arena, sizes.pick(random) >> random.below(2), all);
                if random.below(4) == 0 {
                    mem::forget(child);
                } else {
                    all.now.set(all.now.get() - of_child);
                }
            }
            // Each takes over from the one before, whose memory is free then.
            4 if depth < 3 => {
                let mut previous = arena.child();
                let size = sizes.pick(random);
                touch(&previous, size, all);
                for _ in 0..random.below(24) {
                    let had = all.now.get();
                    let next = arena.child();
                    touch(&next, size, all);
                    let more = all.now.get() - had;
                    previous = next;
                    all.now.set(before + more);
                }
                drop(previous);
                all.now.set(before);
            }
            5 => reserve(arena, sizes.pick(random), all),
            _ => touch(arena, sizes.pick(random), all),
        }
    }
}

fn reset<B: Backing>(arena: &mut Arena<B>, random: &mut Random, sizes: &Sizes) {
    match random.below(8) {
        0..3 => arena.reset_with(ResetMode::RetainLimit(sizes.pick(random) * [1, 1, 2][random.below(3)])),
        3 => arena.reset_with(ResetMode::Decay),
        4 if random.below(3) == 0 => arena.reset_with(ResetMode::FreeAll),
        _ => arena.reset(),
    }
}

/// Runs one program again and again, and shows `look` the arena and the most that was in use so far, before and after each
/// reset.
fn run<B: Backing>(
    seed: u64,
    new: impl FnOnce() -> Arena<B>,
    mut look: impl FnMut(&mut Arena<B>, usize),
) -> Arena<B> {
    let mut random = Random::new(seed);
    let sizes = Sizes::new(&mut random);
    let mut arena = new();
    let all = Use::default();
    if random.below(3) == 0 {
        arena = arena.limit(sizes.0.iter().sum::<usize>() * random.between(1, 3));
    }
    if random.below(2) == 0 {
        reserve(&arena, sizes.pick(&mut random), &all);
    }
    let (begin, period) = (random.next(), random.between(1, 3));
    for _ in 0..CYCLES {
        let mut random = Random::new(begin);
        for _ in 0..period {
            steps(&arena, &mut random, &sizes, 0, &all);
            look(&mut arena, all.most.get());
            reset(&mut arena, &mut random, &sizes);
            all.now.set(0);
            look(&mut arena, all.most.get());
        }
    }
    arena
}

/// Bytes of a chunk's record.
const RECORD: usize = 64;

/// Runs programs over arenas whose memory the system counts for this process.
pub(crate) fn check_resident<B: Backing>(seeds: Range<u64>, new: impl Fn() -> Arena<B>) {
    for seed in seeds {
        Virtual::trim_cache();
        let before = resident();
        run(seed, &new, |arena, most| {
            let stats = arena.stats();
            let said = stats.committed + stats.chunks * RECORD + stats.idle;
            let (bound, said) = (4 * most + SLACK, said + STATS_SLACK);
            let mut present = resident().saturating_sub(before);
            if present > bound.min(said) {
                // What a full range left in the cache is no arena's.
                Virtual::trim_cache();
                present = resident().saturating_sub(before);
            }
            assert!(
                present <= bound,
                "seed {seed}: {present} are present, of at most {most} in use: {stats}"
            );
            assert!(
                present <= said,
                "seed {seed}: {present} are present, and no more than {said} are told: {stats}"
            );
        });
    }
}

#[test]
fn the_default_keeps_a_few_times_what_was_in_use() {
    apart(|| check_resident(40..60, Arena::<Auto>::new));
    apart(|| check_resident(170..180, Arena::<Auto>::new));
    apart(|| check_resident(225..230, Arena::<Auto>::new));
}

#[test]
fn one_range_keeps_a_few_times_what_was_in_use() {
    apart(|| check_resident(0..10, || Arena::new_in(Virtual::new())));
    // Ranges that are full again and again.
    apart(|| check_resident(0..10, || Arena::new_in(Virtual::new().reserve(MIB))));
}

/// What chunks a base allocator gave, and has not got back, is known to a byte.
#[test]
fn chunks_are_no_more_than_what_is_told() {
    for seed in 0..20 {
        let base = Counting::new(Global);
        run(
            seed,
            || Arena::new_in(Chained::new_in(&base)),
            |arena, most| {
                let (stats, live) = (arena.stats(), base.counts().bytes_live);
                assert!(live <= 4 * most + SLACK, "seed {seed}: {live} of {most}: {stats}");
                assert_eq!(live, stats.reserved, "seed {seed}: {stats}");
                // Blocks are whole units of 16 bytes.
                let usable = stats.committed + stats.chunks * RECORD;
                assert!((usable..usable + stats.chunks * 16 + 1).contains(&live), "seed {seed}: {stats}");
            },
        );
    }
}

#[test]
fn a_buffer_is_whole_again() {
    const BYTES: usize = 8 * MIB;
    let mut buffer = vec![MaybeUninit::uninit(); BYTES];
    for seed in 0..20 {
        let mut arena = run(
            seed,
            || Arena::new_in(Fixed::new(&mut buffer)),
            |arena, _| {
                assert!(arena.stats().committed <= BYTES);
            },
        );
        arena.set_allocation_limit(None);
        arena.reset();
        assert_eq!(arena.try_reserve(BYTES - 64), Ok(()), "seed {seed}");
    }
}

#[test]
#[cfg(feature = "mapped")]
fn a_private_copy_keeps_a_few_times_what_was_in_use() {
    apart(|| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        // SAFETY: nobody else knows the file.
        let private = || unsafe { Mapped::private(file.path()) }.expect("a file that is there");
        check_resident(0..10, || Arena::new_in(private()));
    });
}

#[test]
#[cfg(feature = "mapped")]
fn a_file_is_no_longer_than_what_is_told() {
    for seed in 0..10 {
        let file = tempfile::NamedTempFile::new().expect("a file");
        // SAFETY: nobody else knows the file.
        let create = || unsafe { Mapped::create(file.path()) }.expect("a new file");
        run(
            seed,
            || Arena::new_in(create()),
            |arena, most| {
                let stats = arena.stats();
                let length = file.path().metadata().expect("a file").len() as usize;
                assert!(length <= 4 * most + SLACK, "seed {seed}: {length} of {most}: {stats}");
                assert!(
                    length <= stats.committed + stats.chunks * RECORD + stats.idle,
                    "seed {seed}: {stats}"
                );
            },
        );
    }
}

/// None fits where the one before the last was, which is given back as the limit leaves no room for three.
#[test]
fn children_that_take_over_from_each_other_each_larger_than_the_last() {
    apart(|| {
        const FIRST: usize = 256 << 10;
        Virtual::trim_cache();
        let before = resident();
        let arena: Arena<Auto> = Arena::new().limit(5 * FIRST / 2);
        // The parent's own window is lent, so that each child takes a chunk.
        arena.reserve(1000);
        let rest = arena.child();
        let mut last = None;
        for number in 0..200 {
            let bytes = FIRST + 64 * number;
            let child = arena.child();
            child.reserve(bytes);
            touch(&child, bytes, &Use::default());
            last = Some(child);
        }
        let (present, stats) = (resident().saturating_sub(before), arena.stats());
        assert!(present <= 4 * 5 * FIRST / 2 + MIB, "{present} are present: {stats}");
        assert!(present <= stats.committed + stats.idle + MIB, "{present} are present: {stats}");
        drop((last, rest));
    });
}

/// A request beyond the limit has what children left given back, although it fails: it is no chunk any more at the reset.
#[test]
fn what_came_back_before_a_reset_is_not_kept_by_it() {
    fn check<B: Backing>(new: impl Fn() -> Arena<B>, mode: ResetMode) {
        apart(|| {
            Virtual::trim_cache();
            let before = resident();
            let mut arena = new().limit(40 * MIB);
            arena.reserve(1000);
            let rest = arena.child();
            let child = arena.child();
            touch(&child, 30 * MIB, &Use::default());
            assert!(resident() >= before + 20 * MIB);
            drop(child);
            assert!(arena.try_reserve(50 * MIB).is_err());
            drop(rest);
            assert!(arena.stats().committed < MIB && arena.stats().idle >= 20 * MIB, "{}", arena.stats());
            for _ in 0..20 {
                arena.reset_with(mode);
            }
            let (present, stats) = (resident().saturating_sub(before), arena.stats());
            assert!(present <= 4 * MIB && stats.idle <= 2 * MIB, "{mode:?}: {present} are present: {stats}");
        });
    }
    for mode in [ResetMode::RetainLimit(2 * MIB), ResetMode::Decay, ResetMode::FreeAll] {
        check(Arena::<Auto>::new, mode);
        check(|| Arena::new_in(Virtual::new()), mode);
    }
}
