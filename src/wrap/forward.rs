//! What every wrapper is made of: hooks around the calls of an inner allocator.
//!
//! A wrapper is a struct with a field `inner`, an [`Observe`] and one line of [`allocator_by_calls!`]. The
//! hooks are safe code and never own a block, so whatever they do, the contract of `Allocator` is kept here.

use super::calls::{Calls, Granted};
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::ptr::NonNull;

/// A call that may fail, as a wrapper sees it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    /// `allocate` or `allocate_zeroed`.
    Allocate { layout: Layout, zeroed: bool },
    /// `grow` or `grow_zeroed`.
    Grow { block: NonNull<u8>, old: Layout, new: Layout, zeroed: bool },
    /// `shrink`.
    Shrink { block: NonNull<u8>, old: Layout, new: Layout },
}

impl Request {
    /// The layout asked for.
    pub(super) fn layout(&self) -> Layout {
        match *self {
            Self::Allocate { layout, .. } => layout,
            Self::Grow { new, .. } | Self::Shrink { new, .. } => new,
        }
    }
}

/// How a request goes on once the wrapper has seen it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route {
    /// To the inner allocator, unchanged.
    Forward,
    /// Nowhere: the caller gets an error and the inner allocator never hears of it.
    Refuse,
    /// A resize is carried out as a fresh block, a copy and a free; the same as `Forward` for an allocation.
    Move,
}

/// What a wrapper does around the calls that pass through it. Hooks must not unwind.
pub(super) trait Observe {
    /// Before the inner allocator is asked.
    #[inline]
    fn before(&self, _request: Request) -> Route {
        Route::Forward
    }

    /// After the inner allocator refused a request for the `attempt`-th time: whether to ask it once more.
    #[inline]
    fn again(&self, _request: Request, _attempt: usize) -> bool {
        false
    }

    /// After the inner allocator granted or refused the request. It never hears of what `before` refused.
    #[inline]
    fn after(&self, _request: Request, _result: Granted) {}

    /// Before a block is given back. A block that was resized is not reported here.
    #[inline]
    fn freed(&self, _block: NonNull<u8>, _layout: Layout) {}
}

impl<O: Observe> Calls for O {
    #[inline]
    fn obtain(&self, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
        allocate(self, inner, layout, zeroed)
    }

    #[inline]
    unsafe fn give_back(&self, inner: &impl Allocator, block: NonNull<u8>, layout: Layout) {
        self.freed(block, layout);
        // SAFETY: the caller vouches for both conditions: blocks of ours are the inner allocator's.
        unsafe { inner.deallocate(block, layout) }
    }

    #[inline]
    unsafe fn enlarge(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Granted {
        // SAFETY: the caller vouches for all three conditions: blocks of ours are the inner allocator's.
        unsafe { grow(self, inner, block, old, new, zeroed) }
    }

    #[inline]
    unsafe fn reduce(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: the caller vouches for all three conditions: blocks of ours are the inner allocator's.
        unsafe { shrink(self, inner, block, old, new) }
    }
}

#[inline]
fn allocate<O: Observe>(observer: &O, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
    let request = Request::Allocate { layout, zeroed };
    if observer.before(request) == Route::Refuse {
        return Err(AllocError);
    }
    let result = until_granted(observer, request, || match zeroed {
        true => inner.allocate_zeroed(layout),
        false => inner.allocate(layout),
    });
    observer.after(request, result);
    result
}

/// # Safety
///
/// `block` must be allocated from `inner`, `old` must fit it, and `new` must not be smaller than `old`.
#[inline]
unsafe fn grow<O: Observe>(
    observer: &O,
    inner: &impl Allocator,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
    zeroed: bool,
) -> Granted {
    let request = Request::Grow { block, old, new, zeroed };
    let route = observer.before(request);
    if route == Route::Refuse {
        return Err(AllocError);
    }
    // A request that fails leaves the block as it was, so the conditions hold for each attempt.
    let result = until_granted(observer, request, || match route {
        // SAFETY: the caller vouches for the block and `old`; `old` is the smaller layout.
        Route::Move | Route::Refuse => unsafe { relocate(inner, block, old, new) },
        // `grow_zeroed` need not clear bytes that the inner block had beyond `old`, and our caller was never given them:
        // `clear` takes its place below.
        // SAFETY: the caller vouches for the block, `old` and `new`.
        Route::Forward => unsafe { inner.grow(block, old, new) },
    });
    if let (Ok(grown), true) = (result, zeroed) {
        // SAFETY: the block was just granted to us for `new.size()` bytes, and `old` is no larger.
        unsafe { clear(grown, old.size(), new.size()) }
    }
    observer.after(request, result);
    result
}

/// # Safety
///
/// `block` must be allocated from `inner`, `old` must fit it, and `new` must not be larger than `old`.
#[inline]
unsafe fn shrink<O: Observe>(
    observer: &O,
    inner: &impl Allocator,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Granted {
    let request = Request::Shrink { block, old, new };
    let route = observer.before(request);
    if route == Route::Refuse {
        return Err(AllocError);
    }
    // A request that fails leaves the block as it was, so the conditions hold for each attempt.
    let result = until_granted(observer, request, || match route {
        // SAFETY: the caller vouches for the block and `old`; `new` is the smaller layout.
        Route::Move | Route::Refuse => unsafe { relocate(inner, block, old, new) },
        // SAFETY: the caller vouches for the block, `old` and `new`.
        Route::Forward => unsafe { inner.shrink(block, old, new) },
    });
    observer.after(request, result);
    result
}

/// Asks until the request is granted or the observer has had enough.
#[inline]
fn until_granted<O: Observe>(
    observer: &O,
    request: Request,
    mut ask: impl FnMut() -> Result<NonNull<[u8]>, AllocError>,
) -> Granted {
    let mut attempt = 0;
    loop {
        let result = ask();
        attempt += 1;
        if result.is_ok() || !observer.again(request, attempt) {
            return result.map(NonNull::cast);
        }
    }
}

/// Writes zeroes to bytes `from..to` of `block`.
///
/// # Safety
///
/// `from <= to`, and `block` must be valid for writes of `to` bytes.
pub(super) unsafe fn clear(block: NonNull<u8>, from: usize, to: usize) {
    // SAFETY: `from <= to`, and the block reaches to `to`.
    let start = unsafe { block.add(from) };
    // SAFETY: bytes `from..to` of the block are valid for writes, and `u8` has no alignment to keep.
    unsafe { start.write_bytes(0, to - from) }
}

/// Resizes by a fresh block, a copy and a free, never in place. On an error the old block is as it was.
///
/// # Safety
///
/// `block` must be allocated from `inner`, and `old` must fit it.
#[cold]
unsafe fn relocate(
    inner: &impl Allocator,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<[u8]>, AllocError> {
    /// What the old block is left full of, so that a pointer kept to it does not read the old content by chance.
    const JUNK: u8 = 0xDD;

    let fresh = inner.allocate(new)?;
    // SAFETY: both blocks are allocated, hence apart, and hold at least the smaller of the two sizes.
    unsafe { fresh.cast::<u8>().copy_from_nonoverlapping(block, old.size().min(new.size())) }
    // SAFETY: `old` fits the block, so it is valid for writes of that many bytes; nobody reads it again.
    unsafe { block.write_bytes(JUNK, old.size()) }
    // SAFETY: the block is still allocated from `inner`, and `old` fits it.
    unsafe { inner.deallocate(block, old) }
    Ok(fresh)
}
