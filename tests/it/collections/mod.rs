//! The collections, over allocators that watch them.

mod allocators;
mod clone_in;
mod collect;
mod macros;
mod model;
mod string;
mod traits;
