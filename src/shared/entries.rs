//! A list of values, each of which belongs to one thread at a time.
//!
//! `tests/loom` checks this file by itself.

use core::marker::PhantomData;
use core::ptr;

use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The owner of what nobody owns.
const NOBODY: usize = 0;

/// A value and who owns it. Aligned so that threads which are at different ones do not wait for one another, also where
/// the processor fetches two lines at once.
///
/// # Invariants
///
/// Whoever reads its own identity in `owner` is the owner: an identity is one thread's for all time, only that thread
/// writes it, and it is taken away through `&mut` alone. `next` does not change once the entry is on the list.
#[repr(align(128))]
pub(super) struct Entry<T> {
    owner: AtomicUsize,
    next: *mut Entry<T>,
    value: T,
}

/// A list to which entries are added while it is shared, and from which none is taken before it is dropped.
///
/// # Invariants
///
/// `head` and each `next` lead to an entry that was boxed and is there until the list is dropped, or are null.
pub(super) struct Entries<T> {
    head: AtomicPtr<Entry<T>>,
    values: PhantomData<T>,
}

// SAFETY: it owns its values and nothing else.
unsafe impl<T: Send> Send for Entries<T> {}

// SAFETY: through a shared list a thread gets the values that it owns and no others, so a value is used by one thread at a
// time. `T: Sync` is not needed: as long as the list is shared a value's owner does not change, once it has one.
unsafe impl<T: Send> Sync for Entries<T> {}

impl<T> Entries<T> {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Entries { head: AtomicPtr::new(ptr::null_mut()), values: PhantomData }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Entries { head: AtomicPtr::new(ptr::null_mut()), values: PhantomData }
    }

    /// The value of `entry`, if it is `id`'s.
    ///
    /// # Safety
    ///
    /// `entry` is null or one of this list's, and `id` is the identity of the calling thread.
    #[inline(always)]
    pub(super) unsafe fn value_of(&self, entry: *mut Entry<T>, id: usize) -> Option<&T> {
        if entry.is_null() {
            return None;
        }
        // SAFETY: not null, so it is an entry of this list (this function's contract), which stays as long as the list
        // (invariant). Only the reference to the owner is made here, which is atomic: the value is looked at below.
        let owner = unsafe { &(*entry).owner };
        if owner.load(Ordering::Relaxed) != id {
            return None;
        }
        // SAFETY: the value is this thread's, and was written before it was.
        Some(unsafe { &(*entry).value })
    }

    /// The entry that `id` owns; or one that nobody does, which is `id`'s from now on: `first`, if possible. Null if there is
    /// none. O(entries).
    ///
    /// # Safety
    ///
    /// `first` is null or one of this list's, and `id` is the identity of the calling thread.
    pub(super) unsafe fn find_or_claim(&self, first: *mut Entry<T>, id: usize) -> *mut Entry<T> {
        let owner_of = |entry: *mut Entry<T>| {
            // SAFETY: entries are there as long as the list (invariant). Only the reference to the owner is made, which is atomic.
            unsafe { &(*entry).owner }
        };
        // Not ordered: what was done with the value before it was nobody's has happened for all who share the list.
        let claim = |entry: *mut Entry<T>| {
            owner_of(entry).compare_exchange(NOBODY, id, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        let mut free: *mut Entry<T> = ptr::null_mut();
        for entry in self.iter() {
            match owner_of(entry).load(Ordering::Relaxed) {
                owner if owner == id => return entry,
                NOBODY if free.is_null() => free = entry,
                _ => {}
            }
        }
        if free.is_null() {
            return free;
        }
        if !first.is_null() && claim(first) {
            return first;
        }
        self.iter().find(|&entry| claim(entry)).unwrap_or(ptr::null_mut())
    }

    /// An entry for `value`, owned by `id`, to be put on the list by [`push`](Self::push).
    pub(super) fn entry(value: T, id: usize) -> Entry<T> {
        Entry { owner: AtomicUsize::new(id), next: ptr::null_mut(), value }
    }

    /// Puts an entry on the list.
    ///
    /// # Safety
    ///
    /// `entry` is valid until [`take`](Self::take) gives it back, and nobody else's.
    pub(super) unsafe fn push(&self, entry: *mut Entry<T>) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: nobody else has it before it is on the list.
            unsafe { (*entry).next = head };
            // Release, so that whoever finds the entry finds it written. Whoever finds a later one finds this one so, too: the
            // head is changed by nothing but these.
            match self.head.compare_exchange_weak(head, entry, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(changed) => head = changed,
            }
        }
    }

    /// Every entry that is on the list now, newest first.
    fn iter(&self) -> impl Iterator<Item = *mut Entry<T>> {
        let mut next = self.head.load(Ordering::Acquire);
        core::iter::from_fn(move || {
            let entry = next;
            if entry.is_null() {
                return None;
            }
            // SAFETY: what the head and each `next` lead to was boxed, and stays until the list is dropped (invariant), which is
            // borrowed; it was written before it was shown, which the acquire of the head has seen, and its `next` is written
            // no more.
            next = unsafe { (*entry).next };
            Some(entry)
        })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    /// Every value, newest first.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.iter().map(|entry| {
            // SAFETY: `&mut self`: nobody else has any of them, and each comes once.
            unsafe { &mut (*entry).value }
        })
    }

    /// Takes every value from its owner. Whoever had a reference to one has it no more, as the list is borrowed exclusively.
    pub(super) fn disown(&mut self) {
        for entry in self.iter() {
            // SAFETY: entries are there as long as the list (invariant). Only the reference to the owner is made.
            unsafe { &(*entry).owner }.store(NOBODY, Ordering::Relaxed);
        }
    }

    /// Takes an entry off the list.
    pub(super) fn take(&mut self) -> Option<*mut Entry<T>> {
        let entry = self.iter().next()?;
        // SAFETY: it was boxed, and stays until the list is dropped (invariant); `&mut self`, so nobody writes it.
        let next = unsafe { (*entry).next };
        self.head.store(next, Ordering::Relaxed);
        Some(entry)
    }
}
