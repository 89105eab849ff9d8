//! Collections in an arena.
//!
//! `Vec`, `Box`, `HashMap` and `HashSet` with an allocator parameter come from allocator-api2 and hashbrown. This
//! module adds what nobody keeps: a [`String`] with an allocator, [`CollectIn::collect_in`], and the macros
//! [`vec!`](crate::vec!) and [`format!`](crate::format!) that say in which allocator the result lives. All of it is
//! generic over the [`Allocator`](allocator_api2::alloc::Allocator): an arena, the heap, or a wrapper of either.
//!
//! ```
//! use allocator_api2::alloc::Global; // stands for any allocator, such as `&arena`
//! use arenite::collections::{CollectIn, String};
//!
//! let mut line = arenite::format!(in Global, "{} + {}", 1, 2);
//! line.push_str(" = 3");
//! let upper: String<_> = line.chars().rev().collect_in(Global);
//! assert_eq!(upper, "3 = 2 + 1");
//! assert_eq!(arenite::vec![in Global; 1, 2, 3], [1, 2, 3]);
//! ```

mod collect;
mod macros;
pub mod string;

pub use self::collect::{CollectIn, FromIteratorIn};
#[doc(hidden)]
pub use self::macros::support as __private;
pub use self::string::String;
pub use crate::{format, vec};
pub use allocator_api2::collections::TryReserveError;
