//! What the process keeps of memory that nobody uses any more, by the system's own figures.

use std::fs;

use arenite::{Arena, Auto, Backing, ResetMode, Virtual};

use super::process::{makes_no_system_call, resident, set_limit};
use super::{MIB, alone, block, layout, untouched};

/// Bytes that a process needs for itself between two looks.
const SLACK: usize = 3 * MIB;

/// The bytes that a line of a file in `/proc` tells.
fn bytes(line: &str) -> usize {
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}

/// Bytes of private memory that this process may write: what `RLIMIT_DATA` limits.
fn charged() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("/proc is there");
    bytes(status.lines().find_map(|line| line.strip_prefix("VmData:")).expect("a line"))
}

/// Bytes in mappings that strict overcommit counts as used, which may be more: those that were writable once.
fn accounted() -> usize {
    let maps = fs::read_to_string("/proc/self/smaps").expect("/proc is there");
    let (mut size, mut sum) = (0, 0);
    for line in maps.lines() {
        if let Some(line) = line.strip_prefix("Size:") {
            size = bytes(line);
        } else if line.strip_prefix("VmFlags:").is_some_and(|flags| flags.split(' ').any(|flag| flag == "ac"))
        {
            sum += size;
        }
    }
    sum
}

fn fill<B: Backing>(arena: &Arena<B>, mib: usize) {
    for _ in 0..mib {
        block(arena, MIB);
    }
}

#[test]
fn a_large_arena_that_is_dropped_leaves_little() {
    alone("virtual_memory::stays::a_large_arena_that_is_dropped_leaves_little", || {
        let (resident_before, charged_before) = (resident(), charged());
        for round in 0..3 {
            let arena = Arena::new();
            fill(&arena, 220);
            assert!(resident() >= resident_before + 219 * MIB);
            drop(arena);
            let (kept, charge) = (resident() - resident_before, charged() - charged_before);
            assert!(kept <= 68 * MIB + SLACK, "{} MiB are kept, round {round}", kept / MIB);
            assert!(charge <= 68 * MIB + SLACK, "{} MiB are charged, round {round}", charge / MIB);
        }
        Virtual::trim_cache();
        assert!(resident() <= resident_before + SLACK);
        assert!(charged() <= charged_before + SLACK);
    });
}

#[test]
fn many_arenas_that_are_dropped_leave_a_quarter() {
    alone("virtual_memory::stays::many_arenas_that_are_dropped_leave_a_quarter", || {
        let before = resident();
        let arenas: Vec<_> = (0..30).map(|_| Arena::new()).collect();
        arenas.iter().for_each(|arena| fill(arena, 15));
        drop(arenas);
        let kept = resident() - before;
        // A quarter of 450 MiB, and two for each of the 16.
        assert!(kept <= (113 + 32) * MIB + SLACK, "{} MiB are kept", kept / MIB);
    });
}

/// After 700 MiB were used and given back in some way, others get as much where a GiB is all there is.
fn gives_back_what_is_charged(test: &str, use_and_give_back: impl FnOnce(&dyn Fn())) {
    alone(test, || {
        set_limit(libc::RLIMIT_DATA, 1 << 30);
        let before = (charged(), accounted());
        assert!(before.1 > 0, "what is counted was not found");
        use_and_give_back(&|| {
            let kept = charged().saturating_sub(before.0);
            assert!(kept <= 68 * MIB, "{} MiB are charged still", kept / MIB);
            let kept = accounted().saturating_sub(before.1);
            assert!(kept <= 68 * MIB, "{} MiB are accounted still", kept / MIB);
            let mut others: Vec<u8> = Vec::new();
            others.try_reserve_exact(700 * MIB).expect("room for others");
            let arena: Arena<_> = Arena::new_in(arenite::Chained::new());
            drop(others);
            untouched(&arena, 700 * MIB);
        });
    });
}

#[test]
fn a_dropped_arena_is_not_charged() {
    gives_back_what_is_charged("virtual_memory::stays::a_dropped_arena_is_not_charged", |check| {
        for _ in 0..2 {
            let arena = Arena::new();
            untouched(&arena, 700 * MIB);
            assert_eq!(arena.stats().backing, "auto (virtual)");
            drop(arena);
            check();
        }
        // In many ranges, none of which is large.
        for _ in 0..2 {
            let arenas: Vec<_> = (0..20).map(|_| Arena::new()).collect();
            for arena in &arenas {
                untouched(arena, 35 * MIB);
            }
            drop(arenas);
            check();
        }
    });
}

#[test]
fn an_arena_that_gave_all_back_is_not_charged() {
    gives_back_what_is_charged(
        "virtual_memory::stays::an_arena_that_gave_all_back_is_not_charged",
        |check| {
            fn rounds<B: Backing>(mut arena: Arena<B>, check: &dyn Fn()) {
                for mode in [ResetMode::FreeAll, ResetMode::RetainLimit(MIB), ResetMode::FreeAll] {
                    untouched(&arena, 700 * MIB);
                    arena.reset_with(mode);
                    check();
                    // What was given back is memory again, and zero.
                    super::check_zero(super::zeroed(&arena, 3 * MIB));
                    arena.reset_with(mode);
                }
            }
            rounds(Arena::new_in(Virtual::new()), check);
            rounds(Arena::new_in(Virtual::low_memory()), check);
            rounds(Arena::new_in(Auto::new()), check);
        },
    );
}

#[test]
fn a_range_that_is_used_for_less_fades() {
    alone("virtual_memory::stays::a_range_that_is_used_for_less_fades", || {
        let before = resident();
        fill(&Arena::<_, 8>::new_in(Virtual::new()), 60);
        assert!(resident() >= before + 59 * MIB, "what a round of that size may want again");
        for _ in 0..30 {
            block(&Arena::<_, 8>::new_in(Virtual::new()), 100);
        }
        let kept = resident() - before;
        assert!(kept <= 4 * MIB + SLACK, "{} MiB are kept", kept / MIB);
    });
}

#[test]
fn ranges_that_nobody_takes_again_go() {
    alone("virtual_memory::stays::ranges_that_nobody_takes_again_go", || {
        let before = resident();
        let arenas: Vec<Arena<Virtual>> = (0..10).map(|_| Arena::new_in(Virtual::new())).collect();
        arenas.iter().for_each(|arena| fill(arena, 6));
        drop(arenas);
        assert!(resident() >= before + 50 * MIB);
        for _ in 0..300 {
            block(&Arena::<_, 8>::new_in(Virtual::new()), 100);
        }
        let kept = resident() - before;
        assert!(kept <= 8 * MIB + SLACK, "{} MiB are kept", kept / MIB);
    });
}

#[test]
fn a_large_block_again_and_again_asks_the_system_for_nothing() {
    fn round<B: Backing>(arena: Arena<B>) {
        let block = arena.try_alloc_layout(layout(64 * MIB)).expect("memory");
        // SAFETY: the block is ours, and has more bytes.
        unsafe { block.write(1) };
    }
    let checks = [
        makes_no_system_call(|| round(Arena::new_in(Virtual::new()))),
        makes_no_system_call(|| round(Arena::new_in(Virtual::low_memory()))),
        makes_no_system_call(|| round(Arena::new_in(Auto::new()))),
    ];
    assert!(checks.iter().all(|&check| check != Some(false)), "{checks:?}");
}
