//! Everything that threads share goes through here, so that a model checker can take its place: with `--cfg loom`, which
//! `tests/loom` sets for the files that it checks, these are loom's.

pub(crate) mod atomic {
    #[cfg(not(loom))]
    pub(crate) use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
    #[cfg(loom)]
    pub(crate) use loom::sync::atomic::{AtomicU8, Ordering};
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

        pub(crate) fn with_mut<R>(&self, call: impl FnOnce(*mut T) -> R) -> R {
            call(self.0.get())
        }
    }
}
