//! The scoped global allocator.
//!
//! From bottom to top: `line` is arithmetic, `block` what is known of each block of memory, `stack` and `slab` hold what
//! nobody uses, `territory` is where blocks come from, `core`, `refill` and `overflow` are a region's
//! cursor, `ring` the blocks that it owns, `shim` is the allocator
//! that a program installs, `region` what it uses.

mod account;
mod allocator;
mod block;
mod core;
mod current;
mod home;
mod installed;
mod line;
mod manage;
mod map;
mod once;
mod overflow;
mod refill;
mod region;
mod ring;
mod shim;
mod slab;
mod stack;
mod stats;
mod task;
pub mod territory;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "escapes")]
mod trace;

pub use installed::RegionError;
pub use region::{Current, Region};
pub use shim::ScopedGlobal;
pub use stats::{GlobalStats, RegionStats};
pub use task::{InRegion, InRegionLimited, OverLimit, RegionFuture};
#[cfg(feature = "tower")]
pub use tower::{RegionBody, RegionLayer, RegionResponse, RegionService};
#[cfg(feature = "escapes")]
pub use trace::{EscapeSite, Escapes};
