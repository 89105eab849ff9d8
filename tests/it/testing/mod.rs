//! The wrappers and the test harnesses.

mod conformance;
mod counting;
mod failing;
mod failures;
mod hostile;
