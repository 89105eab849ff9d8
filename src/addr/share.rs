//! How the address space is shared out among reservations.

/// What there is at present.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Bytes of address space that reservations have, and those that nobody has.
    pub all: usize,
    /// Bytes that reservations have.
    pub reserved: usize,
    /// How many reservations there are.
    pub live: usize,
}

/// The first reservation gets one part of so many.
const PARTS: usize = 8;

impl Room {
    /// Bytes for a reservation of nobody's choice, whose owner has reserved `held` bytes before.
    ///
    /// Half of the address space is left to others. The more reservations there are, the less each of them gets: the n-th
    /// about `1 / n²` of all, so that thousands leave something.
    #[inline]
    pub const fn share(self, held: usize) -> usize {
        larger(self.left() / self.live.saturating_add(PARTS), self.again(held))
    }

    /// As [`share`](Self::share), for a reservation whose length somebody chose: up to a quarter of what is left.
    #[inline]
    pub const fn chosen(self, held: usize) -> usize {
        larger(self.left() / 4, self.again(held))
    }

    /// Bytes that are left of the half for reservations.
    const fn left(self) -> usize {
        (self.all / 2).saturating_sub(self.reserved)
    }

    /// An owner that filled what it had gets as much again, so that the reservations of one owner stay few; but never the last
    /// part.
    const fn again(self, held: usize) -> usize {
        let most = self.all.saturating_sub(self.reserved) / 8;
        if held < most { held } else { most }
    }
}

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}
