//! What a file holds after something failed, or a process died, is what the docs say; and what costs nothing costs nothing.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use arenite::{Arena, MapError, Mapped, MappedOptions};

use crate::files::{Temporary, by_handle};
use crate::virtual_memory::process::{End, apart, fork};

/// Lets this process have no more address space than it has, but for `more` bytes, while `call` runs.
#[cfg(all(target_os = "linux", not(arenite_asan)))]
fn within_address_space<R>(more: u64, call: impl FnOnce() -> R) -> R {
    let set = |bytes| {
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: `limit` is valid for reads.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0, "{}", io::Error::last_os_error());
    };
    set(address_space() + more);
    let result = call();
    set(libc::RLIM_INFINITY);
    result
}

/// Bytes of address space that this process has.
#[cfg(target_os = "linux")]
fn address_space() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc is there");
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number");
    pages * crate::virtual_memory::process::page_size() as u64
}

#[test]
#[cfg(all(target_os = "linux", not(arenite_asan)))]
fn what_could_not_be_created_anew_is_still_there() {
    let file = Temporary::with(&[b'x'; 100_000]);
    apart(|| {
        // What is kept for later would give way.
        arenite::Virtual::trim_cache();
        // What it says depends on the limits at that time.
        let error = within_address_space(48 << 10, || {
            // SAFETY: nobody else knows the file.
            let created = unsafe { Mapped::create(file.path()) };
            created.map(|_| ()).expect_err("no room for a mapping").to_string()
        });
        assert!(error.contains("ulimit -v"), "{error}");
    });
    assert!(file.bytes() == [b'x'; 100_000], "the file has {} bytes", file.bytes().len());
    // And with room enough it is emptied.
    drop(file.create());
    assert_eq!(file.bytes(), b"");
}

/// An anonymous file with contents, which may never be changed in these ways.
#[cfg(target_os = "linux")]
fn sealed(seals: libc::c_int) -> File {
    use std::io::Write;
    use std::os::fd::FromRawFd;

    // SAFETY: the name is a C string.
    let number =
        unsafe { libc::memfd_create(c"arenite".as_ptr(), libc::MFD_ALLOW_SEALING | libc::MFD_CLOEXEC) };
    assert!(number >= 0, "{}", io::Error::last_os_error());
    // SAFETY: it was opened just now, and is nobody else's.
    let mut file = unsafe { File::from_raw_fd(number) };
    file.write_all(b"contents").expect("a file in memory can be written");
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::fcntl(number, libc::F_ADD_SEALS, seals) }, 0, "{}", io::Error::last_os_error());
    file
}

#[test]
#[cfg(target_os = "linux")]
fn whatever_refuses_a_file_leaves_it_as_it_was() {
    type Open = fn(&File, &Path) -> Result<Mapped, MapError>;
    // SAFETY: nobody else knows the files.
    let create: Open = |_, path| unsafe { Mapped::create(path) };
    // SAFETY: as above.
    let long: Open = |_, path| unsafe { MappedOptions::new().at_least(9).open(path) };
    // SAFETY: as above.
    let open: Open = |_, path| unsafe { Mapped::open(path) };
    let handle: Open = |file, _| {
        let handle = file.try_clone().expect("a copy of the handle");
        by_handle(handle)
    };
    let (grow, shrink, write) = (libc::F_SEAL_GROW, libc::F_SEAL_SHRINK, libc::F_SEAL_WRITE);
    for (seals, open) in [(write, create), (shrink, create), (write, open), (write, handle), (0, long)] {
        let file = sealed(seals);
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        open(&file, Path::new(&path)).expect_err("it cannot be written");
        assert_eq!(fs::read(&path).expect("it can be read"), b"contents", "sealed by {seals}");
    }
    // One whose length may not change has contents to be written, and no room for blocks.
    for seals in [grow, shrink, grow | shrink] {
        let file = sealed(seals);
        let mut arena: Arena<_> = Arena::new_in(handle(&file, Path::new("")).expect("it can be written"));
        for bytes in [1, 1 << 20] {
            assert!(arena.try_alloc_slice_fill_copy(bytes, 1_u8).is_err());
            let cause = arena.cause().expect("a cause").to_string();
            assert!(cause.contains("sealed"), "{cause}");
        }
        arena.contents_mut().expect("it can be written").copy_from_slice(b"CONTENTS");
        assert_eq!(arena.close().expect("nothing is to be cut off"), 8);
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        assert_eq!(fs::read(&path).expect("it can be read"), b"CONTENTS");
    }
}

/// By any end, and at any moment.
#[test]
fn a_process_that_dies_leaves_what_it_wrote() {
    let ends: [(&str, fn(), End); 3] = [
        // SAFETY: no condition.
        ("exit", || unsafe { libc::_exit(7) }, End::Exit(7)),
        // SAFETY: as above.
        ("kill", || assert_eq!(unsafe { libc::raise(libc::SIGKILL) }, 0), End::Signal(libc::SIGKILL)),
        ("abort", || std::process::abort(), End::Signal(libc::SIGABRT)),
    ];
    for (how, end, ended) in ends {
        let file = Temporary::with(b"contents");
        let dies = || {
            let arena = file.open();
            for n in 0..1000_u32 {
                arena.alloc_slice_fill_copy(1000, n as u8);
            }
            end();
        };
        assert_eq!(fork(dies), ended);
        let bytes = file.bytes();
        assert_eq!(&bytes[..8], b"contents");
        let (blocks, rest) = bytes[8..].split_at(1_000_000);
        assert!(blocks.chunks(1000).zip(0_u32..).all(|(block, n)| block.iter().all(|&byte| byte == n as u8)));
        assert!(rest.iter().all(|&byte| byte == 0), "{how}: more than zeroes behind what was handed out");
        // And nobody has to wait.
        let arena = file.open();
        assert_eq!(arena.contents().len(), bytes.len());
        arena.alloc([7_u8; 8]);
        drop(arena);
        assert_eq!(file.bytes().len(), bytes.len() + 8);
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_private_copy_of_more_than_the_memory_costs_nothing() {
    const BYTES: u64 = 4 << 40;
    let file = Temporary::new();
    let holes = File::create(file.path()).and_then(|created| created.set_len(BYTES));
    if let Err(error) = holes {
        return eprintln!("skipped: no file of that length: {error}");
    }
    // Where every page that may be copied is counted beforehand, nobody gets such a copy.
    let strict = fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| mode.trim() == "2");
    if strict {
        return eprintln!("skipped: the system counts what may be copied");
    }
    let mut arena = file.private();
    let (middle, last) = (BYTES as usize / 2, BYTES as usize - 1);
    let contents = arena.contents_mut().expect("it can be written");
    (contents[middle], contents[last]) = (1, 2);
    assert_eq!((arena.contents()[0], arena.contents()[middle], arena.contents()[last]), (0, 1, 2));
    let block = arena.alloc_slice_fill_copy(100_000, 3_u8);
    assert!(block.iter().all(|&byte| byte == 3));
    drop(arena);
    let file = File::open(file.path()).expect("it is there");
    let mut found = [9];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut found, middle as u64).expect("it can be read");
    assert_eq!(found, [0]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_refusal_takes_no_address_space() {
    let files = ["/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/self/fd"];
    apart(|| {
        let before = address_space();
        for _ in 0..20 {
            for path in files.map(Path::new) {
                // SAFETY: nothing gets as far as a mapping.
                assert!(unsafe { Mapped::private(path) }.is_err(), "{}", path.display());
            }
        }
        let more = address_space().saturating_sub(before);
        assert!(more < 1 << 30, "{} MiB of address space are gone", more >> 20);
    });
}
