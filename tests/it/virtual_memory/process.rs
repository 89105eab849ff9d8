//! Child processes: for what ends a process, counts what it holds, or changes its limits.

use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};

/// How a child process ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With this status; 0 if its closure returned, 101 if it panicked.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

/// Runs `call` in a copy of this process, which is given 60 seconds.
///
/// Only this thread lives on in the copy, so `call` must not wait for others.
pub(crate) fn fork(call: impl FnOnce()) -> End {
    // SAFETY: the child allocates, which glibc and others prepare `malloc` for, and otherwise calls the system only;
    // should it wait for a lock that another thread held, the alarm ends it.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", io::Error::last_os_error());
    if child == 0 {
        // SAFETY: no condition.
        unsafe { libc::alarm(60) };
        let outcome = panic::catch_unwind(AssertUnwindSafe(call));
        if let Err(panic) = &outcome {
            // The harness keeps what a panic prints, and this copy of it ends without showing it.
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            let _ = writeln!(io::stderr(), "in the child process: {message}");
        }
        // SAFETY: no condition; nothing of the parent's is flushed or dropped twice.
        unsafe { libc::_exit(if outcome.is_ok() { 0 } else { 101 }) };
    }
    let mut status = 0;
    // SAFETY: `status` is valid for writes.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    if libc::WIFSIGNALED(status) {
        End::Signal(libc::WTERMSIG(status))
    } else {
        End::Exit(libc::WEXITSTATUS(status))
    }
}

/// Runs `call` in a copy of this process, and panics if it does.
#[track_caller]
pub(crate) fn apart(call: impl FnOnce()) {
    assert_eq!(fork(call), End::Exit(0));
}

/// Whether `call` dies of a touch of memory that is not there.
pub(crate) fn faults(call: impl FnOnce()) -> bool {
    let quiet = || {
        // A sanitizer's handler would make an exit of it.
        for signal in [libc::SIGSEGV, libc::SIGBUS] {
            // SAFETY: the default action needs no handler to be valid.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        call();
    };
    matches!(fork(quiet), End::Signal(libc::SIGSEGV | libc::SIGBUS))
}

/// Whether `call`, in a copy of this process, gets by without a system call once it ran twice. `None` where the system
/// cannot tell.
///
/// In "strict" mode of `seccomp`, any call but `read`, `write` and `exit` kills.
#[cfg(all(target_os = "linux", not(arenite_asan)))]
pub(crate) fn makes_no_system_call(mut call: impl FnMut()) -> Option<bool> {
    const UNABLE: i32 = 77;
    let end = fork(|| {
        arenite::Virtual::trim_cache();
        call();
        call();
        // SAFETY: these arguments are numbers.
        let strict = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
        // `_exit` is not among the calls that are allowed: it ends all threads.
        // SAFETY: ends this thread, which is the only one.
        let exit = |status: i32| unsafe { libc::syscall(libc::SYS_exit, status) };
        if strict != 0 {
            exit(UNABLE);
        }
        (0..1000).for_each(|_| call());
        exit(0);
    });
    match end {
        End::Exit(0) => Some(true),
        End::Exit(UNABLE) => None,
        End::Signal(libc::SIGKILL) => Some(false),
        other => panic!("the process ended with {other:?}"),
    }
}

/// Bytes of memory that this process has present, those of its program file not counted.
#[cfg(target_os = "linux")]
pub(crate) fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc is there");
    let mut pages = statm.split(' ').skip(1).map(|pages| pages.parse::<usize>().expect("a number"));
    let (all, of_files) = (pages.next().expect("resident"), pages.next().expect("shared"));
    all.saturating_sub(of_files) * page_size()
}

pub(crate) fn page_size() -> usize {
    // SAFETY: no condition.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a page has a size")
}

/// Lets this process have so much of something.
#[cfg(not(arenite_asan))]
pub(crate) fn set_limit(resource: Resource, bytes: usize) {
    let limit = libc::rlimit { rlim_cur: bytes as _, rlim_max: bytes as _ };
    // SAFETY: `limit` is valid for reads.
    assert_eq!(unsafe { libc::setrlimit(resource, &limit) }, 0, "{}", io::Error::last_os_error());
}

#[cfg(all(target_os = "linux", target_env = "gnu", not(arenite_asan)))]
pub(crate) type Resource = libc::__rlimit_resource_t;
#[cfg(not(any(all(target_os = "linux", target_env = "gnu"), arenite_asan)))]
pub(crate) type Resource = libc::c_int;
