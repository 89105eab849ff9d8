//! What a leak check takes for lost. With `--cfg arenite_asan` and AddressSanitizer, whose leak check is on in these processes,
//! it must find what nothing leads to, and nothing else. Without, all of the programs run to their end: that is the control.

use std::hint::black_box;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use allocator_api2::vec::Vec as ArenaVec;
use arenite::wrap::PageGuarded;
use arenite::{Arena, Virtual};

use crate::child_process;

/// Runs `program` in a process of its own, at the end of which its memory is looked through.
fn looked_through(test: &str, finds: bool, program: impl FnOnce()) {
    let options = std::env::var("ASAN_OPTIONS").unwrap_or_default() + ":detect_leaks=1";
    child_process::expect_with(&format!("lost::{test}"), ("ASAN_OPTIONS", &options), program, |ended| {
        let found = cfg!(arenite_asan) && finds;
        assert_eq!(ended.success, !found, "{}", ended.text);
        assert_eq!(ended.text.contains("LeakSanitizer: detected memory leaks"), found, "{}", ended.text);
    });
}

/// Values that own memory of the heap.
fn strings() -> impl Iterator<Item = String> {
    (0..100).map(|number| format!("a string that lies on the heap, number {number}"))
}

type InARange = Arena<Virtual>;

/// An arena to which a static leads.
#[inline(never)]
fn arena() -> &'static mut InARange {
    static KEPT: AtomicPtr<InARange> = AtomicPtr::new(ptr::null_mut());
    let arena = Box::leak(Box::new(Arena::new_in(Virtual::new())));
    KEPT.store(arena, Ordering::Relaxed);
    arena
}

/// Overwrites what is left of the stack frames of `call`, in which a pointer may be.
#[inline(never)]
fn without_trace<R>(call: impl FnOnce() -> R) -> R {
    #[inline(never)]
    fn overwrite() {
        black_box([0_u8; 64 << 10]);
    }
    let result = call();
    overwrite();
    result
}

#[test]
fn nothing_that_a_range_leads_to() {
    looked_through("nothing_that_a_range_leads_to", false, || {
        static KEPT: OnceLock<&[String]> = OnceLock::new();
        without_trace(|| KEPT.set(&*arena().alloc_from_iter(strings())).unwrap());
        assert_eq!(KEPT.get().unwrap().len(), 100);
    });
}

/// A range that another arena had before.
#[test]
fn nothing_that_a_range_from_the_cache_leads_to() {
    looked_through("nothing_that_a_range_from_the_cache_leads_to", false, || {
        static KEPT: OnceLock<&[String]> = OnceLock::new();
        without_trace(|| {
            for _ in 0..20 {
                let arenas = [(); 20].map(|()| InARange::new_in(Virtual::new()));
                arenas.iter().for_each(|arena| assert_eq!(*arena.alloc(1), 1));
            }
            KEPT.set(&*arena().alloc_from_iter(strings())).unwrap();
        });
        assert_eq!(KEPT.get().unwrap().len(), 100);
    });
}

#[test]
fn nothing_that_guarded_pages_lead_to() {
    looked_through("nothing_that_guarded_pages_lead_to", false, || {
        static PAGES: PageGuarded = PageGuarded::new();
        static KEPT: OnceLock<ArenaVec<String, &PageGuarded>> = OnceLock::new();
        without_trace(|| {
            let mut kept = ArenaVec::with_capacity_in(100, &PAGES);
            kept.extend(strings());
            assert!(KEPT.set(kept).is_ok());
        });
        assert_eq!(KEPT.get().unwrap().len(), 100);
    });
}

/// Once the arena has ended, nothing leads to what its values owned, although the range is kept for the next one.
#[test]
fn what_an_arena_forgot_that_has_ended() {
    looked_through("what_an_arena_forgot_that_has_ended", true, || {
        without_trace(|| {
            let arena = InARange::new_in(Virtual::new());
            assert_eq!(arena.alloc_from_iter(strings()).len(), 100);
        });
    });
}

/// What was taken back does not count, although it lies where it was.
#[test]
fn what_an_arena_forgot_that_was_reset() {
    looked_through("what_an_arena_forgot_that_was_reset", true, || {
        without_trace(|| {
            let arena = arena();
            assert_eq!(arena.alloc_from_iter(strings()).len(), 100);
            arena.reset();
        });
    });
}
