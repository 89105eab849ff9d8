//! What is to happen when a handle ends: values that are dropped then, closures that are called.

use core::cell::Cell;
use core::mem;
use core::ptr::{self, NonNull};

use crate::backing::Backing;

/// The head of an entry, whatever its type.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Link {
    /// The entry made before this one.
    before: *mut Link,
    /// Takes what the entry holds out of it, and ends it.
    end: unsafe fn(*mut Link),
}

/// A value that lies in an arena until its handle ends.
#[repr(C)]
pub(super) struct Entry<T> {
    link: Link,
    value: T,
}

impl<T> Entry<T> {
    /// Where the value of the entry lies.
    ///
    /// # Safety
    ///
    /// `entry` lies in memory that is there.
    pub(super) unsafe fn value(entry: NonNull<Self>) -> NonNull<T> {
        // SAFETY: within the entry (this function's contract).
        let value = unsafe { &raw mut (*entry.as_ptr()).value };
        // SAFETY: what lies within an entry does not lie at null.
        unsafe { NonNull::new_unchecked(value) }
    }
}

/// The entries of a handle, newest first. They lie in its memory; what they hold borrows nothing and may be sent to another
/// thread, so that it can be ended at any time, wherever the arena is by then.
///
/// # Invariants
///
/// Each entry on the list is initialised, in memory that the handle has until it has run the list, and on no other list.
pub(super) struct Ends {
    newest: Cell<*mut Link>,
}

impl Ends {
    #[inline(always)]
    pub(super) const fn none() -> Self {
        Ends { newest: Cell::new(ptr::null_mut()) }
    }

    /// Whether there is an entry.
    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        !self.newest.get().is_null()
    }

    /// The newest entry, or null.
    #[inline]
    pub(super) fn newest(&self) -> *mut Link {
        self.newest.get()
    }

    /// Writes an entry into `slot`, whose value will be dropped.
    ///
    /// # Safety
    ///
    /// As for [`push`](Self::push).
    pub(super) unsafe fn push_value<B: Backing, T: Send + 'static>(&self, slot: NonNull<Entry<T>>, value: T) {
        // SAFETY: the caller's promise is the callee's, and the function drops a `T` in its place.
        unsafe { self.push(slot, value, end_value::<B, T>) };
    }

    /// Writes an entry into `slot`, whose value will be called.
    ///
    /// # Safety
    ///
    /// As for [`push`](Self::push).
    pub(super) unsafe fn push_call<B: Backing, F: FnOnce() + Send + 'static>(
        &self,
        slot: NonNull<Entry<F>>,
        call: F,
    ) {
        // SAFETY: the caller's promise is the callee's, and the function calls an `F` in its place.
        unsafe { self.push(slot, call, end_call::<B, F>) };
    }

    /// # Safety
    ///
    /// `slot` is aligned, valid for writes, nobody else's, and stays so until the list has been run. `end` may be called
    /// with it, once, when `value` lies in it.
    #[inline]
    unsafe fn push<T>(&self, slot: NonNull<Entry<T>>, value: T, end: unsafe fn(*mut Link)) {
        let link = Link { before: self.newest.get(), end };
        // SAFETY: aligned and valid for writes (this function's contract).
        unsafe { slot.write(Entry { link, value }) };
        self.newest.set(slot.as_ptr().cast());
    }

    /// Ends all entries, newest first, and leaves an empty list. If one panics, so does this, when the others have been
    /// ended; if a second one does, the process aborts.
    ///
    /// # Safety
    ///
    /// Nobody uses what the entries hold any more.
    #[inline]
    pub(super) unsafe fn run(&self) {
        // Off the list before it runs: nothing is ended twice.
        let newest = self.newest.replace(ptr::null_mut());
        // SAFETY: the entries are initialised (invariant) and on no list any more, and nobody uses them.
        unsafe { end_all(newest, ptr::null_mut()) };
    }

    /// As [`run`](Self::run), of the entries made since `mark` was the newest.
    ///
    /// # Safety
    ///
    /// As for [`run`](Self::run), and `mark` is on the list, or null.
    pub(super) unsafe fn run_down_to(&self, mark: *mut Link) {
        /// Goes on if an entry panics.
        struct Down<'a>(&'a Ends, *mut Link);

        impl Down<'_> {
            fn run(&self) {
                // An entry may reach the arena, and make another one.
                while self.0.newest.get() != self.1 {
                    let newest = self.0.newest.replace(self.1);
                    // SAFETY: as in `Ends::run`; `mark` is among those before `newest`, as entries are taken off the list
                    // from its front alone.
                    unsafe { end_all(newest, self.1) };
                }
            }
        }

        impl Drop for Down<'_> {
            fn drop(&mut self) {
                self.run();
            }
        }

        Down(self, mark).run();
    }

    /// Calls `visit` with the address of each entry.
    #[cfg(arenite_zeal)]
    pub(super) fn for_each(&self, mut visit: impl FnMut(*mut u8)) {
        let mut link = self.newest.get();
        while !link.is_null() {
            visit(link.cast());
            // SAFETY: the entries on the list are initialised (invariant).
            link = unsafe { (*link).before };
        }
    }
}

/// Ends the entries from `newest` to the one made after `mark`. Takes no list, so that no handle's address goes anywhere
/// (ARCHITECTURE.md).
///
/// # Safety
///
/// They are initialised, on no list, and nobody uses what they hold; `mark` is one of those before `newest`, or null.
#[cold]
#[inline(never)]
unsafe fn end_all(newest: *mut Link, mark: *mut Link) {
    /// Ends the rest if an entry panics, as the collections of std drop the rest of their elements.
    struct Rest {
        next: *mut Link,
        mark: *mut Link,
    }

    impl Rest {
        fn run(&mut self) {
            while self.next != self.mark {
                let link = self.next;
                // SAFETY: initialised, as `end_all`'s caller promises, and not ended yet.
                self.next = unsafe { (*link).before };
                // SAFETY: still initialised, as nothing was ended since the line above.
                let end = unsafe { (*link).end };
                // SAFETY: whoever made the entry said that this may be called once, which is now.
                unsafe { end(link) };
            }
        }
    }

    impl Drop for Rest {
        fn drop(&mut self) {
            self.run();
        }
    }

    Rest { next: newest, mark }.run();
}

/// Overwrites an entry with zeroes when it is dropped, where memory outlives the arena: an address or a secret that somebody
/// left in a file is of no use to anybody who reads it.
struct Wiped<B: Backing, T>(NonNull<Entry<T>>, core::marker::PhantomData<B>);

impl<B: Backing, T> Drop for Wiped<B, T> {
    fn drop(&mut self) {
        if B::OUTLIVES_ARENA {
            // SAFETY: memory is taken back only when the list has been run, so the entry's is allocated, and writable for its whole
            // size. The value in it was dropped or moved out, so nobody looks at it again.
            unsafe { self.0.cast::<u8>().write_bytes(0, size_of::<Entry<T>>()) };
        }
    }
}

/// # Safety
///
/// `link` leads to an initialised `Entry<T>`, which nobody uses any more and which is not ended again.
unsafe fn end_value<B: Backing, T>(link: *mut Link) {
    // SAFETY: an entry's address is not null.
    let entry = unsafe { NonNull::new_unchecked(link.cast::<Entry<T>>()) };
    // SAFETY: the entry is initialised (this function's contract), so it is aligned and its memory is allocated.
    let value = unsafe { Entry::value(entry) };
    let _wiped = Wiped::<B, T>(entry, core::marker::PhantomData);
    // SAFETY: the value is initialised, and nobody looks at it again.
    unsafe { value.drop_in_place() };
}

/// # Safety
///
/// As for [`end_value`].
unsafe fn end_call<B: Backing, F: FnOnce()>(link: *mut Link) {
    // SAFETY: an entry's address is not null.
    let entry = unsafe { NonNull::new_unchecked(link.cast::<Entry<F>>()) };
    // SAFETY: the entry is initialised (this function's contract), so it is aligned and its memory is allocated.
    let value = unsafe { Entry::value(entry) };
    // SAFETY: the value is initialised, and nobody looks at it again.
    let call = unsafe { value.read() };
    mem::drop(Wiped::<B, F>(entry, core::marker::PhantomData));
    call();
}
