//! Which sizes a piece of work asks for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Up to here sizes are told apart by [`STEP`], above by a quarter of a power of two.
const FINE: usize = 1024;
const STEP: usize = 16;
const BUCKETS: usize = FINE / STEP + 4 * (usize::BITS - FINE.ilog2()) as usize;

/// Which of the buckets a size belongs to.
fn bucket(size: usize) -> usize {
    if size <= FINE {
        return size.div_ceil(STEP).max(1) - 1;
    }
    let power = (size - 1).ilog2();
    let quarter = (size - 1) >> (power - 2) & 3;
    FINE / STEP + 4 * (power - FINE.ilog2()) as usize + quarter
}

/// The largest size of a bucket.
fn largest(bucket: usize) -> usize {
    if bucket < FINE / STEP {
        return (bucket + 1) * STEP;
    }
    let (power, quarter) = ((bucket - FINE / STEP) / 4, (bucket - FINE / STEP) % 4);
    (FINE / 4 * (quarter + 5)) << power
}

/// The system's allocator, and a count of what is asked of it.
pub struct Census {
    sizes: [AtomicU64; BUCKETS],
    live: AtomicU64,
    most: AtomicU64,
}

impl Census {
    /// Nothing has been asked so far.
    #[allow(clippy::new_without_default, reason = "for a static")]
    pub const fn new() -> Self {
        Census {
            sizes: [const { AtomicU64::new(0) }; BUCKETS],
            live: AtomicU64::new(0),
            most: AtomicU64::new(0),
        }
    }

    /// Writes down what was asked: the most blocks at a time; then, for each size, how many there were in all.
    pub fn print(&self) {
        println!("{}", self.most.load(Relaxed));
        for (bucket, blocks) in self.sizes.iter().enumerate() {
            let blocks = blocks.load(Relaxed);
            if blocks > 0 {
                println!("{} {blocks}", largest(bucket));
            }
        }
    }

    fn count(&self, size: usize) {
        self.sizes[bucket(size)].fetch_add(1, Relaxed);
        let live = self.live.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(live, Relaxed);
    }
}

// SAFETY: all blocks are those of the system's allocator.
unsafe impl GlobalAlloc for Census {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count(layout.size());
        // SAFETY: the caller's promise is the callee's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        self.live.fetch_sub(1, Relaxed);
        // SAFETY: the caller's promise is the callee's.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        self.sizes[bucket(new_size)].fetch_add(1, Relaxed);
        // SAFETY: the caller's promise is the callee's.
        unsafe { System.realloc(start, layout, new_size) }
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, bucket, largest};

    #[test]
    fn each_size_is_at_most_the_largest_of_its_bucket_and_above_that_of_the_one_before() {
        for size in (1..5000).chain([1 << 20, (1 << 20) + 1, 3 << 30, isize::MAX as usize]) {
            let of = bucket(size);
            assert!(of < BUCKETS);
            assert!(size <= largest(of), "{size}");
            assert!(of == 0 || size > largest(of - 1), "{size}");
        }
    }
}
