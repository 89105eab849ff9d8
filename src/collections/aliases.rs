//! Collections of other crates, as they look in an arena.

use crate::{Arena, Auto};

/// A growable array in an arena: allocator-api2's `Vec`.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, collections::Vec};
///
/// let arena = Arena::new();
/// let mut numbers = Vec::new_in(&arena);
/// numbers.extend([1, 2, 3]);
/// assert_eq!(numbers.iter().sum::<i32>(), 6);
/// ```
pub type Vec<'a, T, B = Auto, const MIN_ALIGN: usize = 8> =
    allocator_api2::vec::Vec<T, &'a Arena<B, MIN_ALIGN>>;

/// A box that gives its memory back: allocator-api2's `Box`. [`ArenaBox`](crate::ArenaBox) is smaller.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, collections::Box};
///
/// let arena = Arena::new();
/// let boxed: Box<'_, u32> = Box::new_in(7, &arena);
/// drop(boxed);
/// assert_eq!(arena.stats().used, 0);
/// ```
pub type Box<'a, T, B = Auto, const MIN_ALIGN: usize = 8> =
    allocator_api2::boxed::Box<T, &'a Arena<B, MIN_ALIGN>>;

/// A hash map in an arena: hashbrown's `HashMap`.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, collections::HashMap};
///
/// let arena = Arena::new();
/// let mut counts: HashMap<'_, &str, u32> = HashMap::new_in(&arena);
/// *counts.entry("sand").or_default() += 1;
/// assert_eq!(counts["sand"], 1);
/// ```
#[cfg(feature = "hashbrown")]
pub type HashMap<'a, K, V, S = hashbrown::DefaultHashBuilder, B = Auto, const MIN_ALIGN: usize = 8> =
    hashbrown::HashMap<K, V, S, &'a Arena<B, MIN_ALIGN>>;

/// A hash set in an arena: hashbrown's `HashSet`.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, collections::HashSet};
///
/// let arena = Arena::new();
/// let mut seen: HashSet<'_, &str> = HashSet::new_in(&arena);
/// assert!(seen.insert("grain") && !seen.insert("grain"));
/// ```
#[cfg(feature = "hashbrown")]
pub type HashSet<'a, T, S = hashbrown::DefaultHashBuilder, B = Auto, const MIN_ALIGN: usize = 8> =
    hashbrown::HashSet<T, S, &'a Arena<B, MIN_ALIGN>>;
