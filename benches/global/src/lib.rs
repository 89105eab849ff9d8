//! The programs of `cargo bench --bench global`. `benches/README.md` says how to read what comes out.
//!
//! A global allocator is chosen when a program is built, so there is a program for each: those in `bin`, which do
//! the same [`work`]. One more drives them.

mod census;
mod clock;
mod drive;
mod heaps;
mod input;
mod litter;
mod memory;
mod rows;
mod table;
mod timeline;

pub use census::Census;
pub use drive::drive;
pub use heaps::{End, Heaps};
pub use memory::{Memory, Plain, Regions};
pub use rows::work;
