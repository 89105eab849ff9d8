//! What an arena says when the system refuses.

use std::error::Error;

use arenite::{Arena, Cause, CreateError, Virtual};
#[cfg(target_os = "linux")]
use libc::{EAGAIN, ENOMEM, EPERM};

use crate::again;

const NO_MEMORY: Option<i32> = Some(12);

#[test]
#[cfg_attr(arenite_asan, ignore = "the tool needs more address space")]
fn address_space_is_limited() {
    if !again::is_inner() {
        return again::run("limits::address_space_is_limited", None, "ulimit -v 1000000");
    }
    let error = Arena::try_with_capacity_in(4 << 30, Virtual::new()).unwrap_err();
    let cause = Cause::Reserve { code: NO_MEMORY };
    assert_eq!(error, CreateError::System { bytes: 4 << 30, backing: "virtual", cause });
    let text = error.to_string();
    assert!(text.contains("4 GiB") && text.contains("ulimit -v") && text.contains("os error 12"), "{text}");
    assert_eq!(error.source().map(ToString::to_string), Some(cause.to_string()));
    // Less is to be had, and what an arena has stays usable when it asks for too much.
    let arena = Arena::try_new_in(Virtual::new()).unwrap();
    assert_eq!(arena.cause(), None);
    let numbers = arena.alloc_slice_fill_copy(1000, 7_u32);
    assert!(arena.try_alloc_slice_fill_copy(1 << 32, 0_u8).is_err());
    assert_eq!(arena.cause(), Some(cause));
    arena.alloc(1);
    assert!(numbers.iter().all(|&number| number == 7));
}

#[test]
#[cfg_attr(arenite_asan, ignore = "the tool ignores requests to lock memory")]
fn locked_memory_is_limited() {
    if !again::is_inner() {
        // The superuser has no limit, except in a name space of users.
        let wrapper: &[&str] = &["unshare", "-U"];
        if !again::succeeds(&[wrapper, &["true"]].concat()) {
            return eprintln!("skipped: no name space of users to be had");
        }
        return again::run("limits::locked_memory_is_limited", Some(wrapper), "ulimit -l 1024");
    }
    let arena = Arena::try_new_in(Virtual::new().lock(true)).unwrap();
    let number = arena.alloc(7);
    for _ in 0..2 {
        // Not the second time either, when what was asked for is committed already.
        let bytes = 16 << 20;
        assert!(arena.try_alloc_slice_fill_copy(bytes, 0_u8).is_err());
        assert_eq!(arena.cause(), Some(Cause::Lock { code: NO_MEMORY }));
    }
    assert_eq!(*number, 7);
    let error = Arena::try_with_capacity_in(16 << 20, Virtual::new().lock(true)).unwrap_err();
    assert!(error.to_string().contains("RLIMIT_MEMLOCK"), "{error}");
}

/// An arena asks for more than it needs, so that it asks seldom. When that is refused it asks for what it needs.
#[test]
#[cfg(target_os = "linux")]
#[cfg_attr(arenite_asan, ignore = "the tool needs more memory")]
fn what_is_left_of_a_limit_serves_to_the_last_pages() {
    const LIMIT: usize = 100_000;
    if !again::is_inner() {
        let setup = format!("ulimit -d {LIMIT}");
        return again::run("limits::what_is_left_of_a_limit_serves_to_the_last_pages", None, &setup);
    }
    let arena = Arena::try_new_in(Virtual::new()).unwrap();
    for bytes in [1 << 20, 64 << 10, 4096, 8] {
        while arena.try_alloc_slice_fill_copy(bytes, 1_u8).is_ok() {}
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
    let data: usize = data.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(LIMIT - data < 256, "{data} KiB of {LIMIT} are in use, and 8 bytes are refused");
}

/// What is said goes by the system's error, and by the limits that there are.
#[test]
#[cfg(target_os = "linux")]
fn a_hint_names_the_limit_that_was_reached() {
    if !again::is_inner() {
        let name = "limits::a_hint_names_the_limit_that_was_reached";
        again::run(name, None, "ulimit -v 100000000 && ulimit -d 100000000 && export ARENITE_TEST_LIMITED=1");
        return again::run(name, None, "true");
    }
    let limited = std::env::var_os("ARENITE_TEST_LIMITED").is_some();
    let code = Some;
    let says = |cause: Cause, words: &[&str]| {
        let text = cause.to_string();
        for word in ["RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_MEMLOCK", "max_map_count", "sandbox"] {
            assert_eq!(text.contains(word), words.contains(&word), "{text:?} and {word:?}");
        }
    };
    if limited {
        says(Cause::Reserve { code: code(ENOMEM) }, &["RLIMIT_AS"]);
        says(Cause::Commit { code: code(ENOMEM) }, &["RLIMIT_DATA"]);
    } else if crate::again::succeeds(&["sh", "-c", "test $(ulimit -v)$(ulimit -d) = unlimitedunlimited"]) {
        says(Cause::Reserve { code: code(ENOMEM) }, &["max_map_count"]);
        says(Cause::Commit { code: code(ENOMEM) }, &["max_map_count"]);
    }
    says(Cause::Reserve { code: code(EAGAIN) }, &["RLIMIT_MEMLOCK"]);
    says(Cause::Reserve { code: code(EPERM) }, &["sandbox"]);
    says(Cause::Commit { code: code(EPERM) }, &["sandbox"]);
    says(Cause::Lock { code: code(EPERM) }, &["RLIMIT_MEMLOCK"]);
    says(Cause::Lock { code: code(EAGAIN) }, &[]);
    says(Cause::Reserve { code: None }, &[]);
}
