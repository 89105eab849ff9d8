//! Everything that threads share goes through here, so that a model checker can take its place.

pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
}
