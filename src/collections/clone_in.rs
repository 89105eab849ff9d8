//! Deep copies into another arena.

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;

use super::String;
use crate::{Arena, ArenaBox, Backing};

/// [`Clone`] with an allocator: a deep copy, all of whose memory comes from `A`.
///
/// For what is to outlive the arena in which it was made: the result of a scope, say, that moves to the arena outside of it.
/// What is nested is copied along: the strings of a vector end up where the vector does. Where everything is `Copy`,
/// [`alloc_slice_copy`](Arena::alloc_slice_copy) is quicker; to change or leave out elements on the way,
/// `iter().map(..).filter(..)` with [`collect_in`](super::CollectIn::collect_in) or
/// [`alloc_from_iter`](Arena::alloc_from_iter).
///
/// References are copied with what they refer to, so that a tree of nodes can be; as with everything that
/// [`alloc`](Arena::alloc) returns, what they refer to is not dropped.
///
/// ```
/// use arenite::Arena;
/// use arenite::collections::{CloneIn, String, Vec};
///
/// struct Section<'a> {
///     title: String<&'a Arena>,
///     parts: Vec<'a, &'a str>,
/// }
///
/// impl<'n> CloneIn<&'n Arena> for Section<'_> {
///     type Cloned = Section<'n>;
///     fn clone_in(&self, alloc: &'n Arena) -> Section<'n> {
///         Section { title: self.title.clone_in(alloc), parts: self.parts.clone_in(alloc) }
///     }
/// }
///
/// let kept = Arena::new();
/// let section = kept.scope(|inner| {
///     let title = arenite::format!(in inner, "chapter {}", 1);
///     let section = Section { title, parts: arenite::vec![in inner; inner.alloc_str("one"), "two"] };
///     section.clone_in(&kept)
/// });
/// assert_eq!((&*section.title, section.parts.concat()), ("chapter 1", "onetwo".into()));
/// ```
pub trait CloneIn<A> {
    /// The type of the copy: this one, with another allocator, and other lifetimes.
    type Cloned;

    /// A deep copy whose memory comes from `alloc`.
    ///
    /// # Panics
    ///
    /// If a copy of what is within does. If there is no memory for it an arena panics, and for a collection the error
    /// handler of the program is called.
    #[must_use]
    fn clone_in(&self, alloc: A) -> Self::Cloned;
}

macro_rules! by_copy {
    ($($type:ty)*) => {$(
        impl<A> CloneIn<A> for $type {
            type Cloned = $type;

            #[inline]
            fn clone_in(&self, _: A) -> $type {
                *self
            }
        }
    )*};
}
by_copy!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char);

impl<A> CloneIn<A> for () {
    type Cloned = ();

    #[inline]
    fn clone_in(&self, _: A) {}
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<A: Clone, $($name: CloneIn<A>),+> CloneIn<A> for ($($name,)+) {
            type Cloned = ($($name::Cloned,)+);

            #[inline]
            fn clone_in(&self, alloc: A) -> Self::Cloned {
                #[allow(non_snake_case, reason = "a variable is called as its type is")]
                let ($($name,)+) = self;
                ($($name.clone_in(alloc.clone()),)+)
            }
        }
    )*};
}
tuples!((T) (T U) (T U V) (T U V W) (T U V W X) (T U V W X Y));

impl<A, T: CloneIn<A>> CloneIn<A> for Option<T> {
    type Cloned = Option<T::Cloned>;

    #[inline]
    fn clone_in(&self, alloc: A) -> Self::Cloned {
        self.as_ref().map(|value| value.clone_in(alloc))
    }
}

impl<A, T: CloneIn<A>, E: CloneIn<A>> CloneIn<A> for Result<T, E> {
    type Cloned = Result<T::Cloned, E::Cloned>;

    #[inline]
    fn clone_in(&self, alloc: A) -> Self::Cloned {
        match self {
            Ok(value) => Ok(value.clone_in(alloc)),
            Err(error) => Err(error.clone_in(alloc)),
        }
    }
}

impl<A: Clone, T: CloneIn<A>, const N: usize> CloneIn<A> for [T; N] {
    type Cloned = [T::Cloned; N];

    #[inline]
    fn clone_in(&self, alloc: A) -> Self::Cloned {
        self.each_ref().map(|element| element.clone_in(alloc.clone()))
    }
}

impl<A: Allocator, B: Allocator> CloneIn<A> for String<B> {
    type Cloned = String<A>;

    #[inline]
    fn clone_in(&self, alloc: A) -> String<A> {
        String::from_str_in(self, alloc)
    }
}

/// The copies of the elements of a slice, in a vector that has no room for more.
fn elements<A: Allocator + Clone, T: CloneIn<A>>(slice: &[T], alloc: A) -> Vec<T::Cloned, A> {
    let mut elements = Vec::with_capacity_in(slice.len(), alloc.clone());
    elements.extend(slice.iter().map(|element| element.clone_in(alloc.clone())));
    elements
}

impl<A: Allocator + Clone, T: CloneIn<A>, B: Allocator> CloneIn<A> for Vec<T, B> {
    type Cloned = Vec<T::Cloned, A>;

    fn clone_in(&self, alloc: A) -> Self::Cloned {
        elements(self, alloc)
    }
}

impl<A: Allocator + Clone, T: CloneIn<A>, B: Allocator> CloneIn<A> for Box<T, B> {
    type Cloned = Box<T::Cloned, A>;

    fn clone_in(&self, alloc: A) -> Self::Cloned {
        Box::new_in((**self).clone_in(alloc.clone()), alloc)
    }
}

impl<A: Allocator + Clone, T: CloneIn<A>, B: Allocator> CloneIn<A> for Box<[T], B> {
    type Cloned = Box<[T::Cloned], A>;

    fn clone_in(&self, alloc: A) -> Self::Cloned {
        elements(self, alloc).into_boxed_slice()
    }
}

impl<A: Allocator, B: Allocator> CloneIn<A> for Box<str, B> {
    type Cloned = Box<str, A>;

    fn clone_in(&self, alloc: A) -> Self::Cloned {
        String::from_str_in(self, alloc).into_boxed_str()
    }
}

/// The copies of the elements of a slice, in an arena.
fn slice_in<'n, B: Backing, const M: usize, T: CloneIn<&'n Arena<B, M>>>(
    slice: &[T],
    arena: &'n Arena<B, M>,
) -> &'n mut [T::Cloned] {
    arena.alloc_slice_fill_iter(slice.iter().map(|element| element.clone_in(arena)))
}

impl<'n, B: Backing, const M: usize, T: CloneIn<&'n Arena<B, M>>> CloneIn<&'n Arena<B, M>>
    for ArenaBox<'_, T>
{
    type Cloned = ArenaBox<'n, T::Cloned>;

    fn clone_in(&self, arena: &'n Arena<B, M>) -> Self::Cloned {
        arena.alloc_box((**self).clone_in(arena))
    }
}

impl<'n, B: Backing, const M: usize, T: CloneIn<&'n Arena<B, M>>> CloneIn<&'n Arena<B, M>>
    for ArenaBox<'_, [T]>
where
    T::Cloned: 'n,
{
    type Cloned = ArenaBox<'n, [T::Cloned]>;

    fn clone_in(&self, arena: &'n Arena<B, M>) -> Self::Cloned {
        // SAFETY: the elements are initialised, in memory that is borrowed for `'n`, and nobody else's.
        unsafe { ArenaBox::from_raw(slice_in(self, arena)) }
    }
}

impl<'n, B: Backing, const M: usize> CloneIn<&'n Arena<B, M>> for ArenaBox<'_, str> {
    type Cloned = ArenaBox<'n, str>;

    fn clone_in(&self, arena: &'n Arena<B, M>) -> Self::Cloned {
        // SAFETY: the text is initialised, in memory that is borrowed for `'n`, and nobody else's.
        unsafe { ArenaBox::from_raw(arena.alloc_str(self)) }
    }
}

impl<'n, B: Backing, const M: usize, T: CloneIn<&'n Arena<B, M>>> CloneIn<&'n Arena<B, M>> for &T
where
    T::Cloned: 'n,
{
    type Cloned = &'n T::Cloned;

    fn clone_in(&self, arena: &'n Arena<B, M>) -> Self::Cloned {
        arena.alloc((**self).clone_in(arena))
    }
}

impl<'n, B: Backing, const M: usize, T: CloneIn<&'n Arena<B, M>>> CloneIn<&'n Arena<B, M>> for &[T]
where
    T::Cloned: 'n,
{
    type Cloned = &'n [T::Cloned];

    fn clone_in(&self, arena: &'n Arena<B, M>) -> Self::Cloned {
        slice_in(self, arena)
    }
}

impl<'n, B: Backing, const M: usize> CloneIn<&'n Arena<B, M>> for &str {
    type Cloned = &'n str;

    fn clone_in(&self, arena: &'n Arena<B, M>) -> Self::Cloned {
        arena.alloc_str(self)
    }
}

#[cfg(feature = "hashbrown")]
mod hash {
    use core::hash::{BuildHasher, Hash};

    use allocator_api2::alloc::Allocator;
    use hashbrown::{HashMap, HashSet};

    use super::CloneIn;

    impl<A, K, V, S, B> CloneIn<A> for HashMap<K, V, S, B>
    where
        A: Allocator + Clone,
        K: CloneIn<A>,
        K::Cloned: Eq + Hash,
        V: CloneIn<A>,
        S: BuildHasher + Clone,
        B: Allocator,
    {
        type Cloned = HashMap<K::Cloned, V::Cloned, S, A>;

        fn clone_in(&self, alloc: A) -> Self::Cloned {
            let hasher = self.hasher().clone();
            let mut map = HashMap::with_capacity_and_hasher_in(self.len(), hasher, alloc.clone());
            let entries = self.iter();
            map.extend(
                entries.map(|(key, value)| (key.clone_in(alloc.clone()), value.clone_in(alloc.clone()))),
            );
            map
        }
    }

    impl<A, T, S, B> CloneIn<A> for HashSet<T, S, B>
    where
        A: Allocator + Clone,
        T: CloneIn<A>,
        T::Cloned: Eq + Hash,
        S: BuildHasher + Clone,
        B: Allocator,
    {
        type Cloned = HashSet<T::Cloned, S, A>;

        fn clone_in(&self, alloc: A) -> Self::Cloned {
            let hasher = self.hasher().clone();
            let mut set = HashSet::with_capacity_and_hasher_in(self.len(), hasher, alloc.clone());
            set.extend(self.iter().map(|value| value.clone_in(alloc.clone())));
            set
        }
    }
}
