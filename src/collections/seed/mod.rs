//! serde: what is in an arena is written as what it is on the heap, and is read into an arena by a seed.
//!
//! serde's `Deserialize` has no place for an allocator. Its seeds have: [`DeserializeIn`] is `Deserialize` with an allocator,
//! and [`SeedIn`] a seed of any type that has it. Strings, vectors, boxes, maps and references are there; a structure of your
//! own takes a visitor that reads its fields with seeds.
//!
//! What there is no memory for is an error of the deserializer's, so that a [limit](crate::Arena::limit) of the arena bounds
//! what untrusted input can take.
//!
//! ```
//! use std::fmt;
//!
//! use arenite::Arena;
//! use arenite::collections::{String, Vec};
//! use arenite::collections::seed::{DeserializeIn, SeedIn};
//! use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
//!
//! struct Track<'a> {
//!     title: &'a str,
//!     marks: Vec<'a, String<&'a Arena>>,
//! }
//!
//! impl<'de, 'a> DeserializeIn<'de, &'a Arena> for Track<'a> {
//!     fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena) -> Result<Self, D::Error> {
//!         struct Fields<'a>(&'a Arena);
//!
//!         impl<'de, 'a> Visitor<'de> for Fields<'a> {
//!             type Value = Track<'a>;
//!
//!             fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!                 f.write_str("a track")
//!             }
//!
//!             fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Track<'a>, M::Error> {
//!                 let (mut title, mut marks) = (None, None);
//!                 while let Some(key) = map.next_key::<&str>()? {
//!                     match key {
//!                         "title" => title = Some(map.next_value_seed(SeedIn::new(self.0))?),
//!                         "marks" => marks = Some(map.next_value_seed(SeedIn::new(self.0))?),
//!                         _ => drop(map.next_value::<IgnoredAny>()?),
//!                     }
//!                 }
//!                 let title = title.ok_or_else(|| M::Error::missing_field("title"))?;
//!                 Ok(Track { title, marks: marks.unwrap_or_else(|| Vec::new_in(self.0)) })
//!             }
//!         }
//!
//!         input.deserialize_map(Fields(arena))
//!     }
//! }
//!
//! let arena = Arena::new();
//! let text = r#"[{"title": "dune", "marks": ["a", "b"]}, {"title": "loess"}]"#;
//! let mut json = serde_json::Deserializer::from_str(text);
//! let tracks: Vec<'_, Track<'_>> = DeserializeIn::deserialize_in(&mut json, &arena)?;
//! assert_eq!((tracks[0].title, &*tracks[0].marks[1], tracks[1].title), ("dune", "b", "loess"));
//! assert_eq!(serde_json::to_string(&tracks[0].marks)?, r#"["a","b"]"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod read;
mod references;
mod write;

use core::fmt;
use core::marker::PhantomData;

use ::serde::de::{Deserialize, DeserializeSeed, Deserializer, Error};

/// [`Deserialize`] with an allocator: a value all of whose memory comes from `A`, `&arena` for instance.
///
/// See the [module](self) for how it looks for a structure.
pub trait DeserializeIn<'de, A>: Sized {
    /// Reads a value from `deserializer` into `alloc`.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, and one if there is no memory.
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error>;
}

/// The seed of a `T` in an allocator: for [`next_element_seed`](::serde::de::SeqAccess::next_element_seed) and the like.
///
/// ```
/// use arenite::{Arena, collections::seed::SeedIn};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let seed = SeedIn::<_, &[&str]>::new(&arena);
/// let words = seed.deserialize(&mut serde_json::Deserializer::from_str(r#"["a", "b"]"#))?;
/// assert_eq!(words, ["a", "b"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct SeedIn<A, T> {
    alloc: A,
    value: PhantomData<fn() -> T>,
}

impl<A, T> SeedIn<A, T> {
    /// The seed of a `T` in `alloc`.
    #[inline]
    pub const fn new(alloc: A) -> Self {
        SeedIn { alloc, value: PhantomData }
    }
}

impl<A: Clone, T> Clone for SeedIn<A, T> {
    fn clone(&self) -> Self {
        SeedIn::new(self.alloc.clone())
    }
}

impl<A: Copy, T> Copy for SeedIn<A, T> {}

impl<A, T> fmt::Debug for SeedIn<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedIn").finish_non_exhaustive()
    }
}

impl<'de, A, T: DeserializeIn<'de, A>> DeserializeSeed<'de> for SeedIn<A, T> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize_in(deserializer, self.alloc)
    }
}

/// A value that serde reads by itself, with nothing of it in the arena: for elements whose type has a [`Deserialize`] only.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use arenite::{Arena, collections::seed::{DeserializeIn, Plain}};
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_str(r#"["127.0.0.1"]"#);
/// let hosts: &[Plain<Ipv4Addr>] = DeserializeIn::deserialize_in(&mut json, &arena)?;
/// assert!(hosts[0].0.is_loopback());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Plain<T>(pub T);

impl<'de, A, T: Deserialize<'de>> DeserializeIn<'de, A> for Plain<T> {
    #[inline]
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, _: A) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Plain)
    }
}

/// The error of a deserializer when there is no memory.
#[cold]
fn no_memory<E: Error, X>(_: X) -> E {
    E::custom("there is no memory for it in the arena")
}
