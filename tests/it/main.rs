//! All integration tests, in one binary: each further one would link the crate again.

#[cfg(all(feature = "virtual-memory", unix))]
mod again;
mod arithmetic;
#[cfg(feature = "alloc")]
mod collections;
#[cfg(feature = "alloc")]
mod conformance;
#[cfg(all(feature = "mapped", unix))]
mod files;
#[cfg(all(feature = "virtual-memory", unix))]
mod limits;
#[cfg(all(feature = "mapped", unix))]
mod mapped;
#[cfg(feature = "alloc")]
mod model;
#[cfg(feature = "alloc")]
mod scopes;
#[cfg(feature = "alloc")]
mod testing;
