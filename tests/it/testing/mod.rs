//! The wrappers and the test harnesses.

mod conformance;
mod counting;
mod failing;
mod failures;
mod hostile;

pub(crate) use hostile::{Defect, Hostile};
