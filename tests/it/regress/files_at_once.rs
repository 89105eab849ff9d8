//! One file and several who want it: nothing happens to it before its lock is held, and no way to it goes around the lock.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use arenite::{Arena, MapError, Mapped, MappedOptions, ResetMode};

use crate::files::{Temporary, by_handle, by_path};
use crate::virtual_memory::process::{End, apart, fork};

fn to_write(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("a file that can be opened")
}

fn assert_in_use(path: &Path) {
    let by_handle = ("open_file", by_handle(to_write(path)));
    for (way, result) in by_path(path).into_iter().chain([by_handle]) {
        assert!(matches!(result, Err(MapError::InUse { .. })), "{way}: {:?}", result.map(|_| ()));
    }
}

/// Whether another process can have the file at `path` for itself.
fn free_for_others(path: &Path) -> bool {
    let open = || {
        // SAFETY: nobody else knows the files of these tests, and who does respects the lock.
        let opened = unsafe { Mapped::open(path) };
        if let Err(MapError::InUse { .. }) = opened {
            // SAFETY: no condition.
            unsafe { libc::_exit(7) };
        }
        opened.expect("a file that can be mapped");
    };
    match fork(open) {
        End::Exit(0) => true,
        End::Exit(7) => false,
        other => panic!("the process ended with {other:?}"),
    }
}

#[test]
fn a_refused_arena_has_not_touched_the_file() {
    let file = Temporary::with(b"contents");
    let arena = file.open();
    arena.alloc([1_u8; 1000]);
    let state = || {
        let found = fs::metadata(file.path()).expect("the file is there");
        (found.len(), found.blocks(), found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec())
    };
    let before = state();
    // Longer than the clock of any file system needs to go on.
    thread::sleep(Duration::from_millis(20));
    assert_in_use(file.path());
    assert_eq!(state(), before, "somebody who had no lock wrote to the file");
}

#[test]
fn a_file_that_grows_and_shrinks_is_not_cut_off_by_those_who_wait() {
    let file = Temporary::in_memory(b"");
    // A write behind the end of the file kills the process.
    apart(|| {
        let mut arena = file.create();
        let end = Instant::now() + Duration::from_millis(500);
        thread::scope(|scope| {
            scope.spawn(|| {
                while Instant::now() < end {
                    assert!(matches!(by_handle(to_write(file.path())), Err(MapError::InUse { .. })));
                }
            });
            while Instant::now() < end {
                for n in 0..100 {
                    let block = arena.try_alloc_slice_fill_copy(8192, n as u8);
                    assert!(block.is_ok(), "{:?}", arena.cause());
                }
                arena.reset_with(ResetMode::FreeAll);
            }
        });
    });
}

#[test]
fn two_handles_of_an_open_file_are_one_file() {
    let file = Temporary::with(b"contents");
    let handle = to_write(file.path());
    let clone = || handle.try_clone().expect("a copy of the handle");
    let arena: Arena<_> = Arena::new_in(by_handle(clone()).expect("nobody has the file"));
    arena.alloc_slice_copy(b"12345678");
    for _ in 0..2 {
        let second = by_handle(clone());
        assert!(matches!(second, Err(MapError::InUse { .. })), "{:?}", second.map(|_| ()));
        // Who was refused has not given the lock up.
        assert_in_use(file.path());
        assert!(!free_for_others(file.path()));
    }
    drop(arena);
    assert!(free_for_others(file.path()));
    let arena: Arena<_> = Arena::new_in(by_handle(clone()).expect("nobody has the file"));
    assert_eq!(arena.contents(), b"contents12345678");
    assert!(!free_for_others(file.path()), "the second has no lock of its own");
}

/// A lock is one for all copies of a handle, and each can give it up, in another process as well.
#[test]
fn a_lock_that_somebody_gave_up_leaves_the_file_to_its_arena() {
    let file = Temporary::with(b"contents");
    let handle = to_write(file.path());
    let arena: Arena<_> =
        Arena::new_in(by_handle(handle.try_clone().expect("a copy")).expect("nobody has it"));
    arena.alloc_slice_copy(b"12345678");
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::flock(handle.as_raw_fd(), libc::LOCK_UN) }, 0);
    assert!(free_for_others(file.path()), "of that, the other process knows nothing");
    assert_in_use(file.path());
    drop(arena);
    assert_eq!(file.open().contents(), b"contents12345678");
}

#[test]
fn every_name_of_a_file_leads_to_its_lock() {
    let file = Temporary::with(b"contents");
    let (link, other) = (Temporary::new(), Temporary::new());
    fs::hard_link(file.path(), link.path()).expect("a second name");
    std::os::unix::fs::symlink(file.path(), other.path()).expect("a name that leads to the first");
    let handle = to_write(file.path());
    let arena = file.open();
    assert_in_use(link.path());
    assert_in_use(other.path());
    let numbered = format!("/proc/self/fd/{}", handle.as_raw_fd());
    if Path::new(&numbered).exists() {
        assert_in_use(Path::new(&numbered));
    }
    assert!(matches!(by_handle(handle), Err(MapError::InUse { .. })));
    drop(arena);
    assert!(free_for_others(link.path()) && free_for_others(file.path()));
}

#[test]
fn readers_share_a_file_and_keep_writers_out() {
    let file = Temporary::with(b"contents");
    // SAFETY: nobody else knows the file.
    let reader = || unsafe { Mapped::read_only(file.path()) }.expect("nobody writes");
    let (first, second) = (reader(), file.open_private(MappedOptions::new()));
    for left in [2, 1] {
        assert!(matches!(by_handle(to_write(file.path())), Err(MapError::InUse { .. })), "{left} left");
        // SAFETY: as above.
        let create = unsafe { Mapped::create(file.path()) };
        assert!(matches!(create, Err(MapError::InUse { .. })), "{left} left");
        drop(reader());
        if left == 2 {
            assert_eq!(first.contents(), b"contents");
            drop(reader());
        }
    }
    drop(first);
    assert!(!free_for_others(file.path()));
    drop(second);
    assert!(free_for_others(file.path()));
    assert_eq!(file.bytes(), b"contents");
}

/// As on some network file systems.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn where_there_are_no_locks_a_process_knows_its_own_files() {
    for code in [libc::ENOSYS, libc::ENOLCK, libc::EOPNOTSUPP] {
        crate::refused::behind(libc::SYS_flock, None, code, || {
            let (file, link) = (Temporary::with(b"contents"), Temporary::new());
            fs::hard_link(file.path(), link.path()).expect("a second name");
            let arena = file.open();
            arena.alloc([1_u8; 1000]);
            assert_in_use(file.path());
            assert_in_use(link.path());
            drop(arena);
            let readers = (file.private(), file.private());
            assert!(matches!(by_handle(to_write(link.path())), Err(MapError::InUse { .. })));
            drop(readers);
            drop(link);
            assert_eq!(file.open().contents().len(), 1008);
        });
    }
    // Any other error is one, and says what could not be done.
    crate::refused::behind(libc::SYS_flock, None, libc::EIO, || {
        let file = Temporary::with(b"contents");
        for (way, result) in by_path(file.path()) {
            let error = result.map(|_| ()).expect_err(way).to_string();
            assert!(error.contains("cannot lock"), "{way}: {error}");
        }
        assert_eq!(file.bytes(), b"contents");
    });
}

/// The child of a fork has a copy of the arena, and may end with it.
#[test]
fn a_forked_process_leaves_the_file_to_its_parent() {
    let file = Temporary::with(b"contents");
    let arena = file.open();
    arena.alloc_slice_copy(b"12345678");
    let length = || fs::metadata(file.path()).expect("the file is there").len();
    let before = length();
    let held = RefCell::new(Some(arena));
    apart(|| drop(held.take()));
    assert_eq!(length(), before, "a copy in another process cut the file off");
    assert!(!free_for_others(file.path()), "a copy in another process gave the lock up");
    apart(|| {
        let arena = held.take().expect("a copy");
        assert!(arena.try_alloc_slice_fill_copy(4 << 20, 1_u8).is_err());
        assert!(arena.cause().expect("a cause").to_string().contains("forked"), "{:?}", arena.cause());
        arena.close().expect_err("it is another process's file");
    });
    assert_eq!(length(), before);
    // A child that comes by the path finds the lock, and has files of its own.
    apart(|| {
        assert_in_use(file.path());
        let own = Temporary::new();
        let arena = own.create();
        arena.alloc(1_u64);
        assert_in_use(own.path());
        drop(arena);
        drop(own.open());
    });
    let arena = held.take().expect("it is here");
    arena.alloc_slice_fill_copy(4 << 20, 7_u8);
    drop(arena);
    assert_eq!(file.bytes()[..16], *b"contents12345678");
    assert_eq!(length(), 16 + (4 << 20));
    // What the parent had is free in a child, too, once the parent has ended it.
    let arena = file.open();
    let held = RefCell::new(Some(arena));
    let path = file.path().to_owned();
    apart(|| {
        assert_in_use(&path);
        drop(held.take());
        assert_in_use(&path);
    });
    drop(held.take());
    assert!(free_for_others(&path));
}

/// What lies at a path may be moved away after it was opened and before it is locked: a file that its owner has published
/// meanwhile must not be emptied.
///
/// A lease makes the opening of a file wait in the middle.
#[test]
#[cfg(target_os = "linux")]
fn what_was_renamed_before_the_lock_is_left_alone() {
    let (draft, published) = (Temporary::with(b"complete"), Temporary::new());
    let handle = to_write(draft.path());
    apart(|| {
        // Told that somebody wants the file.
        // SAFETY: to ignore a signal needs no handler to be valid.
        unsafe { libc::signal(libc::SIGIO, libc::SIG_IGN) };
        // SAFETY: no memory is involved.
        let lease = |kind: libc::c_int| unsafe { libc::fcntl(handle.as_raw_fd(), libc::F_SETLEASE, kind) };
        if lease(libc::F_WRLCK) != 0 {
            return eprintln!("skipped: the system gives no leases");
        }
        let created = thread::scope(|scope| {
            // SAFETY: who knows the file respects its lock.
            let waits = scope.spawn(|| unsafe { Mapped::create(draft.path()) });
            // SAFETY: no memory is involved.
            while unsafe { libc::fcntl(handle.as_raw_fd(), libc::F_GETLEASE) } == libc::F_WRLCK {
                thread::sleep(Duration::from_millis(1));
            }
            fs::rename(draft.path(), published.path()).expect("the draft is there");
            lease(libc::F_UNLCK);
            waits.join().expect("it does not panic")
        });
        let arena: Arena<_> = Arena::new_in(created.expect("nobody else has a draft"));
        arena.alloc_slice_copy(b"the next");
        drop(arena);
        assert_eq!(published.bytes(), b"complete");
        assert_eq!(draft.bytes(), b"the next");
    });
}
