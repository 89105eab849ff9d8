//! Values and collections with an allocator.

use core::fmt;
use core::marker::PhantomData;
use core::str;

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Unexpected, Visitor};

use super::{DeserializeIn, SeedIn, no_memory};
use crate::collections::String;

macro_rules! by_serde {
    ($($type:ty),*) => {$(
        impl<'de, A> DeserializeIn<'de, A> for $type {
            #[inline]
            fn deserialize_in<D: Deserializer<'de>>(deserializer: D, _: A) -> Result<Self, D::Error> {
                <$type>::deserialize(deserializer)
            }
        }
    )*};
}
by_serde!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);
by_serde!(bool, char, (), alloc::string::String);

/// Reads text, and has `copy` put it where it is to be.
pub(super) fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    copy: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<F, T>(F, PhantomData<T>);

    impl<F: FnOnce(&str) -> Option<T>, T> Visitor<'_> for Text<F, T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).ok_or_else(|| no_memory(()))
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
            match str::from_utf8(bytes) {
                Ok(text) => self.visit_str(text),
                Err(_) => Err(E::invalid_value(Unexpected::Bytes(bytes), &self)),
            }
        }
    }

    deserializer.deserialize_str(Text(copy, PhantomData))
}

impl<'de, A: Allocator> DeserializeIn<'de, A> for String<A> {
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
        text(deserializer, |text| {
            let mut string = String::new_in(alloc);
            string.try_push_str(text).ok()?;
            Some(string)
        })
    }
}

/// The most memory, in bytes, that is asked for because of what the input says about its length.
const MOST_FOR_A_HINT: usize = 64 << 10;

/// As many elements as a hint is trusted with.
pub(super) fn trusted<T>(hint: Option<usize>) -> usize {
    hint.unwrap_or(0).min(MOST_FOR_A_HINT / size_of::<T>().max(1))
}

struct Elements<A, T>(A, PhantomData<T>);

impl<'de, A: Allocator + Clone, T: DeserializeIn<'de, A>> Visitor<'de> for Elements<A, T> {
    type Value = Vec<T, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Vec<T, A>, S::Error> {
        let mut elements = Vec::new_in(self.0.clone());
        // Refused or not: the elements may never come.
        _ = elements.try_reserve_exact(trusted::<T>(sequence.size_hint()));
        while let Some(element) = sequence.next_element_seed(SeedIn::new(self.0.clone()))? {
            elements.try_reserve(1).map_err(no_memory)?;
            elements.push(element);
        }
        Ok(elements)
    }
}

impl<'de, A: Allocator + Clone, T: DeserializeIn<'de, A>> DeserializeIn<'de, A> for Vec<T, A> {
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements(alloc, PhantomData))
    }
}

impl<'de, A: Allocator + Clone, T: DeserializeIn<'de, A>> DeserializeIn<'de, A> for Box<T, A> {
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
        let value = T::deserialize_in(deserializer, alloc.clone())?;
        Box::try_new_in(value, alloc).map_err(no_memory)
    }
}

impl<'de, A, T: DeserializeIn<'de, A>> DeserializeIn<'de, A> for Option<T> {
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
        struct Maybe<A, T>(A, PhantomData<T>);

        impl<'de, A, T: DeserializeIn<'de, A>> Visitor<'de> for Maybe<A, T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an optional value")
            }

            fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
                Ok(None)
            }

            fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
                T::deserialize_in(deserializer, self.0).map(Some)
            }
        }

        deserializer.deserialize_option(Maybe(alloc, PhantomData))
    }
}

impl<'de, A: Clone, T: DeserializeIn<'de, A>, const N: usize> DeserializeIn<'de, A> for [T; N] {
    fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
        struct Array<A, T, const N: usize>(A, PhantomData<T>);

        impl<'de, A: Clone, T: DeserializeIn<'de, A>, const N: usize> Visitor<'de> for Array<A, T, N> {
            type Value = [T; N];

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array of length {N}")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<[T; N], S::Error> {
                let mut elements = [const { None }; N];
                for (index, element) in elements.iter_mut().enumerate() {
                    *element = sequence.next_element_seed(SeedIn::<A, T>::new(self.0.clone()))?;
                    if element.is_none() {
                        return Err(S::Error::invalid_length(index, &self));
                    }
                }
                Ok(elements.map(|element| element.expect("all of them were read")))
            }
        }

        deserializer.deserialize_tuple(N, Array::<A, T, N>(alloc, PhantomData))
    }
}

macro_rules! tuples {
    ($(($length:literal $($name:ident)+))*) => {$(
        impl<'de, A: Clone, $($name: DeserializeIn<'de, A>),+> DeserializeIn<'de, A> for ($($name,)+) {
            fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
                struct Tuple<A, $($name),+>(A, PhantomData<($($name,)+)>);

                impl<'de, A: Clone, $($name: DeserializeIn<'de, A>),+> Visitor<'de> for Tuple<A, $($name),+> {
                    type Value = ($($name,)+);

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a tuple of length ", $length))
                    }

                    fn visit_seq<Q: SeqAccess<'de>>(self, mut sequence: Q) -> Result<Self::Value, Q::Error> {
                        let mut read = 0;
                        let value = ($(
                            match sequence.next_element_seed(SeedIn::<A, $name>::new(self.0.clone()))? {
                                Some(value) => {
                                    read += 1;
                                    value
                                }
                                None => return Err(Q::Error::invalid_length(read, &self)),
                            },
                        )+);
                        debug_assert_eq!(read, $length);
                        Ok(value)
                    }
                }

                deserializer.deserialize_tuple($length, Tuple(alloc, PhantomData))
            }
        }
    )*};
}
tuples!((1 T) (2 T U) (3 T U V) (4 T U V W) (5 T U V W X) (6 T U V W X Y));

#[cfg(feature = "hashbrown")]
mod hash {
    use core::fmt;
    use core::hash::{BuildHasher, Hash};
    use core::marker::PhantomData;

    use allocator_api2::alloc::Allocator;
    use hashbrown::{HashMap, HashSet};
    use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

    use super::{DeserializeIn, SeedIn, no_memory, trusted};

    impl<'de, A, K, V, S> DeserializeIn<'de, A> for HashMap<K, V, S, A>
    where
        A: Allocator + Clone,
        K: DeserializeIn<'de, A> + Eq + Hash,
        V: DeserializeIn<'de, A>,
        S: BuildHasher + Default,
    {
        fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Entries::<A, Self>(alloc, PhantomData))
        }
    }

    struct Entries<A, M>(A, PhantomData<M>);

    impl<'de, A, K, V, S> Visitor<'de> for Entries<A, HashMap<K, V, S, A>>
    where
        A: Allocator + Clone,
        K: DeserializeIn<'de, A> + Eq + Hash,
        V: DeserializeIn<'de, A>,
        S: BuildHasher + Default,
    {
        type Value = HashMap<K, V, S, A>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut entries: M) -> Result<Self::Value, M::Error> {
            let mut map = HashMap::with_hasher_in(S::default(), self.0.clone());
            _ = map.try_reserve(trusted::<(K, V)>(entries.size_hint()));
            let seed = || SeedIn::new(self.0.clone());
            while let Some(key) = entries.next_key_seed(seed())? {
                let value = entries.next_value_seed(SeedIn::new(self.0.clone()))?;
                map.try_reserve(1).map_err(no_memory)?;
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    impl<'de, A, T, S> DeserializeIn<'de, A> for HashSet<T, S, A>
    where
        A: Allocator + Clone,
        T: DeserializeIn<'de, A> + Eq + Hash,
        S: BuildHasher + Default,
    {
        fn deserialize_in<D: Deserializer<'de>>(deserializer: D, alloc: A) -> Result<Self, D::Error> {
            deserializer.deserialize_seq(Entries::<A, Self>(alloc, PhantomData))
        }
    }

    impl<'de, A, T, S> Visitor<'de> for Entries<A, HashSet<T, S, A>>
    where
        A: Allocator + Clone,
        T: DeserializeIn<'de, A> + Eq + Hash,
        S: BuildHasher + Default,
    {
        type Value = HashSet<T, S, A>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<Q: SeqAccess<'de>>(self, mut values: Q) -> Result<Self::Value, Q::Error> {
            let mut set = HashSet::with_hasher_in(S::default(), self.0.clone());
            _ = set.try_reserve(trusted::<T>(values.size_hint()));
            while let Some(value) = values.next_element_seed(SeedIn::new(self.0.clone()))? {
                set.try_reserve(1).map_err(no_memory)?;
                set.insert(value);
            }
            Ok(set)
        }
    }
}
