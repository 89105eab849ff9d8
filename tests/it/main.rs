//! All integration tests, in one binary: each further one would link the crate again.

#[cfg(all(unix, any(feature = "mapped", all(feature = "virtual-memory", not(arenite_asan)))))]
mod again;
mod arithmetic;
#[cfg(all(feature = "alloc", not(miri)))]
mod child_process;
#[cfg(feature = "alloc")]
mod choices;
#[cfg(feature = "alloc")]
mod collections;
// Zeal builds have chunks too small to be counted.
#[cfg(feature = "alloc")]
mod conformance;
#[cfg(feature = "alloc")]
mod corpus;
#[cfg(all(feature = "alloc", not(arenite_zeal)))]
mod counts;
#[cfg(all(feature = "alloc", not(miri)))]
mod die;
#[cfg(feature = "alloc")]
mod ends;
#[cfg(feature = "alloc")]
mod exhaustion;
#[cfg(all(feature = "mapped", unix))]
mod files;
#[cfg(not(miri))]
mod guide;
#[cfg(feature = "alloc")]
mod hostile;
// A memory tool takes more address space than any limit of ours would leave it.
#[cfg(all(feature = "virtual-memory", unix, not(arenite_asan)))]
mod limits;
#[cfg(all(feature = "virtual-memory", unix, not(miri)))]
mod lost;
#[cfg(feature = "alloc")]
mod map;
#[cfg(all(feature = "mapped", unix))]
mod mapped;
#[cfg(feature = "alloc")]
mod model;
mod pool;
#[cfg(feature = "alloc")]
#[path = "../../src/random.rs"]
#[allow(dead_code, reason = "the library needs more of it")]
mod random;
#[cfg(all(feature = "mapped", target_os = "linux", target_pointer_width = "64", not(miri)))]
mod refused;
#[cfg(feature = "alloc")]
mod regress;
#[cfg(feature = "alloc")]
mod report;
#[cfg(feature = "alloc")]
mod scopes;
#[cfg(feature = "std")]
mod scratch;
#[cfg(all(feature = "std", not(miri)))]
mod scratch_ends;
#[cfg(feature = "alloc")]
mod send_sync;
#[cfg(all(feature = "mapped", unix))]
mod sessions;
#[cfg(feature = "std")]
mod shared;
#[cfg(feature = "alloc")]
mod testing;
#[cfg(not(miri))]
mod tidy;
#[cfg(all(feature = "virtual-memory", unix, not(miri)))]
#[cfg_attr(
    any(arenite_asan, arenite_zeal),
    allow(dead_code, unused_imports, reason = "memory tools change what there is to measure")
)]
mod virtual_memory;
#[cfg(feature = "alloc")]
mod wrap;
