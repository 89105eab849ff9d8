//! What can be asked of reserved memory.

use arenite::{Arena, HugePages, Virtual};

#[cfg(target_os = "linux")]
use super::process::{apart, resident};
use super::{MIB, block, check_zero, untouched, zeroed};

#[test]
fn presets() {
    for (preset, reserve) in [
        (Virtual::new(), 64 << 30),
        (Virtual::default(), 64 << 30),
        (Virtual::session(), 256 << 30),
        (Virtual::low_memory(), 64 << 20),
    ] {
        let arena: Arena<_> = Arena::new_in(preset);
        assert_eq!(arena.stats().reserved, 0, "nothing is reserved before the first use");
        check_zero(zeroed(&arena, 1000));
        let reserved = arena.stats().reserved;
        assert!(reserved.is_power_of_two() && reserved <= reserve, "{reserved}");
        if !cfg!(arenite_asan) && reserve <= 64 << 30 {
            assert_eq!(reserved, reserve);
        }
    }
    let arena: Arena<_> = Arena::new_in(Virtual::global());
    check_zero(zeroed(&arena, 1000));
    assert!(arena.stats().reserved >= 64 << 20);
    assert!(Virtual::is_available());
}

#[test]
fn any_length_will_do() {
    for reserve in [0, 1, 4095, 65_537, MIB + 1, 3 * MIB - 1] {
        for guard in [false, true] {
            let arena: Arena<_> = Arena::new_in(Virtual::new().reserve(reserve).guard(guard));
            check_zero(zeroed(&arena, 50_000));
            check_zero(zeroed(&arena, 50_000));
        }
    }
}

#[test]
#[cfg(not(arenite_asan))]
#[cfg(target_os = "linux")]
fn prefaulted_memory_is_there_before_it_is_touched() {
    apart(|| {
        Virtual::trim_cache();
        let arena: Arena<_> = Arena::new_in(Virtual::new().prefault(32 * MIB));
        let before = resident();
        arena.alloc(1);
        assert!(resident() >= before + 32 * MIB);
        let before = resident();
        check_zero(zeroed(&arena, 20 * MIB));
        assert!(resident() <= before + MIB);
    });
}

#[test]
#[cfg(not(arenite_asan))]
#[cfg(target_os = "linux")]
fn memory_can_be_made_present_later() {
    for arena in [Arena::<_, 8>::new_in(Virtual::low_memory()), Arena::new_in(Virtual::new())] {
        apart(|| {
            Virtual::trim_cache();
            arena.prefault(0);
            arena.alloc(1);
            let before = resident();
            assert_eq!(arena.try_prefault(32 * MIB), Ok(()));
            assert!(resident() >= before + 31 * MIB);
            let before = resident();
            check_zero(zeroed(&arena, 30 * MIB));
            assert!(resident() <= before + MIB);
            // From where the arena stands, in a child as well.
            arena.scope(|inner| {
                inner.prefault(MIB);
                check_zero(zeroed(inner, MIB));
            });
        });
    }
    let limited = Arena::<_, 8>::new_in(Virtual::new()).limit(MIB);
    assert!(limited.try_prefault(2 * MIB).is_err());
}

#[test]
#[cfg(all(target_os = "linux", not(arenite_asan)))]
fn locked_memory_fails_when_the_system_allows_less() {
    apart(|| {
        Virtual::trim_cache();
        use super::process::set_limit;
        // Root may lock as much as it likes.
        // SAFETY: no condition.
        if unsafe { libc::geteuid() } == 0 && unsafe { libc::setuid(65_534) } != 0 {
            eprintln!("not checked: nobody else to be");
            return;
        }
        set_limit(libc::RLIMIT_MEMLOCK, MIB);
        // A range that another arena left is not locked yet.
        block(&Arena::<_, 8>::new_in(Virtual::new()), 3 * MIB);
        let mut arena: Arena<_> = Arena::new_in(Virtual::new().lock(true));
        let locked = || {
            let status = std::fs::read_to_string("/proc/self/status").expect("/proc is there");
            let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).expect("a line");
            line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
        };
        block(&arena, 100_000);
        assert!(locked() >= 100_000);
        for _ in 0..3 {
            // Not only the first time.
            assert!(arena.try_alloc_slice_fill_copy(2 * MIB, 1_u8).is_err());
            assert!(arena.stats().committed <= MIB);
        }
        block(&arena, 500_000);
        assert!(locked() >= 600_000, "{} are locked", locked());
        arena.reset_with(arenite::ResetMode::FreeAll);
        assert_eq!(locked(), 0, "what was given back is not locked any more");
        block(&arena, 500_000);
        assert!(locked() >= 500_000);
        drop(arena);
        assert_eq!(locked(), 0, "a locked range is not kept");
        let both: Arena<_> = Arena::new_in(Virtual::new().lock(true).prefault(200_000));
        block(&both, 1000);
        assert!(locked() >= 200_000);
        let too_much: Arena<_> = Arena::new_in(Virtual::new().lock(true).prefault(20 * MIB));
        assert!(too_much.try_alloc(1).is_err());
    });
}

/// Bytes of this process's memory in huge pages; `None` if the system has none to give.
#[cfg(target_os = "linux")]
fn huge() -> Option<usize> {
    let enabled = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
    if enabled.contains("[never]") {
        return None;
    }
    let maps = std::fs::read_to_string("/proc/self/smaps").ok()?;
    let lines = maps.lines().filter_map(|line| line.strip_prefix("AnonHugePages:"));
    Some(lines.map(|line| line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) << 10).sum())
}

#[test]
#[cfg(target_os = "linux")]
fn huge_pages_when_asked_for_and_only_then() {
    apart(|| {
        Virtual::trim_cache();
        let Some(before) = huge() else {
            eprintln!("not checked: huge pages are off");
            return;
        };
        let fill = |pages, bytes| {
            let arena: Arena<_> = Arena::new_in(Virtual::new().huge_pages(pages));
            block(&arena, bytes);
            let huge = huge().unwrap_or(0).saturating_sub(before);
            drop(arena);
            Virtual::trim_cache();
            huge
        };
        assert_eq!(fill(HugePages::Never, 40 * MIB), 0);
        let always = fill(HugePages::Always, 40 * MIB);
        if always == 0 {
            eprintln!("not checked: no huge page is free");
            return;
        }
        assert!(always >= 20 * MIB, "{always}");
        assert!(fill(HugePages::Auto, 80 * MIB) >= 20 * MIB);
    });
}

#[test]
fn large_alignments() {
    let arena: Arena<_> = Arena::new_in(Virtual::new());
    for shift in 0..22 {
        let layout = std::alloc::Layout::from_size_align(100, 1 << shift).expect("a layout");
        let start = arena.try_alloc_layout(layout).expect("address space");
        assert_eq!(start.addr().get() % (1 << shift), 0);
        untouched(&arena, 3);
    }
    let wide: Arena<_, 4096> = Arena::with_min_align_in(Virtual::new());
    for _ in 0..100 {
        assert_eq!(wide.alloc_slice_fill_copy(5000, 1_u8).as_ptr().addr() % 4096, 0);
    }
}
