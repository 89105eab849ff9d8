#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(feature = "nightly", feature(allocator_api))]
// Badges that say what feature an item needs: nightly compilers, and so docs.rs, can draw them.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

#[macro_use]
mod boxes;

mod abort;
mod adapt;
#[doc(hidden)]
pub mod addr;
mod arena;
mod backing;
#[cfg(feature = "alloc")]
pub mod collections;
mod error;
#[cfg(all(feature = "global", target_pointer_width = "64"))]
mod global;
// Text alone. Its examples use what is on by default, and what is not where it is on.
#[cfg_attr(docsrs, doc(auto_cfg = false))]
#[cfg(all(
    any(doc, doctest),
    feature = "global",
    feature = "hashbrown",
    feature = "log",
    target_pointer_width = "64"
))]
pub mod guide;
#[cfg(feature = "alloc")]
pub mod map;
mod owns;
pub mod pool;
mod random;
mod raw;
#[cfg(feature = "alloc")]
pub mod report;
#[cfg(feature = "std")]
pub mod scratch;
#[cfg(feature = "std")]
pub mod shared;
mod size;
#[cfg(feature = "virtual-memory")]
mod space;
#[cfg(feature = "backtrace")]
mod stack;
#[cfg(feature = "std")]
#[cfg_attr(
    not(feature = "global"),
    allow(dead_code, unused_imports, reason = "not all of it is needed without regions and reserved memory")
)]
mod sync;
#[cfg(feature = "virtual-memory")]
mod sys;
#[cfg(feature = "alloc")]
pub mod testing;
mod track;
pub mod wrap;

pub use allocator_api2;
pub use allocator_api2::alloc::AllocError;
pub use arena::{
    AllocOrInitError, Arena, ArenaBox, Checkpoint, Child, ChunkIter, ChunkRawIter, Level, Lineage,
    OutOfMemory, ResetMode, Stats,
};
pub use backing::{Auto, Backing, Buffer, Chained, Fixed, FnSource, Growth};
#[cfg(feature = "virtual-memory")]
pub use backing::{HugePages, Virtual};
#[cfg(feature = "mapped")]
pub use backing::{MapError, Mapped, MappedOptions};
#[doc(hidden)]
pub use boxes::unsize as __unsize;
pub use error::{Cause, CreateError};
#[cfg(all(feature = "global", target_pointer_width = "64"))]
pub use global::{
    Current, GlobalStats, InRegion, InRegionLimited, OverLimit, Region, RegionError, RegionFuture,
    RegionStats, ScopedGlobal, territory,
};
#[cfg(all(feature = "escapes", target_pointer_width = "64"))]
pub use global::{EscapeSite, Escapes};
#[cfg(all(feature = "tower", target_pointer_width = "64"))]
pub use global::{RegionBody, RegionLayer, RegionResponse, RegionService};
#[cfg(feature = "hashbrown")]
pub use hashbrown;
