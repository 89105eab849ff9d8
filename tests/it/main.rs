//! All integration tests, in one binary: each further one would link the crate again. With `--cfg arenite_slice` and
//! `--cfg arenite_slice="pool"` there is `pool` alone, which an interpreter starts in seconds.
#![cfg_attr(arenite_slice, allow(dead_code, reason = "not every slice has a use for what they share"))]

#[cfg(all(unix, any(feature = "mapped", all(feature = "virtual-memory", not(any(arenite_asan, miri))))))]
mod again;
// Nothing there is unsafe, and there is much of it.
#[cfg(not(miri))]
mod arithmetic;
#[cfg(feature = "alloc")]
mod child_process;
#[cfg(feature = "alloc")]
mod choices;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "collections"))]
mod collections;
// Zeal builds have chunks too small to be counted.
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "conformance"))]
mod conformance;
#[cfg(feature = "alloc")]
mod corpus;
#[cfg(all(feature = "alloc", not(arenite_zeal)))]
#[cfg(any(not(arenite_slice), arenite_slice = "counts"))]
mod counts;
#[cfg(all(feature = "alloc", not(miri)))]
mod die;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "ends"))]
mod ends;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "exhaustion"))]
mod exhaustion;
#[cfg(all(feature = "mapped", unix))]
mod files;
#[cfg(not(miri))]
mod guide;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "hostile"))]
mod hostile;
// A memory tool takes more address space than any limit of ours would leave it.
#[cfg(all(feature = "virtual-memory", unix, not(any(arenite_asan, miri))))]
mod limits;
#[cfg(all(feature = "virtual-memory", unix, not(miri)))]
mod lost;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "map"))]
mod map;
#[cfg(all(feature = "mapped", unix))]
#[cfg(any(not(arenite_slice), arenite_slice = "mapped"))]
mod mapped;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "model", arenite_slice = "map"))]
mod model;
#[cfg(any(not(arenite_slice), arenite_slice = "pool"))]
mod pool;
#[cfg(feature = "alloc")]
#[path = "../../src/random.rs"]
#[allow(dead_code, reason = "the library needs more of it")]
mod random;
#[cfg(all(feature = "mapped", target_os = "linux", target_pointer_width = "64", not(miri)))]
mod refused;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "regress"))]
mod regress;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "report"))]
mod report;
#[allow(dead_code, reason = "some sets of features have nothing to repeat")]
mod rounds;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "scopes"))]
mod scopes;
#[cfg(feature = "std")]
#[cfg(any(not(arenite_slice), arenite_slice = "scratch"))]
mod scratch;
#[cfg(all(feature = "std", not(miri)))]
mod scratch_ends;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "send_sync"))]
mod send_sync;
#[cfg(all(feature = "mapped", unix))]
#[cfg(any(not(arenite_slice), arenite_slice = "sessions"))]
mod sessions;
#[cfg(feature = "std")]
#[cfg(any(not(arenite_slice), arenite_slice = "shared"))]
mod shared;
#[cfg(feature = "alloc")]
#[cfg(any(not(arenite_slice), arenite_slice = "testing", arenite_slice = "wrap"))]
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
#[cfg(any(not(arenite_slice), arenite_slice = "wrap"))]
mod wrap;
