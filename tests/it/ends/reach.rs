//! Entries that can reach the arena in which they lie, or its parent: through a thread-local, a static, a lock.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, Weak};

use arenite::{Arena, Checkpoint, Child};

use super::{Log, enlist};

thread_local! {
    static ARENA: &'static Arena = Box::leak(Box::new(Arena::new()));
    static RESETTABLE: RefCell<Arena> = const { RefCell::new(Arena::new()) };
    static BLOCKS: RefCell<Vec<&'static mut [u8; 33]>> = const { RefCell::new(Vec::new()) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn arena() -> &'static Arena {
    ARENA.with(|arena| *arena)
}

/// Allocates in the parent while the child ends, and opens children of the parent's.
#[test]
fn an_entry_of_a_child_uses_the_parent() {
    let fill = |id: u8| {
        let block = arena().alloc([id; 33]);
        arena().scope(|inner| inner.alloc([0xEE_u8; 5000])[0]);
        BLOCKS.with_borrow_mut(|blocks| blocks.push(block));
    };
    for round in 0..20_u8 {
        let child = arena().child();
        for id in 0..10 {
            child.alloc([0xDD_u8; 60]);
            child.defer(move || fill(round * 10 + id));
        }
        if round % 2 == 0 {
            drop(child);
        } else {
            arena().scope(|inner| inner.defer(move || fill(round)));
            drop(child);
            arena().alloc([0xCC_u8; 60]);
        }
    }
    BLOCKS.with_borrow(|blocks| {
        assert_eq!(blocks.len(), 210);
        for block in blocks {
            assert!(block.iter().all(|&byte| byte == block[0]) && block[0] < 200);
        }
    });
}

/// A guard that lives in a thread-local ends while an entry looks for it there.
#[test]
fn an_entry_looks_for_its_own_child() {
    thread_local! {
        static CHILD: RefCell<Option<Child<'static, arenite::Auto, 8>>> = const { RefCell::new(None) };
    }
    let child = arena().child();
    child.defer(|| {
        CHILD.with_borrow(|child| {
            assert!(child.is_none());
            CALLS.set(CALLS.get() + 1);
        })
    });
    CHILD.set(Some(child));
    CHILD.with_borrow(|child| _ = child.as_ref().unwrap().alloc([1_u8; 100]));
    drop(CHILD.take());
    assert_eq!(CALLS.get(), 1);
}

/// It cannot: the arena is borrowed exclusively meanwhile.
#[test]
fn an_entry_cannot_reach_an_arena_that_is_reset() {
    RESETTABLE.with_borrow(|arena| {
        arena.defer(|| {
            assert!(RESETTABLE.with(|arena| arena.try_borrow().is_err()));
            CALLS.set(CALLS.get() + 1);
        });
    });
    RESETTABLE.with_borrow_mut(Arena::reset);
    assert_eq!(CALLS.get(), 1);

    let shared = Arc::new(Mutex::new(Arena::new()));
    let weak: Weak<Mutex<Arena>> = Arc::downgrade(&shared);
    let log = Log::default();
    let told = log.clone();
    shared.lock().unwrap().defer(move || match weak.upgrade() {
        Some(shared) => told.add(u32::from(shared.try_lock().is_err())),
        None => told.add(2),
    });
    shared.lock().unwrap().reset();
    assert_eq!(log.take(), [1]);
    let weak = Arc::downgrade(&shared);
    let told = log.clone();
    shared.lock().unwrap().defer(move || told.add(if weak.upgrade().is_none() { 3 } else { 4 }));
    drop(shared);
    assert_eq!(log.take(), [3]);
}

/// Entries that make entries while they end: those are ended, too, before their memory is taken back.
#[test]
fn an_entry_of_a_rewound_arena_makes_another_one() {
    thread_local! {
        static MARK: Cell<Option<Checkpoint>> = const { Cell::new(None) };
    }
    let log = Log::default();
    enlist(arena(), &log, [100]);
    MARK.set(Some(arena().checkpoint()));
    let used = arena().stats().used;
    for id in 0..5 {
        let log = log.clone();
        arena().defer(move || {
            log.add(id);
            arena().alloc([0xAA_u8; 700]);
            let later = log.clone();
            arena().defer(move || later.add(10 + id));
            arena().alloc_owned(log.value(20 + id));
        });
    }
    // SAFETY: the mark is this arena's; nothing made since is in use, and what entries make is not, either.
    unsafe { arena().rewind(MARK.get().unwrap()) };
    assert_eq!(log.take(), [4, 3, 2, 1, 0, 20, 10, 21, 11, 22, 12, 23, 13, 24, 14]);
    assert_eq!(arena().stats().used, used);
    // SAFETY: as above.
    unsafe { arena().rewind(MARK.take().unwrap()) };
    assert!(log.take().is_empty());
}

/// Each of them makes the next.
#[test]
fn entries_that_make_entries_in_turn() {
    fn defer(log: Log, id: u32) {
        arena().defer(move || {
            log.add(id);
            if id > 0 {
                defer(log, id - 1);
            }
        });
    }

    let log = Log::default();
    let mark = arena().checkpoint();
    let used = arena().stats().used;
    for turn in 0..2 {
        defer(log.clone(), 6 + turn);
        // SAFETY: the mark is this arena's; nothing made since is in use, and what entries make is not, either.
        unsafe { arena().rewind(mark) };
        assert_eq!(log.take(), (0..=6 + turn).rev().collect::<Vec<_>>());
        assert_eq!(arena().stats().used, used);
    }
}
