//! The wrappers and the test harnesses.

mod conformance;
mod hostile;
