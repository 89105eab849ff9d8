//! Collections in an arena.
//!
//! `Vec`, `Box`, `HashMap` and `HashSet` with an allocator parameter come from allocator-api2 and hashbrown; here are their
//! names for an arena. This module adds what nobody keeps: a [`String`] with an allocator, [`CollectIn::collect_in`],
//! [`CloneIn::clone_in`] (a deep copy into another arena), and the macros [`vec!`](crate::vec!) and
//! [`format!`](crate::format!) that say in which allocator the result lives. What is added is generic over the
//! [`Allocator`](allocator_api2::alloc::Allocator): an arena, the heap, or a wrapper of either.
//!
//! ```
//! use arenite::Arena;
//! use arenite::collections::{CollectIn, String, Vec};
//!
//! let arena = Arena::new();
//! let mut line = arenite::format!(in &arena, "{} + {}", 1, 2);
//! line.push_str(" = 3");
//! let reversed: String<_> = line.chars().rev().collect_in(&arena);
//! assert_eq!(reversed, "3 = 2 + 1");
//! let numbers: Vec<'_, i32> = arenite::vec![in &arena; 1, 2, 3];
//! assert_eq!(numbers, [1, 2, 3]);
//! ```

mod aliases;
mod clone_in;
mod collect;
mod macros;
#[cfg(feature = "serde")]
pub mod seed;
pub mod string;

pub use self::aliases::{Box, Vec};
#[cfg(feature = "hashbrown")]
pub use self::aliases::{HashMap, HashSet};
pub use self::clone_in::CloneIn;
pub use self::collect::{CollectIn, FromIteratorIn};
#[doc(hidden)]
pub use self::macros::support as __private;
pub use self::string::String;
pub use allocator_api2::collections::TryReserveError;
