//! All integration tests, in one binary: each further one would link the crate again.

mod arithmetic;
#[cfg(feature = "alloc")]
mod collections;
#[cfg(feature = "alloc")]
mod conformance;
#[cfg(feature = "alloc")]
mod model;
#[cfg(feature = "alloc")]
mod scopes;
#[cfg(feature = "alloc")]
mod testing;
#[cfg(all(feature = "virtual-memory", unix, not(miri)))]
mod virtual_memory;
