//! Figures about an arena.

use core::fmt;

use super::Arena;
use super::root::Home;
use crate::backing::Backing;
use crate::size::Bytes;

/// Figures about an arena, in bytes unless said otherwise. Made by [`Arena::stats`].
///
/// `Display` shows them as a line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Handed out by this arena (and, for a child, by its parents), rounding included, and not taken back. Other
    /// living children are not counted.
    pub used: usize,
    /// The largest value that `used` ever had, those of ended children included.
    pub peak: usize,
    /// Usable bytes of all chunks that the arena holds. In reserved memory and in files, the part of it that was never
    /// touched takes no memory yet.
    pub committed: usize,
    /// Taken from the backing for chunks, records included; for a backing of one range, the whole range, most of which is
    /// address space alone.
    pub reserved: usize,
    /// Kept by the backing in addition to the chunks, because it came back and may be needed again: at most so many bytes
    /// are present in memory. All chunks and these bytes together are the most that the arena makes the process hold, but
    /// for huge pages that are in use in part. What dropped arenas left to the next one is no arena's: `Virtual::trim_cache`
    /// gives it back.
    pub idle: usize,
    /// Left behind at the ends of windows, too short to keep, since the last reset.
    pub wasted: usize,
    /// Chunks held: a number.
    pub chunks: usize,
    /// The name of the backing.
    pub backing: &'static str,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats { used, peak, committed, reserved, idle, wasted, chunks, backing } = *self;
        let plural = if chunks == 1 { "" } else { "s" };
        write!(f, "{} used (peak {}) of ", Bytes(used), Bytes(peak))?;
        write!(f, "{} in {chunks} {backing} chunk{plural}, ", Bytes(committed))?;
        write!(f, "{} reserved, {} wasted", Bytes(reserved), Bytes(wasted))?;
        if idle == 0 { Ok(()) } else { write!(f, ", {} idle", Bytes(idle)) }
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Figures about this arena. O(chunks); counting costs the allocation paths nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// arena.alloc(1_u64);
    /// arena.alloc(1_u8); // takes 8 bytes, the minimum alignment
    /// let stats = arena.stats();
    /// assert_eq!((stats.used, stats.chunks), (16, 1));
    /// println!("{stats}");
    /// ```
    pub fn stats(&self) -> Stats {
        let root = self.root();
        let (mut chunks, mut obtained) = (0, 0);
        root.for_each_chunk(|chunk, record| {
            chunks += 1;
            obtained += root.block_len(chunk, record);
        });
        Stats {
            used: self.used(),
            peak: root.past_peak.get().max(root.round_peak.get()).max(self.most_used()),
            committed: root.granted.get(),
            reserved: root.query(B::reserved).flatten().unwrap_or(obtained),
            idle: root.query(B::idle).unwrap_or(0),
            wasted: root.wasted.get(),
            chunks,
            backing: root.query(B::name).unwrap_or(B::NAME),
        }
    }

    /// Usable bytes of all chunks that the arena holds, used or not. O(1).
    pub fn allocated_bytes(&self) -> usize {
        self.root().granted.get()
    }

    /// Bytes taken from the backing for chunks, their records included. O(chunks).
    pub fn allocated_bytes_including_metadata(&self) -> usize {
        let root = self.root();
        let mut obtained = 0;
        root.for_each_chunk(|chunk, record| obtained += root.block_len(chunk, record));
        obtained
    }

    /// Bytes left in the current window: the next blocks of at most the minimum alignment, up to that many bytes in all,
    /// are served without a call into the backing. O(1).
    pub fn chunk_capacity(&self) -> usize {
        self.cursor.room()
    }

    /// Bytes handed out by this handle and its parents.
    pub(super) fn used(&self) -> usize {
        self.used_above() + self.held.left.get() + self.cursor.used()
    }

    /// The same, with the present window at its fullest.
    pub(super) fn most_used(&self) -> usize {
        self.used_above() + self.held.left.get() + self.cursor.most_used()
    }

    /// Bytes handed out by the parents of this handle.
    fn used_above(&self) -> usize {
        let mut sum = 0;
        let mut handle = self;
        while let Home::Child { parent, .. } = handle.home {
            // SAFETY: a child borrows its parent for as long as it lives.
            handle = unsafe { &*parent };
            sum += handle.held.left.get() + handle.cursor.used();
        }
        sum
    }
}
