//! Keys.

use core::fmt;
use core::num::NonZeroU32;

/// Names a value in a [`SlotMap`](super::SlotMap): a place, and how often that had been used when the value came there. Made
/// by [`SlotMap::insert`](super::SlotMap::insert).
///
/// Eight bytes, also as an `Option<Key>`. When the value is gone the key is stale, and finds nothing, whatever comes to
/// lie in its place. A key of another map may find a value, and is as harmless as any other number that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    index: u32,
    generation: NonZeroU32,
}

/// How many low bits of an index are the place in a slab. Those above are the slab's number.
const OFFSET_BITS: u32 = u32::BITS - 5;

/// A place in a table of slabs, in 32 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Index(pub(super) u32);

impl Index {
    /// No place: slabs have fewer slots.
    pub(super) const NONE: Index = Index(u32::MAX);

    #[inline(always)]
    pub(super) fn new(slab: usize, offset: u32) -> Self {
        Index((slab as u32) << OFFSET_BITS | offset)
    }

    /// The number of the slab, less than 32.
    #[inline(always)]
    pub(super) fn slab(self) -> usize {
        (self.0 >> OFFSET_BITS) as usize
    }

    /// Which of the slab's slots it is.
    #[inline(always)]
    pub(super) fn offset(self) -> u32 {
        self.0 & ((1 << OFFSET_BITS) - 1)
    }
}

impl Key {
    /// `generation` is that of a slot with a value, so odd.
    #[inline(always)]
    pub(super) fn new(index: Index, generation: u32) -> Self {
        // An odd number is not zero; that it is made odd costs less than to ask.
        Key { index: index.0, generation: NonZeroU32::MIN | generation }
    }

    #[inline(always)]
    pub(super) fn place(self) -> Index {
        Index(self.index)
    }

    /// How often the place had been used, as an odd number.
    #[inline(always)]
    pub fn generation(self) -> u32 {
        self.generation.get()
    }

    /// The number of the place. No two values that are in a map at the same time have the same one. Numbers are not dense.
    #[inline(always)]
    pub fn index(self) -> u32 {
        self.index
    }

    /// The key as one number, for code that has no room for more.
    #[inline]
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation.get()) << 32 | u64::from(self.index)
    }

    /// The key that [`to_bits`](Self::to_bits) made the number of; `None` if it cannot have been one. A number that was made
    /// up is a key that finds nothing, or a value.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use arenite::pool::{Key, SlotMap};
    ///
    /// let mut map = SlotMap::new();
    /// let key = map.insert('a');
    /// assert_eq!(Key::from_bits(key.to_bits()), Some(key));
    /// assert_eq!(Key::from_bits(0), None);
    /// # }
    /// ```
    #[inline]
    pub fn from_bits(bits: u64) -> Option<Self> {
        let generation =
            NonZeroU32::new((bits >> 32) as u32).filter(|generation| generation.get() % 2 == 1)?;
        Some(Key { index: bits as u32, generation })
    }
}

/// As `place.generation`: `3.1` is the place 3 when it was used for the first time.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}.{})", self.index, self.generation.get() / 2 + 1)
    }
}
