//! What every contender can do, in terms of its own recommended interface.

use std::hint::black_box;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use arenite::Arena;
use arenite::shared::{ArenaPool, SyncArena};
use blink_alloc::{LocalBlinkAlloc, SyncBlinkAlloc};
use bump_scope::{BumpBox, BumpPool, BumpPoolGuard};
use bumpalo_herd::{Herd, Member};

/// One contender.
pub(crate) trait Contender: Send + Sync + 'static {
    /// What a thread allocates in.
    type Local<'a>;
    type Allocator<'a>: Allocator;

    fn new() -> Self;

    /// Everything taken back, memory kept.
    fn reset(&mut self);

    fn local(&self) -> Self::Local<'_>;

    /// A value put into it. Returns its address, for the caller to look at.
    fn put<T: Copy>(local: &Self::Local<'_>, value: T) -> usize;

    /// A string put into it.
    fn put_str(local: &Self::Local<'_>, text: &str) -> usize;

    /// It as an allocator for collections.
    fn allocator<'a>(local: &'a Self::Local<'_>) -> Self::Allocator<'a>;
}

fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

impl Contender for ArenaPool {
    type Local<'a> = &'a Arena;
    type Allocator<'a> = &'a Arena;

    fn new() -> Self {
        ArenaPool::new()
    }
    fn reset(&mut self) {
        self.reset();
    }
    #[inline(always)]
    fn local(&self) -> &Arena {
        self.local()
    }
    #[inline(always)]
    fn put<T: Copy>(local: &&Arena, value: T) -> usize {
        address(local.alloc(value))
    }
    #[inline(always)]
    fn put_str(local: &&Arena, text: &str) -> usize {
        address(local.alloc_str(text))
    }
    #[inline(always)]
    fn allocator<'a>(local: &'a &Arena) -> &'a Arena {
        local
    }
}

impl Contender for SyncArena {
    type Local<'a> = &'a Self;
    type Allocator<'a> = &'a Self;

    fn new() -> Self {
        SyncArena::new()
    }
    fn reset(&mut self) {
        self.reset();
    }
    #[inline(always)]
    fn local(&self) -> &Self {
        self
    }
    #[inline(always)]
    fn put<T: Copy>(local: &&Self, value: T) -> usize {
        address(local.alloc(value))
    }
    #[inline(always)]
    fn put_str(local: &&Self, text: &str) -> usize {
        address(local.alloc_str(text))
    }
    #[inline(always)]
    fn allocator<'a>(local: &'a &Self) -> &'a Self {
        local
    }
}

impl Contender for Herd {
    type Local<'a> = Member<'a>;
    type Allocator<'a> = &'a bumpalo::Bump;

    fn new() -> Self {
        Herd::new()
    }
    fn reset(&mut self) {
        self.reset();
    }
    #[inline(always)]
    fn local(&self) -> Member<'_> {
        self.get()
    }
    #[inline(always)]
    fn put<T: Copy>(local: &Member<'_>, value: T) -> usize {
        address(local.alloc(value))
    }
    #[inline(always)]
    fn put_str(local: &Member<'_>, text: &str) -> usize {
        address(local.alloc_str(text))
    }
    #[inline(always)]
    fn allocator<'a>(local: &'a Member<'_>) -> &'a bumpalo::Bump {
        local.as_bump()
    }
}

impl Contender for BumpPool {
    type Local<'a> = BumpPoolGuard<'a>;
    type Allocator<'a> = &'a bump_scope::BumpScope<'a>;

    fn new() -> Self {
        BumpPool::new()
    }
    fn reset(&mut self) {
        self.reset();
    }
    #[inline(always)]
    fn local(&self) -> BumpPoolGuard<'_> {
        self.get()
    }
    #[inline(always)]
    fn put<T: Copy>(local: &BumpPoolGuard<'_>, value: T) -> usize {
        address(BumpBox::leak(local.alloc(value)))
    }
    #[inline(always)]
    fn put_str(local: &BumpPoolGuard<'_>, text: &str) -> usize {
        address(BumpBox::leak(local.alloc_str(text)))
    }
    #[inline(always)]
    fn allocator<'a>(local: &'a BumpPoolGuard<'_>) -> &'a bump_scope::BumpScope<'a> {
        local
    }
}

/// blink-alloc implements a later version of the `Allocator` trait, and has no typed methods for several threads.
pub(crate) struct BlinkAdapter<'a, A>(&'a A);

macro_rules! blink {
    ($($type:ty),*) => {$(
        // SAFETY: every method is that of the adapted allocator, whose contract is the same.
        unsafe impl Allocator for BlinkAdapter<'_, $type> {
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
            unsafe fn grow(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise is the callee's.
                unsafe { self.0.resize(block, old, new) }.map_err(|_| AllocError)
            }
        }

        impl BlinkAdapter<'_, $type> {
            #[inline(always)]
            fn put<T: Copy>(&self, value: T) -> usize {
                let place = self.0.allocate(Layout::new::<T>()).expect("there is memory").cast::<T>();
                // SAFETY: a block for a `T`, handed out just now.
                unsafe { place.write(value) };
                place.addr().get()
            }
            #[inline(always)]
            fn put_str(&self, text: &str) -> usize {
                let place = self.0.allocate(Layout::for_value(text)).expect("there is memory").cast::<u8>();
                // SAFETY: a block of that length, handed out just now.
                unsafe { place.copy_from_nonoverlapping(NonNull::from(text).cast(), text.len()) };
                place.addr().get()
            }
        }
    )*};
}

blink!(SyncBlinkAlloc, LocalBlinkAlloc<'_>);

impl Contender for SyncBlinkAlloc {
    type Local<'a> = &'a Self;
    type Allocator<'a> = BlinkAdapter<'a, Self>;

    fn new() -> Self {
        SyncBlinkAlloc::new()
    }
    fn reset(&mut self) {
        self.reset();
    }
    #[inline(always)]
    fn local(&self) -> &Self {
        self
    }
    #[inline(always)]
    fn put<T: Copy>(local: &&Self, value: T) -> usize {
        BlinkAdapter(*local).put(value)
    }
    #[inline(always)]
    fn put_str(local: &&Self, text: &str) -> usize {
        BlinkAdapter(*local).put_str(text)
    }
    #[inline(always)]
    fn allocator<'a>(local: &'a &Self) -> BlinkAdapter<'a, Self> {
        BlinkAdapter(local)
    }
}

/// The proxies that `SyncBlinkAlloc` makes for threads.
pub(crate) struct Blinks(SyncBlinkAlloc);

impl Contender for Blinks {
    type Local<'a> = LocalBlinkAlloc<'a>;
    type Allocator<'a> = BlinkAdapter<'a, LocalBlinkAlloc<'a>>;

    fn new() -> Self {
        Blinks(SyncBlinkAlloc::new())
    }
    fn reset(&mut self) {
        self.0.reset();
    }
    #[inline(always)]
    fn local(&self) -> LocalBlinkAlloc<'_> {
        self.0.local()
    }
    #[inline(always)]
    fn put<T: Copy>(local: &LocalBlinkAlloc<'_>, value: T) -> usize {
        BlinkAdapter(local).put(value)
    }
    #[inline(always)]
    fn put_str(local: &LocalBlinkAlloc<'_>, text: &str) -> usize {
        BlinkAdapter(local).put_str(text)
    }
    #[inline(always)]
    fn allocator<'a>(local: &'a LocalBlinkAlloc<'_>) -> BlinkAdapter<'a, LocalBlinkAlloc<'a>> {
        BlinkAdapter(local)
    }
}

/// The global allocator. What is put into it is freed at once, as there is no reset.
pub(crate) struct Heap;

impl Contender for Heap {
    type Local<'a> = ();
    type Allocator<'a> = Global;

    fn new() -> Self {
        Heap
    }
    fn reset(&mut self) {}
    #[inline(always)]
    fn local(&self) {}
    #[inline(always)]
    fn put<T: Copy>((): &(), value: T) -> usize {
        address(&*black_box(Box::new(value)))
    }
    #[inline(always)]
    fn put_str((): &(), text: &str) -> usize {
        address(&**black_box(&String::from(text)))
    }
    #[inline(always)]
    fn allocator((): &()) -> Global {
        Global
    }
}
