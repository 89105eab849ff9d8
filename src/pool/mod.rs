//! Pools: many values of one type that come and go one by one, each in constant time, over any
//! [`Allocator`](allocator_api2::alloc::Allocator).
//!
//! | type | a value is reached by | when its turn is over |
//! |---|---|---|
//! | [`Pool`] | a [`PoolBox`], which owns it | it is dropped, its slot is free |
//! | [`SlotMap`] | a [`Key`], a plain number that may be copied and kept; a stale one finds nothing | it is moved out, its slot is free |
//! | [`ObjectPool`] | a [`Reusable`], which lends it | it waits in its slot for its next use, buffers and all |
//!
//! An [`Arena`](crate::Arena) is the better choice where values end together, a pool where they do not: its slots are used
//! again at once. All three take memory in *slabs* that never move and double as the pool grows; a limit, or memory set
//! aside beforehand, is an option. In an arena, `Pool::new_in(&arena)`, all of it ends with the arena.
//!
//! ```
//! # #[cfg(feature = "alloc")] {
//! use arenite::pool::{ObjectPool, Pool, SlotMap};
//!
//! let pool = Pool::new();
//! let word = pool.insert(String::from("sand"));
//! assert_eq!(word.len(), 4);
//!
//! let mut map = SlotMap::new();
//! let key = map.insert("grain");
//! assert_eq!(map.remove(key), Some("grain"));
//! assert_eq!(map.get(key), None); // and never finds what comes to lie there
//!
//! let buffers = ObjectPool::new().reset_by(Vec::<u8>::clear);
//! buffers.get().extend([1, 2, 3]);
//! let again = buffers.get();
//! assert!(again.is_empty() && again.capacity() >= 3);
//! # }
//! ```

mod boxed;
mod error;
mod objects;
mod reusable;
mod slabs;
mod slot_map;
mod slots;
mod stats;
mod typed;

pub use boxed::PoolBox;
pub use error::InsertError;
pub use objects::ObjectPool;
pub use reusable::Reusable;
pub use slot_map::{Iter, IterMut, Key, Keys, SlotMap, Values, ValuesMut};
pub use stats::PoolStats;
pub use typed::Pool;
