//! The collections, over allocators that watch them.
#![cfg(feature = "alloc")]

mod allocators;
mod collect;
mod macros;
mod model;
mod string;
mod traits;
