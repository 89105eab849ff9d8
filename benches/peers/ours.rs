//! Arenite, over each kind of memory that grows.

use std::hint::black_box;

use arenite::{Arena, Auto, Backing, Chained, HugePages, Virtual};

use crate::contender::{Contender, address};

/// A kind of memory, by name.
pub(crate) trait Kind: 'static {
    const NAME: &'static str;
    type Backing: Backing;

    fn backing() -> Self::Backing;
}

macro_rules! kinds {
    ($($kind:ident: $backing:ty, $name:literal, $make:expr;)*) => {$(
        pub(crate) struct $kind;

        impl Kind for $kind {
            const NAME: &'static str = $name;
            type Backing = $backing;

            #[inline(always)]
            fn backing() -> $backing {
                $make
            }
        }
    )*};
}

kinds! {
    ByDefault: Auto, "arenite", Auto::new();
    InChunks: Chained, "Chained", Chained::new();
    Reserved: Virtual, "Virtual", Virtual::new();
    Huge: Virtual, "Virtual, huge", Virtual::new().huge_pages(HugePages::Always);
    Small: Virtual, "Virtual, small", Virtual::new().huge_pages(HugePages::Never);
}

/// An arena over memory of that kind.
pub(crate) struct Ours<K: Kind>(Arena<K::Backing>);

impl<K: Kind> Contender for Ours<K> {
    const NAME: &'static str = K::NAME;
    const OURS: bool = true;
    type Allocator<'a> = &'a Arena<K::Backing>;

    #[inline(always)]
    fn new() -> Self {
        Ours(Arena::new_in(K::backing()))
    }
    #[inline(always)]
    fn with_capacity(bytes: usize) -> Self {
        Ours(Arena::with_capacity_in(bytes, K::backing()))
    }
    #[inline(always)]
    fn put<T: Copy>(&self, value: T) -> usize {
        address(self.0.alloc(value))
    }
    #[inline(always)]
    fn put_str(&self, text: &str) -> usize {
        address(self.0.alloc_str(text))
    }
    #[inline(always)]
    fn allocator(&self) -> &Arena<K::Backing> {
        &self.0
    }
    #[inline(always)]
    fn reset(&mut self) {
        self.0.reset();
    }
    #[inline(always)]
    fn push_own(&self, n: u64) -> Option<u64> {
        let mut vec = arenite::collections::Vec::new_in(&self.0);
        for i in 0..n {
            vec.push(i);
        }
        Some(black_box(&vec)[0])
    }
    #[inline(always)]
    fn scope(&mut self, value: u64) -> Option<usize> {
        Some(self.0.scope(|inner| black_box(address(inner.alloc(value)))))
    }
}
