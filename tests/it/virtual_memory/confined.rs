//! Systems that know fewer calls, or allow fewer: older kernels, sandboxes.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use arenite::{Arena, HugePages, ResetMode, Virtual};

use super::process::{apart, resident};
use super::{MIB, block, check_zero, zeroed};

/// From now on `madvise` fails in this process with that error: all of it, or one kind of advice. Returns whether the system
/// can be told to do so.
#[must_use]
fn refuse_advice(only: Option<i32>, error: i32) -> bool {
    const LOAD: u16 = 0x20;
    const IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let step = |code, value, if_not| libc::sock_filter { code, jt: 0, jf: if_not, k: value };
    let mut filter =
        vec![step(LOAD, 0, 0), step(IF_EQUAL, libc::SYS_madvise as u32, if only.is_some() { 3 } else { 1 })];
    if let Some(advice) = only {
        // The third argument, its lower half.
        filter.extend([step(LOAD, 16 + 2 * 8, 0), step(IF_EQUAL, advice as u32, 1)]);
    }
    filter.extend([step(RETURN, 0x0005_0000 | error as u32, 0), step(RETURN, 0x7FFF_0000, 0)]);
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: these arguments are numbers.
    let allowed = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } == 0;
    // SAFETY: the program is valid for reads, and all its jumps are to its own steps.
    let set =
        allowed && unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) } == 0;
    if !set {
        eprintln!("not checked: there is no seccomp");
    }
    set
}

#[test]
fn advice_that_is_refused_fails_nothing() {
    for error in [libc::ENOSYS, libc::EPERM, libc::EINVAL] {
        apart(|| {
            Virtual::trim_cache();
            if !refuse_advice(None, error) {
                return;
            }
            for huge in [HugePages::Never, HugePages::Auto, HugePages::Always] {
                let options = Virtual::new().huge_pages(huge).prefault(MIB);
                let mut arena: Arena<_> = Arena::try_new_in(options).expect("advice is all that is refused");
                check_zero(zeroed(&arena, 20 * MIB));
                assert_eq!(arena.cause(), None);
                // What the system did not take back is zeroed by hand.
                for mode in [ResetMode::FreeAll, ResetMode::RetainLimit(MIB), ResetMode::Decay] {
                    arena.reset_with(mode);
                    check_zero(zeroed(&arena, 4 * MIB));
                }
            }
            // What is asked for by name is done in another way.
            Virtual::trim_cache();
            let arena: Arena<_> = Arena::new_in(Virtual::low_memory());
            let before = resident();
            assert_eq!(arena.try_prefault(8 * MIB), Ok(()));
            assert!(resident() >= before + 8 * MIB);
        });
    }
}

/// A page that is made present by a touch may have a block of another thread's in it, which must not be written: not even
/// with what was read there a moment before.
#[test]
fn pages_are_touched_where_nobody_is() {
    apart(|| {
        if !refuse_advice(Some(libc::MADV_POPULATE_WRITE), libc::EINVAL) {
            return;
        }
        let arena: Arena<Virtual> = Arena::new_in(Virtual::new());
        let block: &mut [u8; 64] = arena.alloc([0; 64]);
        assert_eq!(block.as_ptr().addr() % 64, 0, "it is at the start of a page");
        let (stop, started) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let (mut rounds, mut lost) = (0_u64, 0_u64);
                while !stop.load(Ordering::Relaxed) {
                    rounds += 1;
                    block[0] = rounds as u8;
                    started.store(true, Ordering::Relaxed);
                    (0..20).for_each(|number| _ = black_box(number));
                    lost += u64::from(black_box(&*block)[0] != rounds as u8);
                }
                lost
            });
            while !started.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            for _ in 0..300_000 {
                arena.prefault(64);
            }
            stop.store(true, Ordering::Relaxed);
            assert_eq!(writer.join().expect("the writer does not panic"), 0, "writes were lost");
        });
    });
}

/// Rows of blocks that begin and end anywhere in a page, made present one by one, keep what they hold.
#[test]
fn what_is_made_present_in_parts_of_pages_keeps_its_neighbours() {
    apart(|| {
        if !refuse_advice(Some(libc::MADV_POPULATE_WRITE), libc::EINVAL) {
            return;
        }
        let arena: Arena<_> = Arena::new_in(Virtual::low_memory());
        let blocks: Vec<_> = (0..300)
            .map(|number| {
                arena.prefault(number * 37 % 9000);
                block(&arena, number * 101 % 9000)
            })
            .collect();
        assert!(blocks.iter().all(|block| block.iter().all(|&byte| byte == 0xAB)));
        check_zero(zeroed(&arena, MIB));
    });
}
