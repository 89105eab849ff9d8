//! What the modes of reset keep, and what the system gets back.

use arenite::{Arena, ResetMode, Virtual};

#[cfg(not(arenite_asan))]
use super::process::makes_no_system_call;
use super::process::{apart, resident};
use super::{MIB, arena, block, check_zero, zeroed};

/// Bytes that a process needs for itself between two looks.
const SLACK: usize = 3 * MIB;

// Zeal builds fill what is free with junk, and AddressSanitizer's shadow is memory, too: neither says what is present.
#[test]
#[cfg(not(any(arenite_zeal, arenite_asan)))]
fn zeroed_memory_that_is_fresh_is_not_touched() {
    apart(|| {
        Virtual::trim_cache();
        for arena in [arena(), Arena::new_in(Virtual::low_memory().reserve(256 * MIB))] {
            block(&arena, 1000);
            let before = resident();
            let bytes = zeroed(&arena, 64 * MIB);
            assert!(resident() < before + MIB, "{} bytes came into being", resident() - before);
            check_zero(bytes);
            assert!(resident() >= before + 64 * MIB);
        }
    });
}

fn after_a_large_round(mode: ResetMode) -> (usize, usize) {
    // A range that another test left in the cache has its pages already.
    Virtual::trim_cache();
    let mut arena = arena();
    block(&arena, MIB);
    let before = resident();
    block(&arena, 64 * MIB);
    let full = resident();
    assert!(full >= before + 60 * MIB);
    arena.reset_with(mode);
    (full, resident())
}

#[test]
fn retain_keeps_the_pages() {
    apart(|| {
        let (full, after) = after_a_large_round(ResetMode::Retain);
        assert!(after + SLACK >= full, "{after} are left of {full}");
    });
}

#[test]
#[cfg(not(any(arenite_zeal, arenite_asan)))]
fn the_other_modes_give_them_back() {
    for mode in [ResetMode::FreeAll, ResetMode::RetainLimit(2 * MIB)] {
        apart(|| {
            let (full, after) = after_a_large_round(mode);
            assert!(after + 60 * MIB <= full, "{mode:?}: {after} are left of {full}");
        });
    }
}

#[test]
fn free_all_gives_every_range_back() {
    apart(|| {
        Virtual::trim_cache();
        let mut arena: Arena<_> = Arena::new_in(Virtual::new().reserve(8 * MIB).prefault(4 * MIB));
        let before = resident();
        for _ in 0..10 {
            block(&arena, 6 * MIB);
        }
        assert!(resident() >= before + 60 * MIB);
        arena.reset_with(ResetMode::FreeAll);
        assert!(resident() <= before + SLACK, "{} bytes are left", resident() - before);
    });
}

#[test]
fn the_default_gives_everything_back() {
    apart(|| {
        Virtual::trim_cache();
        let before = resident();
        let mut arena = Arena::new();
        block(&arena, 64 * MIB);
        arena.reset_with(ResetMode::FreeAll);
        assert!(resident() <= before + SLACK, "{} bytes are left", resident() - before);
    });
}

#[test]
fn decay_lets_go_of_a_large_round_after_a_few_small_ones() {
    apart(|| {
        Virtual::trim_cache();
        let mut arena = arena();
        block(&arena, MIB);
        arena.reset_with(ResetMode::Decay);
        let before = resident();
        block(&arena, 64 * MIB);
        arena.reset_with(ResetMode::Decay);
        assert!(resident() >= before + 60 * MIB, "the next round may be as large");
        let mut rounds = 0;
        while resident() > before + SLACK {
            rounds += 1;
            assert!(rounds < 20, "{} bytes are still there", resident() - before);
            block(&arena, MIB);
            arena.reset_with(ResetMode::Decay);
        }
        assert!(rounds > 1, "a single small round says little");
    });
}

/// `call` gets by without a system call, if the system can tell.
#[cfg(not(arenite_asan))]
#[track_caller]
fn assert_quiet(what: &str, call: impl FnMut()) {
    match makes_no_system_call(call) {
        Some(quiet) => assert!(quiet, "{what} asks the system"),
        None => eprintln!("not checked: there is no strict mode of seccomp"),
    }
}

#[test]
#[cfg(not(arenite_asan))]
fn a_system_call_is_noticed() {
    let noticed = makes_no_system_call(|| {
        // SAFETY: no condition.
        unsafe { libc::getppid() };
    });
    assert_ne!(noticed, Some(true));
}

#[test]
#[cfg(not(arenite_asan))]
fn nothing_is_asked_of_the_system_in_steady_state() {
    assert_quiet("an arena with one value", || {
        arena().alloc(1);
    });
    assert_quiet("an arena with two megabytes", || {
        block(&arena(), 2 * MIB);
    });
    let mut arena = arena();
    assert_quiet("a reset", || {
        block(&arena, 3 * MIB);
        arena.reset();
    });
    assert_quiet("a reset that decays", || {
        block(&arena, 3 * MIB);
        arena.reset_with(ResetMode::Decay);
    });
    assert_quiet("a scope beside which the parent grows", || {
        arena.scope(|child| {
            block(child, 300_000);
            block(&arena, 300_000);
        });
        arena.reset();
    });
}
