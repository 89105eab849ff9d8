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

/// A contender that has typed methods: how a thread comes by what it allocates in, what makes a reference of what `alloc`
/// returns, and how it is an allocator.
macro_rules! typed {
    (
        $contender:ty: $local:ty, |$pool:ident| $get:expr, |$made:ident| $kept:expr,
        $allocator:ty, |$own:ident| $lent:expr
    ) => {
        impl Contender for $contender {
            type Local<'a> = $local;
            type Allocator<'a> = $allocator;

            fn new() -> Self {
                <$contender>::new()
            }
            fn reset(&mut self) {
                self.reset();
            }
            #[inline(always)]
            fn local(&self) -> Self::Local<'_> {
                let $pool = self;
                $get
            }
            #[inline(always)]
            fn put<T: Copy>(local: &Self::Local<'_>, value: T) -> usize {
                let $made = local.alloc(value);
                address($kept)
            }
            #[inline(always)]
            fn put_str(local: &Self::Local<'_>, text: &str) -> usize {
                let $made = local.alloc_str(text);
                address($kept)
            }
            #[inline(always)]
            fn allocator<'a>($own: &'a Self::Local<'_>) -> Self::Allocator<'a> {
                $lent
            }
        }
    };
}

typed!(ArenaPool: &'a Arena, |pool| pool.local(), |made| made, &'a Arena, |own| own);
typed!(SyncArena: &'a Self, |arena| arena, |made| made, &'a Self, |own| own);
typed!(Herd: Member<'a>, |herd| herd.get(), |made| made, &'a bumpalo::Bump, |own| own.as_bump());
typed!(
    BumpPool: BumpPoolGuard<'a>, |pool| pool.get(), |made| BumpBox::leak(made),
    &'a bump_scope::BumpScope<'a>, |own| own
);

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
