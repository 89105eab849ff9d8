//! Everything that threads share goes through here, so that a model checker can take its place: with `--cfg loom`, which
//! `tests/loom` sets for the files that it checks, these are loom's; with `--cfg shuttle`, those of `tests/shuttle`, which
//! are the standard ones with a turn of shuttle's before each operation.

#[cfg(shuttle)]
pub(crate) use shuttle::thread_local;
#[cfg(all(feature = "global", not(any(loom, shuttle))))]
pub(crate) use std::thread_local;

pub(crate) mod atomic {
    #[cfg(shuttle)]
    pub(crate) use arenite_shuttle::{
        AtomicBool, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    #[cfg(not(any(loom, shuttle)))]
    pub(crate) use core::sync::atomic::{
        AtomicBool, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    #[cfg(loom)]
    pub(crate) use loom::sync::atomic::{
        AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
}

pub(crate) mod lock {
    #[cfg(loom)]
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
    #[cfg(not(loom))]
    pub(crate) use std::sync::{Mutex, MutexGuard};
}

pub(crate) mod cell {
    #[cfg(loom)]
    pub(crate) use loom::cell::UnsafeCell;

    /// The standard one, with the face of loom's.
    #[cfg(not(loom))]
    pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

    #[cfg(not(loom))]
    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            UnsafeCell(core::cell::UnsafeCell::new(value))
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.0.get_mut()
        }

        pub(crate) fn into_inner(self) -> T {
            self.0.into_inner()
        }

        #[inline(always)]
        pub(crate) fn with<R>(&self, call: impl FnOnce(*const T) -> R) -> R {
            call(self.0.get())
        }

        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, call: impl FnOnce(*mut T) -> R) -> R {
            call(self.0.get())
        }
    }

    /// A value that is read and written by one thread at a time. Which one, the code around it knows.
    pub(crate) struct Plain<T>(UnsafeCell<T>);

    impl<T: Copy> Plain<T> {
        #[cfg(not(loom))]
        pub(crate) const fn new(value: T) -> Self {
            Plain(UnsafeCell::new(value))
        }

        #[cfg(loom)]
        pub(crate) fn new(value: T) -> Self {
            Plain(UnsafeCell::new(value))
        }

        /// # Safety
        ///
        /// No other thread writes the value meanwhile.
        #[inline(always)]
        pub(crate) unsafe fn get(&self) -> T {
            self.0.with(|value| {
                // SAFETY: valid, as it is a part of `self`; nobody writes it (this function's contract).
                unsafe { *value }
            })
        }

        /// # Safety
        ///
        /// No other thread reads or writes the value meanwhile.
        #[inline(always)]
        pub(crate) unsafe fn set(&self, value: T) {
            self.0.with_mut(|place| {
                // SAFETY: valid, as it is a part of `self`; it is this thread's (this function's contract).
                unsafe { *place = value };
            });
        }
    }
}
