//! How large the next chunk is.

/// How the size of a chunk follows from that of the one before. All sizes are in bytes; the result is kept between
/// the first and the largest chunk of the backing.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, Chained, Growth};
///
/// // A thousand bytes more each time.
/// let arena = Arena::new_in(Chained::new().growth(Growth::Linear(1000)));
/// arena.alloc(1);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Growth {
    /// All chunks are as large as the first: memory is never more than one chunk ahead of need, at the price of many
    /// chunks.
    Constant,
    /// Each chunk is this many bytes larger than the one before.
    Linear(usize),
    /// Each chunk is twice as large as the one before. The default: the number of chunks stays logarithmic.
    Double,
    /// Each chunk is this many percent of the one before; less than 100 counts as 100.
    Percent(usize),
    /// Asks a function, which gets the size of the last chunk.
    Custom(fn(usize) -> usize),
}

impl Growth {
    /// The size after `size`.
    pub(crate) fn next(self, size: usize) -> usize {
        match self {
            Growth::Constant => size,
            Growth::Linear(step) => size.saturating_add(step),
            Growth::Double => size.saturating_mul(2),
            Growth::Percent(percent) => {
                let more = percent.max(100) - 100;
                // In two steps, so that neither a large chunk wraps nor a small one stays as it is.
                let of_hundreds = (size / 100).saturating_mul(more);
                size.saturating_add(of_hundreds).saturating_add((size % 100).saturating_mul(more) / 100)
            }
            Growth::Custom(next) => next(size),
        }
    }
}
