//! The address space is everybody's: however many arenas are alive, others get some.

use std::alloc::Layout;
use std::fs;
use std::thread;

use arenite::{Arena, Virtual};

use super::process::{apart, page_size, set_limit};
use super::{MIB, alone, block, layout, untouched};

const GIB: usize = 1 << 30;

/// Bytes of address space that this process has.
fn addresses() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc is there");
    let pages: usize = statm.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number");
    pages * page_size()
}

/// What has nothing to do with arenas gets address space: a vector of `bytes` bytes, and a thread.
#[track_caller]
fn others_get(bytes: usize) {
    let mut vector: Vec<u8> = Vec::new();
    vector.try_reserve_exact(bytes).expect("address space for a vector");
    vector.push(1);
    let thread = thread::Builder::new().spawn(|| 7).expect("address space for a thread");
    assert_eq!(thread.join().expect("no panic"), 7);
}

/// `count` arenas by default, each with a block of 160 KB, of which some bytes are written.
fn defaults(count: usize) -> Vec<Arena> {
    let touched = |number: usize| {
        let arena = Arena::new();
        let block =
            arena.try_alloc_layout(layout(160_000)).unwrap_or_else(|error| panic!("{number}: {error}"));
        // SAFETY: the block is ours, aligned for it, and has more bytes.
        unsafe { block.cast::<usize>().write(number) };
        // SAFETY: as above.
        assert_eq!(unsafe { block.cast::<usize>().read() }, number);
        arena
    };
    (0..count).map(touched).collect()
}

#[test]
fn ten_thousand_arenas_leave_half_of_it() {
    alone("virtual_memory::space::ten_thousand_arenas_leave_half_of_it", || {
        let arenas = defaults(10_000);
        assert!(addresses() <= (1 << 46) + 16 * GIB, "{} GiB are taken", addresses() / GIB);
        others_get(GIB);
        // There is enough for one that grows in place, too.
        let late: Arena<_> = Arena::new_in(Virtual::new());
        let first = untouched(&late, 8);
        // SAFETY: the block is this arena's with this layout, and the new size is larger.
        let grown =
            unsafe { allocator_api2::alloc::Allocator::grow(&&late, first, layout(8), layout(32 * MIB)) };
        assert_eq!(grown.expect("address space").cast(), first);
        for arena in &arenas {
            untouched(arena, 100_000);
        }
    });
}

#[test]
fn a_thousand_arenas_under_a_limit() {
    alone("virtual_memory::space::a_thousand_arenas_under_a_limit", || {
        set_limit(libc::RLIMIT_AS, 4 * GIB);
        let arenas = defaults(1000);
        others_get(64 * MIB);
        // Each kind of them was enough for some.
        let backings: Vec<_> = arenas.iter().map(|arena| arena.stats().backing).collect();
        assert_eq!(backings[0], "auto (virtual)");
        assert_eq!(backings[999], "auto (chained)");
    });
}

#[test]
fn hundreds_of_arenas_in_39_bits() {
    alone("virtual_memory::space::hundreds_of_arenas_in_39_bits", || {
        set_limit(libc::RLIMIT_AS, 1 << 39);
        let strict: Vec<Arena<Virtual>> = (0..300).map(|_| Arena::new_in(Virtual::new())).collect();
        let reserved: Vec<_> = strict
            .iter()
            .map(|arena| {
                block(arena, 1000);
                arena.stats().reserved
            })
            .collect();
        assert!(reserved[0] >= 16 * GIB, "the first gets {} MiB", reserved[0] / MIB);
        assert!(reserved[100] >= 64 * MIB, "the hundredth gets {} MiB", reserved[100] / MIB);
        let defaults = defaults(500);
        assert_eq!(defaults[499].stats().backing, "auto (virtual)");
        assert!(addresses() <= 3 << 37, "{} GiB are taken", addresses() / GIB);
        others_get(GIB);
    });
}

#[test]
fn a_short_range_is_followed_by_longer_ones() {
    alone("virtual_memory::space::a_short_range_is_followed_by_longer_ones", || {
        set_limit(libc::RLIMIT_AS, 4 * GIB);
        let others = defaults(200);
        let arena: Arena<_> = Arena::new_in(Virtual::new());
        block(&arena, 100);
        let first = arena.stats().reserved;
        assert!(first < 8 * MIB, "{first}");
        for _ in 0..2000 {
            untouched(&arena, 50_000);
        }
        let all = arena.stats().reserved;
        assert!((100_000_000..400_000_000).contains(&all), "{all}");
        others_get(64 * MIB);
        drop(others);
    });
}

#[test]
fn what_is_asked_for_by_name_is_shared_out_as_well() {
    alone("virtual_memory::space::what_is_asked_for_by_name_is_shared_out_as_well", || {
        let arenas: Vec<Arena<Virtual>> = (0..400).map(|_| Arena::new_in(Virtual::global())).collect();
        for arena in &arenas {
            block(arena, 1000);
        }
        assert_eq!(arenas[0].stats().reserved, 4 << 40);
        assert!(addresses() <= (1 << 46) + 16 * GIB, "{} GiB are taken", addresses() / GIB);
        others_get(GIB);
        assert_eq!(defaults(100).len(), 100);
    });
}

/// A process may have so many mappings (`vm.max_map_count`), and a reservation is two or three.
#[test]
fn arenas_leave_mappings_for_others() {
    alone("virtual_memory::space::arenas_leave_mappings_for_others", || {
        let most = fs::read_to_string("/proc/sys/vm/max_map_count").expect("/proc is there");
        if most.trim().parse::<usize>().is_ok_and(|most| most > 100_000) {
            return eprintln!("not checked: there may be more mappings than are made here");
        }
        let mut arenas = Vec::new();
        let error = loop {
            let arena: Arena<_> = Arena::new_in(Virtual::new().reserve(64 << 10));
            match arena.try_alloc_layout(Layout::new::<u64>()) {
                Ok(_) => arenas.push(arena),
                Err(_) => break arena.cause().expect("a cause"),
            }
            assert!(arenas.len() < 60_000, "they are never refused");
        };
        assert!(error.to_string().contains("fewer arenas"), "{error}");
        assert!(arenas.len() > 12_000, "refused after {} arenas", arenas.len());
        others_get(GIB);
        // The default goes on in chunks.
        assert!(defaults(100).iter().all(|arena| arena.stats().backing == "auto (chained)"));
        // Fewer are alive: there is room again.
        arenas.truncate(arenas.len() / 2);
        assert!(defaults(100).iter().all(|arena| arena.stats().backing == "auto (virtual)"));
    });
}

#[test]
#[cfg(feature = "mapped")]
fn five_thousand_files_leave_half_of_it() {
    use std::fs::File;
    use std::os::fd::FromRawFd;

    use arenite::MappedOptions;

    alone("virtual_memory::space::five_thousand_files_leave_half_of_it", || {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is valid for writes.
        assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) }, 0);
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: `limit` is valid for reads.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
        let count = 5000.min(usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) - 100);
        if count < 5000 {
            eprintln!("no more than {count} files may be open");
        }
        let files: Vec<_> = (0..count)
            .map(|number| {
                // In memory, as to make so many on a disk takes long.
                // SAFETY: the name is a string that ends in a zero.
                let descriptor = unsafe { libc::memfd_create(c"crowd".as_ptr(), libc::MFD_CLOEXEC) };
                assert!(descriptor >= 0, "{number}: {}", std::io::Error::last_os_error());
                // SAFETY: open, and nobody else's.
                let file = unsafe { File::from_raw_fd(descriptor) };
                // SAFETY: nobody else knows the file.
                let file = unsafe { MappedOptions::new().step(4096).open_file(file) };
                let arena: Arena<_> = Arena::new_in(file.unwrap_or_else(|error| panic!("{number}: {error}")));
                assert_eq!(*arena.alloc(number), number);
                arena
            })
            .collect();
        assert!(files.iter().all(|arena| arena.stats().reserved >= 64 * MIB));
        assert!(addresses() <= (1 << 46) + 16 * GIB, "{} GiB are taken", addresses() / GIB);
        others_get(GIB);
    });
}

#[test]
fn a_range_for_one_large_block_serves_the_next_such_block_alone() {
    let kind = || Arena::<_, 8>::new_in(Virtual::low_memory());
    apart(|| {
        Virtual::trim_cache();
        let large = untouched(&kind(), 500 * MIB);
        let small = kind();
        block(&small, 100);
        assert_eq!(small.stats().reserved, 64 * MIB, "what a small arena took from the cache");
        assert_eq!(untouched(&kind(), 490 * MIB), large);
    });
}

#[test]
fn a_range_that_is_a_large_part_of_the_address_space_is_not_kept() {
    alone("virtual_memory::space::a_range_that_is_a_large_part_of_the_address_space_is_not_kept", || {
        set_limit(libc::RLIMIT_AS, 4 * GIB);
        let before = addresses();
        untouched(&Arena::<_, 8>::new_in(Virtual::low_memory()), 2 * GIB);
        assert!(addresses() < before + 256 * MIB, "{} MiB are kept", (addresses() - before) / MIB);
        assert_eq!(defaults(1000).len(), 1000);
    });
}

#[test]
fn ranges_of_a_crowd_make_way_once_it_is_gone() {
    alone("virtual_memory::space::ranges_of_a_crowd_make_way_once_it_is_gone", || {
        let mut crowd: Vec<Arena<Virtual>> = (0..3000).map(|_| Arena::new_in(Virtual::new())).collect();
        for arena in &crowd {
            block(arena, 100);
        }
        assert!(crowd[2999].stats().reserved < 32 * GIB);
        // The shortest first, which the cache keeps then.
        while crowd.pop().is_some() {}
        let mut reserved = 0;
        for _ in 0..2 {
            let arena: Arena<_> = Arena::new_in(Virtual::new());
            block(&arena, 100);
            reserved = arena.stats().reserved;
        }
        assert_eq!(reserved, 64 * GIB);
    });
}
