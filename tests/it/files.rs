//! Files for tests.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use arenite::{Arena, MapError, Mapped, MappedOptions};

/// A path of its own for a test, known to nobody else. What is there is removed when this is dropped.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// Nothing is there yet.
    pub(crate) fn new() -> Temporary {
        Temporary::within(&env::temp_dir())
    }

    pub(crate) fn within(folder: &Path) -> Temporary {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        Temporary(folder.join(format!("arenite-test-{}-{next}", process::id())))
    }

    /// A file is there.
    pub(crate) fn with(bytes: &[u8]) -> Temporary {
        Temporary::new().filled(bytes)
    }

    /// A file is there, in memory if the system has a place for that: for tests that make many.
    pub(crate) fn in_memory(bytes: &[u8]) -> Temporary {
        let memory = Path::new("/dev/shm");
        let temporary = if memory.is_dir() { Temporary::within(memory) } else { Temporary::new() };
        temporary.filled(bytes)
    }

    fn filled(self, bytes: &[u8]) -> Temporary {
        fs::write(&self.0, bytes).expect("a file for a test");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.0).expect("a file that can be read")
    }

    pub(crate) fn open_shared(&self, options: MappedOptions) -> Mapped {
        // SAFETY: nobody else knows the file.
        unsafe { options.open(&self.0) }.expect("a file that can be mapped")
    }

    pub(crate) fn open_private(&self, options: MappedOptions) -> Mapped {
        // SAFETY: nobody else knows the file.
        unsafe { options.private(&self.0) }.expect("a file that can be mapped")
    }

    pub(crate) fn create(&self) -> Arena<Mapped> {
        // SAFETY: nobody else knows the file.
        Arena::new_in(unsafe { Mapped::create(&self.0) }.expect("a file that can be mapped"))
    }

    pub(crate) fn open(&self) -> Arena<Mapped> {
        Arena::new_in(self.open_shared(MappedOptions::new()))
    }

    pub(crate) fn private(&self) -> Arena<Mapped> {
        Arena::new_in(self.open_private(MappedOptions::new()))
    }
}

/// The ways to open a file by its path, each with its name; those that write first.
pub(crate) fn by_path(path: &Path) -> [(&'static str, Result<Mapped, MapError>); 4] {
    // SAFETY: nobody else knows the files of tests, and who does respects the lock.
    let create = unsafe { Mapped::create(path) };
    // SAFETY: as above.
    let open = unsafe { Mapped::open(path) };
    // SAFETY: as above.
    let private = unsafe { Mapped::private(path) };
    // SAFETY: as above.
    let read_only = unsafe { Mapped::read_only(path) };
    [("create", create), ("open", open), ("private", private), ("read_only", read_only)]
}

/// The way to open a file by a handle.
pub(crate) fn by_handle(file: File) -> Result<Mapped, MapError> {
    // SAFETY: nobody else knows the files of tests, and who does respects the lock.
    unsafe { MappedOptions::new().open_file(file) }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        let _ = fs::remove_dir_all(&self.0);
    }
}
