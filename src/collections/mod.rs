//! Collections in an arena.
mod aliases;
pub use aliases::*;
