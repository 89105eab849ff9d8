//! Sources that panic: the process ends, since an allocator must not unwind.

use std::alloc::Layout;
use std::env;
use std::panic;
use std::process::{Command, Output};
use std::ptr::NonNull;

use allocator_api2::alloc::{Allocator, Global};
use arenite::{AllocError, Arena, Chained, FnSource, Growth};

/// Runs a test of this binary in a process of its own, in which the variable `CHILD` is set.
fn child_process(test: &str) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    // The leak checker has nothing to look for in a process that aborts.
    command.env("ASAN_OPTIONS", "detect_leaks=0").output().unwrap()
}

const CHILD: &str = "ARENITE_HOSTILE_CHILD";

/// In a child process, `panics` must not come back, nor unwind; otherwise checks that it aborts with a message.
fn must_abort(test: &str, panics: fn()) {
    if env::var_os(CHILD).is_some() {
        let unwound = panic::catch_unwind(panics);
        println!("came back: {}", if unwound.is_err() { "unwound" } else { "returned" });
        return;
    }
    let output = child_process(&format!("hostile::abort::{test}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && !stdout.contains("came back"), "{stdout}\n{stderr}");
    assert!(stderr.contains("an allocator must not unwind"), "{stderr}");
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(output.status.signal(), Some(6), "not an abort: {}", output.status);
    }
}

/// A source that panics at a call of the one kind or the other.
struct Panics {
    allocating: bool,
}

// SAFETY: passes on to the global allocator, or does not return.
unsafe impl Allocator for Panics {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        assert!(!self.allocating, "no memory today");
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {
        panic!("not wanted back");
    }
}

#[test]
fn a_source_that_panics_aborts() {
    must_abort("a_source_that_panics_aborts", || {
        _ = Arena::new_in(Chained::new_in(Panics { allocating: true })).try_alloc(1);
    });
}

#[test]
fn a_source_that_panics_when_memory_comes_back_aborts() {
    must_abort("a_source_that_panics_when_memory_comes_back_aborts", || {
        Arena::new_in(Chained::new_in(Panics { allocating: false })).alloc(1);
    });
}

#[test]
fn a_closure_that_panics_aborts() {
    must_abort("a_closure_that_panics_aborts", || {
        // SAFETY: neither closure returns.
        let source = unsafe { FnSource::new(|_| panic!("no memory today"), |_, _| unreachable!()) };
        _ = source.allocate(Layout::new::<u64>());
    });
}

#[test]
fn growth_that_panics_aborts() {
    must_abort("growth_that_panics_aborts", || {
        let arena = Arena::new_in(
            Chained::new().side_chunks_above(usize::MAX).growth(Growth::Custom(|_| panic!("too many"))),
        );
        arena.alloc([0_u8; 500]);
        arena.alloc([0_u8; 500]);
        arena.alloc([0_u8; 500]);
    });
}
