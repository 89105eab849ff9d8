//! Little address space, and what is said about it.

#[cfg(all(target_os = "linux", target_env = "gnu", not(arenite_asan)))]
mod limited {
    use std::cell::Cell;
    use std::sync::Once;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use allocator_api2::alloc::Allocator;
    use arenite::{Arena, Auto, Cause, CreateError, Virtual};

    use super::super::process::{End, apart, fork, set_limit};
    use super::super::{MIB, arena, block, check_zero, layout, zeroed};

    /// Leaves this process `bytes` bytes of address space. Returns how many it may have in all.
    fn leave(bytes: usize) -> usize {
        Virtual::trim_cache();
        let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc is there");
        let pages: usize = statm.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number");
        let all = pages * super::super::process::page_size() + bytes;
        set_limit(libc::RLIMIT_AS, all);
        all
    }

    #[test]
    fn less_is_reserved_where_less_is_to_be_had() {
        apart(|| {
            leave(400 * MIB);
            let arena = arena();
            check_zero(zeroed(&arena, MIB));
            let reserved = arena.stats().reserved;
            assert!((MIB..=50 * MIB).contains(&reserved), "an eighth at most: {reserved}");
            // Further ranges follow.
            check_zero(zeroed(&arena, 60 * MIB));
            check_zero(zeroed(&arena, 60 * MIB));
        });
    }

    /// How much is in use cannot be read without a file. Then a range takes a part of the limit that is small enough for others.
    #[test]
    fn less_is_reserved_where_nobody_knows_how_much_is_left() {
        apart(|| {
            let all = leave(400 * MIB);
            set_limit(libc::RLIMIT_NOFILE, 0);
            let arena = arena();
            check_zero(zeroed(&arena, MIB));
            let reserved = arena.stats().reserved;
            assert!(reserved <= (all / 100).max(2 * MIB), "a small part of {all}: {reserved}");
        });
    }

    /// A process that locks all of its memory, also what it maps later, may lock a few MiB: what is reserved counts.
    #[test]
    fn less_is_reserved_where_what_is_mapped_is_locked() {
        apart(|| {
            Virtual::trim_cache();
            // Root may lock as much as it likes.
            // SAFETY: no condition.
            if unsafe { libc::geteuid() } == 0 && unsafe { libc::setuid(65_534) } != 0 {
                return eprintln!("not checked: nobody else to be");
            }
            set_limit(libc::RLIMIT_MEMLOCK, 8 * MIB);
            // SAFETY: a number.
            if unsafe { libc::mlockall(libc::MCL_FUTURE) } != 0 {
                return eprintln!("not checked: nothing can be locked");
            }
            let arenas = [(); 4].map(|()| {
                let arena = arena();
                block(&arena, 160_000);
                arena
            });
            let reserved: usize = arenas.iter().map(|arena| arena.stats().reserved).sum();
            assert!(reserved <= 4 * MIB, "half of what there is: {reserved}");
            let mut other: Vec<u8> = Vec::new();
            assert!(other.try_reserve_exact(MIB).is_ok(), "something is left for others");
            // The error says which limit it is.
            set_limit(libc::RLIMIT_MEMLOCK, 4096);
            let refused: Arena<Virtual> = Arena::new_in(Virtual::new());
            assert!(refused.try_alloc(1).is_err());
            assert_eq!(refused.cause(), Some(Cause::Reserve { code: Some(libc::EAGAIN) }));
            let text = refused.cause().expect("the same").to_string();
            assert!(text.contains("RLIMIT_MEMLOCK") && !text.contains("RLIMIT_AS"), "{text}");
        });
    }

    #[test]
    fn no_address_space_is_an_error_after_which_the_arena_goes_on() {
        apart(|| {
            leave(30 * MIB);
            let mut arena = arena();
            assert!(arena.try_alloc_slice_fill_copy(100 * MIB, 1_u8).is_err());
            check_zero(zeroed(&arena, 1000));
            for _ in 0..3 {
                let mut blocks = 0;
                while let Ok(block) = (&arena).allocate_zeroed(layout(500_000)) {
                    // SAFETY: the block is ours and has that many bytes.
                    unsafe { block.cast::<u8>().write_bytes(0xEE, 500_000) };
                    blocks += 1;
                }
                assert!(blocks > 10, "{blocks}");
                arena.reset();
                check_zero(zeroed(&arena, 1000));
            }
        });
    }

    #[test]
    fn the_default_says_why_neither_kind_of_memory_was_to_be_had() {
        apart(|| {
            leave(30 * MIB);
            let error = Arena::<Auto>::try_with_capacity_in(100 * MIB, Auto::new()).expect_err("too much");
            let CreateError::System { cause: Cause::Reserve { code: Some(code) }, .. } = error else {
                panic!("{error:?}")
            };
            assert_eq!(code, libc::ENOMEM);
            assert!(error.to_string().contains("ulimit -v"), "{error}");

            let arena: Arena<Auto> = Arena::new();
            assert!(arena.try_alloc_slice_fill_copy(100 * MIB, 1_u8).is_err());
            assert_eq!(arena.cause(), Some(Cause::Reserve { code: Some(code) }));
            check_zero(zeroed(&arena, 1000));
        });
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Manner {
        Counts,
        Allocates,
        Panics,
    }

    static WARNINGS: AtomicUsize = AtomicUsize::new(0);

    thread_local! {
        static MANNER: Cell<Manner> = const { Cell::new(Manner::Counts) };
        static ARENA: Cell<*const Arena<Auto>> = const { Cell::new(std::ptr::null()) };
    }

    struct Logger;

    impl log::Log for Logger {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let message = record.args().to_string();
            assert!(message.contains("reserved memory"), "{message}");
            WARNINGS.fetch_add(1, Ordering::Relaxed);
            match MANNER.get() {
                Manner::Counts => {}
                Manner::Allocates => {
                    // SAFETY: the test that is under way has the arena, further up this stack.
                    let arena = unsafe { &*ARENA.get() };
                    assert!(
                        arena.try_alloc_slice_fill_copy(MIB, 1_u8).is_err(),
                        "it is being asked just now"
                    );
                    assert!(!arena.stats().backing.is_empty());
                }
                Manner::Panics => panic!("a logger that panics"),
            }
        }

        fn flush(&self) {}
    }

    /// An arena by default that finds no address space, and a logger that hears of it.
    fn warned(manner: Manner) {
        static LOGGER: Once = Once::new();
        LOGGER.call_once(|| {
            log::set_logger(&Logger).expect("the only logger");
            log::set_max_level(log::LevelFilter::Trace);
        });
        let mut arena: Arena<Auto> = Arena::new();
        // No range can be mapped from here on, while `malloc` still has something, which it must not give back.
        // SAFETY: numbers.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 16 << 20) };
        // SAFETY: as above.
        unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30) };
        let hoard: Vec<_> = (0..80).map(|_| vec![1_u8; 500_000]).collect();
        leave(20 << 10);
        drop(hoard);
        // It may have given some back all the same.
        leave(20 << 10);
        // SAFETY: only compared and read in the logger, while `arena` is borrowed here.
        ARENA.set(&raw const arena);
        MANNER.set(manner);
        WARNINGS.store(0, Ordering::Relaxed);
        assert_eq!(arena.stats().backing, "auto (chained)");
        for _ in 0..20 {
            check_zero(zeroed(&arena, 200_000));
            block(&arena, 1000);
        }
        assert_eq!(arena.stats().backing, "auto (chained)");
        assert_eq!(WARNINGS.load(Ordering::Relaxed), 1);
        arena.reset();
        check_zero(zeroed(&arena, 200_000));
        assert_eq!(WARNINGS.load(Ordering::Relaxed), 1, "once an arena is enough");
    }

    #[test]
    fn the_default_goes_on_in_chunks_and_says_so_once() {
        apart(|| warned(Manner::Counts));
    }

    #[test]
    fn a_logger_that_allocates_from_the_arena_that_it_hears_about_is_refused() {
        apart(|| warned(Manner::Allocates));
    }

    #[test]
    fn a_logger_that_panics_ends_the_process() {
        assert_eq!(fork(|| warned(Manner::Panics)), End::Signal(libc::SIGABRT));
    }
}
