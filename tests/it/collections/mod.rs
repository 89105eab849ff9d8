//! The collections, over allocators that watch them.

mod allocators;
mod clone_in;
mod collect;
mod macros;
mod model;
#[cfg(feature = "serde")]
mod seed;
mod string;
mod traits;
