//! Pools: boxes, objects that are used again, and maps with keys.

mod bounded;
#[cfg(feature = "alloc")]
mod boxes;
#[cfg(feature = "alloc")]
mod helpers;
#[cfg(feature = "alloc")]
mod hostile;
#[cfg(feature = "alloc")]
mod objects;
#[cfg(feature = "alloc")]
mod programs;
#[cfg(feature = "alloc")]
mod random;
#[cfg(feature = "alloc")]
mod slot_map;
