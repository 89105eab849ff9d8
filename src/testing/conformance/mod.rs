//! A conformance suite for every [`Allocator`].
//!
//! Each [`Property`] is checked on an allocator of its own by a program of calls that the contract of the trait
//! allows, and no others. Every byte granted is written, and read again before the block goes back; every answer is
//! judged before the first write to it. An allocator that keeps the contract passes and is left empty; one that
//! breaks it makes the check panic with the rule, the call, the numbers and the seed.
//!
//! ```
//! use allocator_api2::alloc::Global;
//! use arenite::testing::conformance::{self, Conformance};
//!
//! // With the defaults:
//! conformance::check(|| Global);
//!
//! // A quick look:
//! Conformance::new().seed(7).operations(100).max_size(1024).max_align(64).check(|| Global);
//! ```
//!
//! In a test file, [`conformance_suite!`](crate::conformance_suite) makes one `#[test]` of each property.
//!
//! An allocator that only its reference makes an [`Allocator`], as an arena is, goes into
//! [`check_property`](Conformance::check_property) or the macro as `&arena`.
//!
//! In Miri there are no more than 120 operations, of blocks of up to 1 KiB aligned to up to 4 KiB.
//!
//! # What it cannot see
//!
//! Reads beyond a block that leave no trace, and writes to memory that is nobody's: run the suite under a memory
//! checker to find those. Under AddressSanitizer, set `allocator_may_return_null=1`, or it takes the requests that
//! ought to fail for bugs of the suite.
//!
//! Blocks come back by pointers that are good for their own bytes alone, as those of boxes are. What an allocator makes of
//! such a pointer beyond these bytes, an interpreter sees that keeps account of borrows.
//!
//! [`Allocator`]: allocator_api2::alloc::Allocator

mod failing;
mod handles;
mod oracle;
mod orders;
mod pattern;
mod placement;
mod programs;
#[macro_use]
mod property;
mod resizing;
mod zeroing;

pub use crate::conformance_suite;
pub use property::Property;

use allocator_api2::alloc::Allocator;
use core::alloc::Layout;
use core::iter;
use oracle::Oracle;

/// Checks every [`Property`] with the default options, each on a fresh allocator.
///
/// Takes some tenths of a second without optimisation.
///
/// # Panics
///
/// As soon as the allocator breaks a rule.
///
/// ```
/// arenite::testing::conformance::check(|| allocator_api2::alloc::Global);
/// ```
pub fn check<A: Allocator>(make: impl FnMut() -> A) {
    Conformance::new().check(make);
}

/// How thoroughly to check, and what the allocator may do.
///
/// ```
/// use allocator_api2::alloc::Global;
/// use arenite::testing::conformance::{Conformance, Property};
///
/// Conformance::new().operations(10_000).check_property(Property::RandomProgram, Global);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "options check nothing by themselves"]
pub struct Conformance {
    seed: u64,
    operations: usize,
    max_size: usize,
    max_align: usize,
    may_run_out: bool,
}

impl Conformance {
    /// The defaults: a fixed seed, 4 000 operations, blocks of up to 64 KiB aligned to up to 2 MiB, and an allocator
    /// that meets every such request.
    pub const fn new() -> Self {
        Self {
            seed: 0xA3E4_17E5,
            operations: 4_000,
            max_size: 64 << 10,
            max_align: 2 << 20,
            may_run_out: false,
        }
    }

    /// What random choices start from. The same seed makes the same calls.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many operations [`Property::RandomProgram`] performs.
    pub const fn operations(mut self, operations: usize) -> Self {
        self.operations = operations;
        self
    }

    /// The largest block to ask for, in bytes. Up to some 200 blocks are live at a time, most of them smaller.
    ///
    /// # Panics
    ///
    /// If `bytes` is 0.
    pub const fn max_size(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "a suite that asks for no bytes checks nothing");
        self.max_size = bytes;
        self
    }

    /// The largest alignment to ask for, in bytes.
    ///
    /// # Panics
    ///
    /// If `bytes` is not a power of two.
    pub const fn max_align(mut self, bytes: usize) -> Self {
        assert!(bytes.is_power_of_two(), "an alignment is a power of two");
        self.max_align = bytes;
        self
    }

    /// Whether the allocator may refuse what the other options allow to ask for, as one over a small buffer must.
    /// What it refuses is left out; refusing everything still fails.
    pub const fn may_run_out(mut self, may: bool) -> Self {
        self.may_run_out = may;
        self
    }

    /// Checks every [`Property`], each on a fresh allocator from `make`.
    ///
    /// # Panics
    ///
    /// As soon as an allocator breaks a rule.
    pub fn check<A: Allocator>(&self, mut make: impl FnMut() -> A) {
        for &property in Property::ALL {
            self.check_property(property, make());
        }
    }

    /// Checks one property. The allocator should be fresh; it is left with no block of the suite's.
    ///
    /// # Panics
    ///
    /// As soon as the allocator breaks a rule.
    pub fn check_property<A: Allocator>(&self, property: Property, allocator: A) {
        property.check(Oracle::new(allocator, self.affordable(), property.name()));
    }

    /// Checks that clones of the allocator are the same allocator: each frees and resizes what another handed out,
    /// and a block outlives the clone that made it. Not part of [`check`](Self::check), because not every allocator
    /// is `Clone`.
    ///
    /// # Panics
    ///
    /// As soon as the allocator breaks a rule.
    ///
    /// ```
    /// use arenite::testing::conformance::Conformance;
    ///
    /// Conformance::new().check_clones(allocator_api2::alloc::Global);
    /// ```
    pub fn check_clones<A: Allocator + Clone>(&self, allocator: A) {
        handles::clones(Oracle::new(allocator, self.affordable(), "clones")).finish();
    }

    /// What an interpreter gets through in seconds, if it is one that runs this.
    const fn affordable(mut self) -> Self {
        const fn at_most(value: usize, most: usize) -> usize {
            if value < most { value } else { most }
        }
        if cfg!(miri) {
            self.operations = at_most(self.operations, 120);
            self.max_size = at_most(self.max_size, 1 << 10);
            self.max_align = at_most(self.max_align, 4 << 10);
        }
        self
    }

    /// The nearest layout that the options allow to ask for.
    fn layout(&self, size: usize, align: usize) -> Layout {
        let (size, align) = (size.min(self.max_size), align.min(self.max_align));
        Layout::from_size_align(size, align)
            .expect("`max_size` and `max_align` together exceed the address space")
    }

    /// Every alignment that the options allow to ask for.
    fn alignments(&self) -> impl Iterator<Item = usize> + use<> {
        let largest = self.max_align;
        iter::successors(Some(1), move |align: &usize| align.checked_mul(2))
            .take_while(move |align| *align <= largest)
    }
}

impl Default for Conformance {
    fn default() -> Self {
        Self::new()
    }
}
