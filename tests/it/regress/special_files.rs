//! What is no file, or may not be mapped, or not be longer: each says why, and what can be done about it. No two causes have
//! the same text, and none names a limit that has nothing to do with it.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;

use arenite::{Arena, MapError, Mapped};

use crate::files::{Temporary, by_handle, by_path};
use crate::virtual_memory::process::apart;
#[cfg(not(arenite_asan))]
use crate::virtual_memory::process::{page_size, set_limit};

#[track_caller]
fn assert_says(what: &str, result: Result<Mapped, MapError>, words: &str) {
    let error = result.map(|_| ()).expect_err(what).to_string();
    assert!(error.contains(words), "{what}: {error}");
    assert!(
        ["ulimit", "vm."].iter().any(|limit| words.contains(limit)) || !error.contains("ulimit"),
        "{what}: {error}"
    );
}

#[test]
fn what_is_no_file_is_called_by_its_name() {
    let (folder, pipe, socket) = (Temporary::new(), Temporary::new(), Temporary::new());
    fs::create_dir(folder.path()).expect("a folder");
    let listener = UnixListener::bind(socket.path()).expect("a socket");
    let name = std::ffi::CString::new(pipe.path().to_str().expect("a plain name")).expect("no zero");
    // SAFETY: the name is a C string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let paths = [
        (folder.path(), "is a directory"),
        (pipe.path(), "is a pipe"),
        (socket.path(), "is a socket"),
        (Path::new("/dev/null"), "is a device"),
        (Path::new("/dev/zero"), "is a device"),
    ];
    for (path, words) in paths {
        for (way, result) in by_path(path) {
            assert!(matches!(result, Err(MapError::NotAFile { .. })), "{way} {words}");
            assert_says(way, result, words);
        }
    }
    let both_ends = File::options().read(true).write(true).open(pipe.path()).expect("a pipe");
    assert_says("a pipe", by_handle(both_ends), "is a pipe");
    let device = File::options().read(true).write(true).open("/dev/zero").expect("a device");
    assert_says("a device", by_handle(device), "is a device");
    let listener: OwnedFd = listener.into();
    assert_says("a socket", by_handle(listener.into()), "is a socket");
}

#[test]
fn files_of_the_kernel_cannot_be_mapped() {
    for path in ["/proc/self/status", "/proc/self/maps", "/sys/kernel/mm/transparent_hugepage/enabled"] {
        let path = Path::new(path);
        if !path.exists() {
            continue;
        }
        // SAFETY: nothing gets as far as a mapping.
        assert_says("private", unsafe { Mapped::private(path) }, "cannot be mapped");
        // SAFETY: as above.
        assert_says("read_only", unsafe { Mapped::read_only(path) }, "cannot be mapped");
    }
}

#[test]
fn a_handle_must_be_open_to_be_read_and_written() {
    use std::os::unix::fs::OpenOptionsExt;

    let file = Temporary::with(b"contents");
    let open = |options: &mut fs::OpenOptions| options.open(file.path()).expect("it is there");
    let one_way = open(File::options().read(true));
    assert_says("to be read", by_handle(one_way), "opened to be read only");
    let one_way = open(File::options().write(true));
    assert_says("to be written", by_handle(one_way), "opened to be written only");
    let name = open(File::options().read(true).custom_flags(libc::O_PATH));
    assert_says("a name", by_handle(name), "neither to be read nor written");
    assert_eq!(file.bytes(), b"contents");
    let both = open(File::options().read(true).append(true));
    let arena: Arena<_> = Arena::new_in(by_handle(both).expect("it can be written"));
    arena.alloc_slice_copy(b"appended");
    drop(arena);
    assert_eq!(file.bytes(), b"contentsappended");
}

#[test]
fn what_is_sealed_says_so() {
    for seal in [libc::F_SEAL_WRITE, libc::F_SEAL_FUTURE_WRITE] {
        // SAFETY: the name is a C string.
        let number = unsafe { libc::memfd_create(c"arenite".as_ptr(), libc::MFD_ALLOW_SEALING) };
        assert!(number >= 0, "{}", io::Error::last_os_error());
        // SAFETY: it was opened just now, and is nobody else's.
        let file = unsafe { File::from_raw_fd(number) };
        file.set_len(4096).expect("a file in memory can be written");
        // SAFETY: no memory is involved.
        assert_eq!(unsafe { libc::fcntl(number, libc::F_ADD_SEALS, seal) }, 0);
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        assert_says("sealed", by_handle(file.try_clone().expect("a copy")), "sealed");
        // SAFETY: nobody else knows the file.
        let arena: Arena<_> = Arena::new_in(unsafe { Mapped::private(path) }.expect("it can be read"));
        assert_eq!(*arena.alloc(7), 7);
    }
}

/// Gives a file, of those flags that file systems have (`chattr`), these besides its own. False if there are none, or not
/// for us.
fn set_flags(file: &File, more: libc::c_long) -> bool {
    const OURS: libc::c_long = APPEND | IMMUTABLE;
    let mut flags: libc::c_long = 0;
    // SAFETY: `flags` is valid for writes.
    let known = unsafe { libc::ioctl(file.as_raw_fd(), libc::FS_IOC_GETFLAGS, &mut flags) } == 0;
    flags = flags & !OURS | more;
    // SAFETY: `flags` is valid for reads.
    known && unsafe { libc::ioctl(file.as_raw_fd(), libc::FS_IOC_SETFLAGS, &flags) } == 0
}

const APPEND: libc::c_long = 0x20;
const IMMUTABLE: libc::c_long = 0x10;

#[test]
fn what_may_only_be_appended_to_or_never_be_changed() {
    let file = Temporary::with(b"contents");
    let handle = File::options().read(true).append(true).open(file.path()).expect("it is there");
    if !set_flags(&handle, APPEND) {
        return eprintln!("skipped: no such flags, or not for us");
    }
    let only_appended = by_handle(handle.try_clone().expect("a copy"));
    let [create, open, ..] = by_path(file.path());
    set_flags(&handle, IMMUTABLE);
    let [never_created, never_opened, private, ..] = by_path(file.path());
    set_flags(&handle, 0);
    assert_says("append-only", only_appended, "appended");
    for (way, result) in [create, open, never_created, never_opened] {
        assert_says(way, result, "Mapped::read_only");
    }
    assert!(private.1.is_ok());
    assert_eq!(file.bytes(), b"contents");
}

#[test]
fn a_hint_fits_what_was_asked() {
    let missing = Temporary::new();
    let inside = missing.path().join("file");
    let words = ["make its directory", "Mapped::create", "Mapped::create", "Mapped::create"];
    for ((way, result), words) in by_path(&inside).into_iter().zip(words) {
        assert_says(way, result, words);
    }
    // One who may not read is not told to read.
    let file = Temporary::with(b"secret");
    fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o000))
        .expect("it is ours");
    apart(|| {
        // SAFETY: no condition.
        if unsafe { libc::geteuid() } == 0 && unsafe { libc::setuid(65_534) } != 0 {
            return eprintln!("not checked: nobody else to be");
        }
        for (way, result) in by_path(file.path()) {
            let to_write = matches!(way, "create" | "open");
            let error = result.expect_err(way).to_string();
            assert_eq!(error.contains("Mapped::read_only"), to_write, "{way}: {error}");
        }
    });
}

#[test]
#[cfg(not(arenite_asan))]
fn no_more_handles() {
    let file = Temporary::with(b"contents");
    apart(|| {
        set_limit(libc::RLIMIT_NOFILE, 3);
        for (way, result) in by_path(file.path()) {
            assert_says(way, result, "ulimit -n");
        }
    });
    assert_eq!(file.bytes(), b"contents");
}

#[test]
#[cfg(not(arenite_asan))]
fn no_more_mappings() {
    let file = Temporary::with(b"contents");
    apart(|| {
        // What is kept for later would give way.
        arenite::Virtual::trim_cache();
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // Each is a file of its own, so that no two become one.
        // SAFETY: a mapping at a place that the system finds changes no other.
        let one_more =
            || unsafe { libc::mmap(std::ptr::null_mut(), page_size(), libc::PROT_READ, flags, -1, 0) };
        if (0..1 << 17).all(|_| one_more() != libc::MAP_FAILED) {
            return eprintln!("not checked: there is no limit near");
        }
        for (way, result) in by_path(file.path()) {
            assert_says(way, result, "vm.max_map_count");
        }
    });
    assert_eq!(file.bytes(), b"contents");
}

#[test]
#[cfg(not(arenite_asan))]
fn a_limit_on_what_may_be_written() {
    let file = Temporary::new();
    File::create(file.path()).and_then(|file| file.set_len(1 << 30)).expect("a file of holes");
    apart(|| {
        set_limit(libc::RLIMIT_DATA, 256 << 20);
        // SAFETY: nobody else knows the file.
        assert_says("private", unsafe { Mapped::private(file.path()) }, "ulimit -d");
        // SAFETY: as above.
        let read_only = unsafe { Mapped::read_only(file.path()) };
        assert_eq!(read_only.expect("nothing is written").contents().len(), 1 << 30);
    });
}

#[test]
#[cfg(not(arenite_asan))]
fn a_limit_on_locked_memory() {
    let file = Temporary::with(b"contents");
    fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .expect("it is ours");
    apart(|| {
        // Root may lock as much as it likes.
        // SAFETY: no condition.
        if unsafe { libc::geteuid() } == 0 && unsafe { libc::setuid(65_534) } != 0 {
            return eprintln!("not checked: nobody else to be");
        }
        set_limit(libc::RLIMIT_MEMLOCK, 16 << 10);
        // SAFETY: no condition.
        if unsafe { libc::mlockall(libc::MCL_FUTURE) } != 0 {
            return eprintln!("not checked: nothing can be locked");
        }
        // SAFETY: nobody else knows the file.
        assert_says("open", unsafe { Mapped::open(file.path()) }, "ulimit -l");
    });
    assert_eq!(file.bytes(), b"contents");
}
