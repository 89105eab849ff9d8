//! The collections, over allocators that watch them.

mod allocators;
mod collect;
mod macros;
mod model;
mod string;
mod traits;
