//! Boxes and references of an arena's.

use allocator_api2::vec::Vec;
use serde::de::Deserializer;

use super::read::text;
use super::{DeserializeIn, no_memory};
use crate::{Arena, ArenaBox, Backing};

impl<'de, 'a, B: Backing, const M: usize, T> DeserializeIn<'de, &'a Arena<B, M>> for ArenaBox<'a, T>
where
    T: DeserializeIn<'de, &'a Arena<B, M>>,
{
    fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena<B, M>) -> Result<Self, D::Error> {
        let value = T::deserialize_in(input, arena)?;
        arena.try_alloc_box(value).map_err(no_memory)
    }
}

impl<'de, 'a, B: Backing, const M: usize, T> DeserializeIn<'de, &'a Arena<B, M>> for ArenaBox<'a, [T]>
where
    T: DeserializeIn<'de, &'a Arena<B, M>> + 'a,
{
    fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena<B, M>) -> Result<Self, D::Error> {
        let elements = slice::<D, T, B, M>(input, arena)?;
        // SAFETY: the elements are initialised, in memory that is borrowed for `'a`, and nobody else's.
        Ok(unsafe { ArenaBox::from_raw(elements) })
    }
}

impl<'de, 'a, B: Backing, const M: usize> DeserializeIn<'de, &'a Arena<B, M>> for ArenaBox<'a, str> {
    fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena<B, M>) -> Result<Self, D::Error> {
        let copy = text(input, |text| arena.try_alloc_str(text).ok())?;
        // SAFETY: the text is initialised, in memory that is borrowed for `'a`, and nobody else's.
        Ok(unsafe { ArenaBox::from_raw(copy) })
    }
}

/// Not dropped, like what [`Arena::alloc`] returns.
impl<'de, 'a, B: Backing, const M: usize, T> DeserializeIn<'de, &'a Arena<B, M>> for &'a T
where
    T: DeserializeIn<'de, &'a Arena<B, M>>,
{
    fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena<B, M>) -> Result<Self, D::Error> {
        ArenaBox::deserialize_in(input, arena).map(|boxed| &*ArenaBox::leak(boxed))
    }
}

/// The elements are not dropped, like what [`Arena::alloc`] returns.
impl<'de, 'a, B: Backing, const M: usize, T> DeserializeIn<'de, &'a Arena<B, M>> for &'a [T]
where
    T: DeserializeIn<'de, &'a Arena<B, M>>,
{
    fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena<B, M>) -> Result<Self, D::Error> {
        slice::<D, T, B, M>(input, arena).map(|elements| &*elements)
    }
}

impl<'de, 'a, B: Backing, const M: usize> DeserializeIn<'de, &'a Arena<B, M>> for &'a str {
    fn deserialize_in<D: Deserializer<'de>>(input: D, arena: &'a Arena<B, M>) -> Result<Self, D::Error> {
        text(input, |text| arena.try_alloc_str(text).ok().map(|text| &*text))
    }
}

/// Reads the elements of a slice. Room that is left over is given back, if nothing else lies behind it.
fn slice<'de, 'a, D, T, B, const M: usize>(input: D, arena: &'a Arena<B, M>) -> Result<&'a mut [T], D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeIn<'de, &'a Arena<B, M>> + 'a,
    B: Backing,
{
    let mut elements: Vec<T, &'a Arena<B, M>> = Vec::deserialize_in(input, arena)?;
    elements.shrink_to_fit();
    Ok(elements.leak())
}
