//! Calls that a signal interrupts, again and again: each comes to an end.
//!
//! A filter stands in for file systems that give up what they did so far when a signal comes, as tmpfs did until Linux 6.10.

use std::fs::{self, File};

use arenite::{Arena, Cause, MapError, Mapped, MappedOptions};

use crate::files::Temporary;
use crate::refused;

/// Runs `call` in a process of its own that is refused to give a file its place on the disk, more than `most` bytes at once.
fn behind(most: u32, code: i32, call: impl FnOnce()) {
    refused::behind(libc::SYS_fallocate, Some(most), code, call);
}

#[test]
fn large_places_that_are_never_given_undisturbed_come_in_small_pieces() {
    behind(1 << 20, libc::EINTR, || {
        let file = Temporary::in_memory(b"");
        let arena = file.create();
        let block = arena.try_alloc_slice_fill_copy(64 << 20, 7_u8);
        assert!(block.is_ok(), "{:?}", arena.cause());
        arena.close().expect("the file can be written");
        // What a file leaves out gets its place in the same way.
        File::options().write(true).open(file.path()).and_then(|file| file.set_len(96 << 20)).expect("holes");
        let mut arena = file.open();
        arena.contents_mut().expect("it can be written").fill(8);
    });
}

#[test]
fn a_call_that_is_always_interrupted_is_an_error() {
    behind(0, libc::EINTR, || {
        let file = Temporary::in_memory(b"contents");
        // SAFETY: nobody else knows the file.
        let error = unsafe { Mapped::open(file.path()) }.expect_err("it gets no place");
        let MapError::Memory { cause, .. } = &error else { panic!("{error}") };
        assert!(cause.to_string().contains("signals"), "{error}");
        assert_eq!(file.bytes(), b"contents");
        // Created, it needs no place until something is allocated.
        let arena = file.create();
        for _ in 0..2 {
            assert!(arena.try_alloc(1_u64).is_err());
            assert_eq!(arena.cause(), Some(Cause::ExtendFile { code: Some(libc::EINTR) }));
            assert_eq!(fs::metadata(file.path()).expect("it is there").len(), 0);
        }
        assert_eq!(arena.close().expect("nothing is to be done"), 0);
    });
}

#[test]
fn file_systems_that_give_no_places_get_zeroes() {
    // The system's library may write the zeroes itself.
    for code in [libc::EOPNOTSUPP, libc::ENOSYS] {
        behind(0, code, || {
            let file = Temporary::in_memory(b"contents");
            let arena = file.open();
            let block = arena.alloc_slice_fill_copy(1 << 20, 7_u8);
            assert_eq!(block.len(), 1 << 20);
            drop(arena);
            assert_eq!(file.bytes().len(), 8 + (1 << 20));
            // SAFETY: nobody else knows the file.
            let appending = File::options().read(true).append(true).open(file.path()).expect("it is there");
            // SAFETY: as above.
            let mapped = unsafe { MappedOptions::new().open_file(appending) }.expect("it can be written");
            let arena: Arena<_> = Arena::new_in(mapped);
            arena.alloc_slice_fill_copy(1 << 20, 8_u8);
            drop(arena);
            let bytes = file.bytes();
            assert!(bytes.len() == 8 + (2 << 20) && bytes.ends_with(&[8; 1000]));
        });
    }
}
