#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(feature = "nightly", feature(allocator_api))]

#[cfg(feature = "alloc")]
extern crate alloc;

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
#[cfg(feature = "alloc")]
pub mod map;
mod owns;
mod raw;
mod size;
#[cfg(feature = "virtual-memory")]
mod sync;
#[cfg(feature = "virtual-memory")]
mod sys;
#[cfg(feature = "alloc")]
pub mod testing;
mod track;
pub mod wrap;

pub use allocator_api2;
pub use allocator_api2::alloc::AllocError;
#[doc(hidden)]
pub use arena::unsize as __unsize;
pub use arena::{
    AllocOrInitError, Arena, ArenaBox, Checkpoint, Child, ChunkIter, ChunkRawIter, ResetMode, Stats,
};
pub use backing::{Auto, Backing, Buffer, Chained, Fixed, FnSource, Growth};
#[cfg(feature = "virtual-memory")]
pub use backing::{HugePages, Virtual};
#[cfg(feature = "mapped")]
pub use backing::{MapError, Mapped, MappedOptions};
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
