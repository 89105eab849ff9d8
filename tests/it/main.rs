//! All integration tests, in one binary: each further one would link the crate again.

mod arithmetic;
#[cfg(feature = "alloc")]
mod collections;
// Zeal builds have chunks too small to be counted.
#[cfg(all(feature = "alloc", not(arenite_zeal)))]
mod counts;
#[cfg(feature = "alloc")]
mod hostile;
#[cfg(feature = "alloc")]
mod model;
mod scopes;
