//! What every contender can do, in terms of its own recommended interface.

use std::hint::black_box;

use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use blink_alloc::{Blink, BlinkAlloc};
use bump_scope::settings::BumpSettings;
use std::ptr::NonNull;

/// One allocator in the comparison.
///
/// Every method is inlined into the generic function that times it, so that each contender is compiled as if that
/// function had been written for it. Addresses are returned as plain numbers, for the caller to look at.
pub(crate) trait Contender: Sized + 'static {
    const NAME: &'static str;

    /// Whether it is ours: the others are what it is compared with.
    const OURS: bool = false;

    type Allocator<'a>: Allocator;

    /// One that has no memory yet, where it can be made so.
    fn new() -> Self;

    /// One that has `bytes` bytes.
    fn with_capacity(bytes: usize) -> Self;

    /// A value put into it.
    fn put<T: Copy>(&self, value: T) -> usize;

    /// A string put into it.
    fn put_str(&self, text: &str) -> usize;

    /// It as an allocator for collections.
    fn allocator(&self) -> Self::Allocator<'_>;

    /// Everything taken back, memory kept.
    fn reset(&mut self);

    /// `0..n` pushed into a vector of its own kind; `None` if it has none.
    fn push_own(&self, n: u64) -> Option<u64> {
        let _ = n;
        None
    }

    /// A value put into a scope that is left at once; `None` if it has no scopes.
    fn scope(&mut self, value: u64) -> Option<usize> {
        let _ = value;
        None
    }
}

pub(crate) fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

macro_rules! bumpalo {
    ($($name:literal, $min_align:literal, { $($own:item)* };)*) => {$(
        impl Contender for bumpalo::Bump<$min_align> {
            const NAME: &'static str = $name;
            type Allocator<'a> = &'a Self;

            #[inline(always)]
            fn new() -> Self {
                bumpalo::Bump::with_min_align()
            }
            #[inline(always)]
            fn with_capacity(bytes: usize) -> Self {
                bumpalo::Bump::with_min_align_and_capacity(bytes)
            }
            #[inline(always)]
            fn put<T: Copy>(&self, value: T) -> usize {
                address(self.alloc(value))
            }
            #[inline(always)]
            fn put_str(&self, text: &str) -> usize {
                address(self.alloc_str(text))
            }
            #[inline(always)]
            fn allocator(&self) -> &Self {
                self
            }
            #[inline(always)]
            fn reset(&mut self) {
                self.reset();
            }
            $($own)*
        }
    )*};
}

// bumpalo's own vector knows only the default minimum alignment.
bumpalo! {
    "bumpalo", 1, {
        #[inline(always)]
        fn push_own(&self, n: u64) -> Option<u64> {
            let mut vec = bumpalo::collections::Vec::new_in(self);
            for i in 0..n {
                vec.push(i);
            }
            Some(black_box(&vec)[0])
        }
    };
    "bumpalo, 8", 8, {};
}

/// bump-scope with its cursor at multiples of 8, as ours is, in both directions.
pub(crate) type Tuned<const UP: bool> = bump_scope::Bump<bump_scope::alloc::Global, BumpSettings<8, UP>>;

macro_rules! bump_scope {
    ($($name:literal, $type:ty;)*) => {$(
        impl Contender for $type {
            const NAME: &'static str = $name;
            type Allocator<'a> = &'a Self;

            #[inline(always)]
            fn new() -> Self {
                Self::new()
            }
            #[inline(always)]
            fn with_capacity(bytes: usize) -> Self {
                Self::with_size(bytes)
            }
            #[inline(always)]
            fn put<T: Copy>(&self, value: T) -> usize {
                address(bump_scope::BumpBox::leak(self.alloc(value)))
            }
            #[inline(always)]
            fn put_str(&self, text: &str) -> usize {
                address(bump_scope::BumpBox::leak(self.alloc_str(text)))
            }
            #[inline(always)]
            fn allocator(&self) -> &Self {
                self
            }
            #[inline(always)]
            fn reset(&mut self) {
                self.reset();
            }
            #[inline(always)]
            fn push_own(&self, n: u64) -> Option<u64> {
                let mut vec = bump_scope::BumpVec::new_in(self);
                for i in 0..n {
                    vec.push(i);
                }
                Some(black_box(&vec)[0])
            }
            #[inline(always)]
            fn scope(&mut self, value: u64) -> Option<usize> {
                Some(self.scoped(|inner| black_box(address(&*inner.alloc(value)))))
            }
        }
    )*};
}

bump_scope! {
    "bump-scope", bump_scope::Bump;
    "bump-scope, 8", Tuned<true>;
    "bump-scope, 8, down", Tuned<false>;
}

/// blink-alloc implements a later version of the `Allocator` trait than hashbrown takes.
pub(crate) struct BlinkAdapter<'a>(&'a BlinkAlloc);

// SAFETY: every method is that of the adapted allocator, whose contract is the same.
unsafe impl Allocator for BlinkAdapter<'_> {
    #[inline(always)]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.0.allocate(layout).map_err(|_| AllocError)
    }
    #[inline(always)]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.0.deallocate(block, layout.size()) };
    }
    #[inline(always)]
    unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.0.resize(block, old, new) }.map_err(|_| AllocError)
    }
    #[inline(always)]
    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.0.resize(block, old, new) }.map_err(|_| AllocError)
    }
}

impl Contender for Blink {
    const NAME: &'static str = "blink-alloc";
    type Allocator<'a> = BlinkAdapter<'a>;

    #[inline(always)]
    fn new() -> Self {
        Blink::new()
    }
    #[inline(always)]
    fn with_capacity(bytes: usize) -> Self {
        let blink = Blink::with_chunk_size(bytes);
        // The chunk comes with the first value.
        blink.put_no_drop(0_u8);
        blink
    }
    #[inline(always)]
    fn put<T: Copy>(&self, value: T) -> usize {
        address(self.put_no_drop(value))
    }
    #[inline(always)]
    fn put_str(&self, text: &str) -> usize {
        address(self.copy_str(text))
    }
    #[inline(always)]
    fn allocator(&self) -> BlinkAdapter<'_> {
        BlinkAdapter(Blink::allocator(self))
    }
    #[inline(always)]
    fn reset(&mut self) {
        self.reset();
    }
}

/// The global allocator. What is put into it is freed at once, as there is no reset.
pub(crate) struct Std;

impl Contender for Std {
    const NAME: &'static str = "std";
    type Allocator<'a> = Global;

    #[inline(always)]
    fn new() -> Self {
        Std
    }
    #[inline(always)]
    fn with_capacity(_: usize) -> Self {
        Std
    }
    #[inline(always)]
    fn put<T: Copy>(&self, value: T) -> usize {
        address(&*black_box(Box::new(value)))
    }
    #[inline(always)]
    fn put_str(&self, text: &str) -> usize {
        address(&**black_box(&String::from(text)))
    }
    #[inline(always)]
    fn allocator(&self) -> Global {
        Global
    }
    #[inline(always)]
    fn reset(&mut self) {}
    #[inline(always)]
    fn push_own(&self, n: u64) -> Option<u64> {
        let mut vec = Vec::new();
        for i in 0..n {
            vec.push(i);
        }
        Some(black_box(&vec)[0])
    }
}
