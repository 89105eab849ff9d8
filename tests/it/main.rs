//! All integration tests, in one binary: each further one would link the crate again.

mod arithmetic;
#[cfg(feature = "alloc")]
mod collections;
#[cfg(feature = "alloc")]
mod counts;
#[cfg(feature = "alloc")]
mod hostile;
#[cfg(feature = "alloc")]
mod model;
mod scopes;
