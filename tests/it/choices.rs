//! What a random program does next.

use arbitrary::Unstructured;

use crate::random::Random;

/// A source of choices.
pub(crate) trait Choices {
    /// A number below `bound`, which must not be 0.
    fn below(&mut self, bound: usize) -> usize;

    /// A size from 0 to `most` whose number of binary digits is uniform: small ones are common, large ones occur.
    fn size(&mut self, most: usize) -> usize;

    /// Whether there is nothing more to choose: a program that goes on makes the first choice each time.
    fn is_done(&self) -> bool;
}

/// Without an end, and the same each time.
impl Choices for Random {
    fn below(&mut self, bound: usize) -> usize {
        Random::below(self, bound)
    }

    fn size(&mut self, most: usize) -> usize {
        Random::size(self, most)
    }

    fn is_done(&self) -> bool {
        false
    }
}

/// As a fuzzer's bytes say.
pub(crate) struct Bytes<'a>(Unstructured<'a>);

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Bytes(Unstructured::new(bytes))
    }
}

impl Choices for Bytes<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.0.int_in_range(0..=bound - 1).expect("bytes that are used up are zeroes")
    }

    fn size(&mut self, most: usize) -> usize {
        let digits = usize::BITS - most.leading_zeros();
        let ceiling = 1_usize.checked_shl(self.below(digits as usize + 1) as u32).map_or(most, |two| two - 1);
        (ceiling / 2 + self.below(ceiling / 2 + 2)).min(ceiling).min(most)
    }

    fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}
