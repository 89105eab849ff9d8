//! What ends the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arenite::Arena;

use crate::child_process::expect;

struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("one of several");
    }
}

fn must_abort(test: &str, message: &str, program: impl FnOnce()) {
    let program = || {
        _ = catch_unwind(AssertUnwindSafe(program));
        println!("came back");
    };
    expect(&format!("ends::aborts::{test}"), program, |ended| {
        assert!(!ended.success && !ended.text.contains("came back"), "{}", ended.text);
        assert!(ended.text.contains(message), "{}", ended.text);
    });
}

/// As when two elements of a `Vec` panic.
#[test]
fn a_second_entry_that_panics() {
    must_abort("a_second_entry_that_panics", "one of several", || {
        let arena = Arena::new();
        arena.alloc_owned(Panics);
        arena.defer(|| ());
        arena.alloc_owned(Panics);
    });
}

#[test]
fn an_entry_that_panics_while_a_scope_unwinds() {
    must_abort("an_entry_that_panics_while_a_scope_unwinds", "one of several", || {
        Arena::new().scope(|inner| {
            inner.alloc_owned(Panics);
            panic!("the scope");
        });
    });
}

#[test]
fn a_hook_that_panics() {
    must_abort("a_hook_that_panics", "an allocator must not unwind", || {
        let arena = Arena::new().limit(100);
        arena.on_out_of_memory(|_| panic!("the hook"));
        _ = arena.try_alloc([0_u8; 200]);
    });
}
