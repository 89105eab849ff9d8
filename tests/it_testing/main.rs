//! The wrappers and the test harnesses.
#![cfg(feature = "alloc")]

mod conformance;
mod counting;
mod failing;
mod failures;
mod hostile;
