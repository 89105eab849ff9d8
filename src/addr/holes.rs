//! Parts of a range that came back although a block above them stayed.

/// The offset of no hole.
const NONE: usize = usize::MAX;

/// Bytes in the shortest hole. What is written down of a hole has room in it.
pub const SHORTEST: usize = 64;

/// What is written down of a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// The offset of the next hole below, if there is one; otherwise the largest number.
    pub below: usize,
    /// Bytes in it.
    pub len: usize,
    /// How many of them may be present, at most.
    pub warm: usize,
}

/// Where what is known of a hole is written down: at the offset of the hole, and for as long as it is one.
pub trait Notes {
    /// What was [written](Self::write) last at `offset`.
    fn read(&self, offset: usize) -> Hole;
    /// Writes it down.
    fn write(&mut self, offset: usize, hole: Hole);
}

/// The holes of a range, the highest first.
///
/// # Invariants
///
/// What is written down at `top`, and at `below` of each hole down to the last, are holes of at least [`SHORTEST`] bytes
/// that neither overlap nor touch. `idle` and `warm` are their sums.
#[derive(Debug, Clone)]
pub struct Holes {
    top: usize,
    idle: usize,
    warm: usize,
}

impl Default for Holes {
    fn default() -> Self {
        Self::new()
    }
}

impl Holes {
    /// No hole.
    pub const fn new() -> Self {
        Holes { top: NONE, idle: 0, warm: 0 }
    }

    /// Bytes in all holes.
    pub fn idle(&self) -> usize {
        self.idle
    }

    /// Bytes in all holes that may be present.
    pub fn warm(&self) -> usize {
        self.warm
    }

    /// Whether there is no hole.
    pub fn is_empty(&self) -> bool {
        self.top == NONE
    }

    /// `len` bytes from `offset` on are a hole now, or part of one with what is free beside them. There are at least
    /// [`SHORTEST`], and none is in a hole yet. O(holes).
    pub fn add(&mut self, notes: &mut impl Notes, offset: usize, len: usize) {
        debug_assert!(len >= SHORTEST);
        // The nearest holes above, and the one below.
        let (mut second, mut above, mut below) = (NONE, NONE, self.top);
        while below != NONE && below > offset {
            (second, above, below) = (above, below, notes.read(below).below);
        }
        self.idle += len;
        self.warm += len;
        let (mut start, mut hole) = (offset, Hole { below, len, warm: len });
        if above != NONE && above == offset + len {
            let other = notes.read(above);
            hole.len += other.len;
            hole.warm += other.warm;
            above = second;
        }
        if below != NONE {
            let other = notes.read(below);
            if below + other.len == offset {
                start = below;
                hole = Hole { below: other.below, len: hole.len + other.len, warm: hole.warm + other.warm };
            }
        }
        notes.write(start, hole);
        self.link(notes, above, start);
    }

    /// Takes memory from the start of the lowest hole for which `fits`, asked with its offset and its length, says how
    /// many bytes of it are wanted. Returns the offset and how many there are: more, if the rest would be too short for a
    /// hole. O(holes).
    pub fn take(
        &mut self,
        notes: &mut impl Notes,
        fits: impl Fn(usize, usize) -> Option<usize>,
    ) -> Option<(usize, usize)> {
        let (mut above, mut offset, mut found) = (NONE, self.top, None);
        while offset != NONE {
            let hole = notes.read(offset);
            if let Some(bytes) = fits(offset, hole.len) {
                found = Some((above, offset, hole, bytes));
            }
            (above, offset) = (offset, hole.below);
        }
        let (above, offset, hole, wanted) = found?;
        let rest = hole.len.saturating_sub(wanted);
        let (bytes, warm, next) = if rest < SHORTEST {
            (hole.len, hole.warm, hole.below)
        } else {
            let warm = hole.warm.min(rest);
            notes.write(offset + wanted, Hole { below: hole.below, len: rest, warm });
            (wanted, hole.warm - warm, offset + wanted)
        };
        self.idle -= bytes;
        self.warm -= warm;
        self.link(notes, above, next);
        Some((offset, bytes))
    }

    /// Takes the highest hole away if it ends at `end`, and returns its offset.
    pub fn take_top(&mut self, notes: &impl Notes, end: usize) -> Option<usize> {
        let offset = self.top;
        if offset == NONE {
            return None;
        }
        let hole = notes.read(offset);
        if offset + hole.len != end {
            return None;
        }
        self.top = hole.below;
        self.idle -= hole.len;
        self.warm -= hole.warm;
        Some(offset)
    }

    /// Shows each hole of which more than `cold` bytes may be present to `cool`, with its offset and its length, which says how
    /// many bytes of it may still be present afterwards. O(holes).
    pub fn cool(&mut self, notes: &mut impl Notes, cold: usize, mut cool: impl FnMut(usize, usize) -> usize) {
        let mut offset = self.top;
        while offset != NONE {
            let mut hole = notes.read(offset);
            if hole.warm > cold {
                let left = cool(offset, hole.len).min(hole.warm);
                self.warm -= hole.warm - left;
                hole.warm = left;
                notes.write(offset, hole);
            }
            offset = hole.below;
        }
    }

    /// No memory is a hole any more.
    pub fn clear(&mut self) {
        *self = Holes::new();
    }

    /// `next` follows the hole `above`, or is the highest if there is none above.
    fn link(&mut self, notes: &mut impl Notes, above: usize, next: usize) {
        if above == NONE {
            self.top = next;
        } else {
            let hole = notes.read(above);
            notes.write(above, Hole { below: next, ..hole });
        }
    }
}
