//! Figures about a pool.

use core::fmt;

use crate::size::Bytes;

/// Figures about a pool: slots, unless said otherwise. Made by the `stats` methods of [`Pool`](super::Pool),
/// [`ObjectPool`](super::ObjectPool) and [`SlotMap`](super::SlotMap).
///
/// `Display` shows them as a line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Taken. Those whose boxes were forgotten are.
    pub live: usize,
    /// Not taken, with an object in them that waits for its next use. Only [`ObjectPool`](super::ObjectPool) has such.
    pub kept: usize,
    /// Never used again, because all their generations are spent. Only [`SlotMap`](super::SlotMap) has such.
    pub retired: usize,
    /// The most that were live at a time; of an object pool, the most that were live or kept.
    pub peak: usize,
    /// All that there are.
    pub capacity: usize,
    /// How many slabs they are in: a number.
    pub slabs: usize,
    /// Bytes of the slabs.
    pub bytes: usize,
}

impl fmt::Display for PoolStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PoolStats { live, kept, retired, peak, capacity, slabs, bytes } = *self;
        write!(f, "{live} live (peak {peak})")?;
        if kept > 0 {
            write!(f, ", {kept} kept")?;
        }
        if retired > 0 {
            write!(f, ", {retired} retired")?;
        }
        let plural = if slabs == 1 { "" } else { "s" };
        write!(f, " of {capacity} slots, {} in {slabs} slab{plural}", Bytes(bytes))
    }
}
