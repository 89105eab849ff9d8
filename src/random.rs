//! Reproducible choices.

/// The number `index` of the sequence that `seed` begins: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014). Every seed is good, and nearby seeds give unrelated sequences.
pub(crate) const fn nth(seed: u64, index: u64) -> u64 {
    let z = seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A sequence of choices.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
pub(crate) struct Random {
    seed: u64,
    index: u64,
}

#[cfg(feature = "alloc")]
impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, index: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.index = self.index.wrapping_add(1);
        nth(self.seed, self.index)
    }

    /// A number below `bound`, which must not be 0. Slightly biased towards small ones, which does not matter here.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        match (high - low).checked_add(1) {
            Some(count) => low + self.below(count),
            None => self.next() as usize,
        }
    }

    /// A size from 0 to `most` whose number of binary digits is uniform: small ones are common, large ones occur.
    pub(crate) fn size(&mut self, most: usize) -> usize {
        let digits = usize::BITS - most.leading_zeros();
        let ceiling = match self.below(digits as usize + 1) {
            0 => 0,
            digits => usize::MAX >> (usize::BITS as usize - digits),
        };
        self.between(ceiling / 2, ceiling).min(most)
    }
}
