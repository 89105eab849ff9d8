//! Futures in regions.

use core::cell::UnsafeCell;
use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::region::Region;
use crate::size::Bytes;

/// Puts futures into regions.
///
/// A region belongs to the task, not to the thread: it is entered when the future is polled and when it is dropped, and
/// left at each yield, on whatever thread the executor polls it. The result, and whatever else the future leaves behind,
/// stays valid.
///
/// A task that the future spawns is in the region only if it is polled in there, as tasks of a set of local tasks are that the
/// future drives (tokio's `LocalSet::run_until`). A runtime polls its tasks by itself, outside, unless it is driven inside of
/// a region. So give each task a region of its own, or a [sibling](super::Current::sibling).
pub trait RegionFuture: Future + Sized {
    /// The future, in a region of its own, which ends with it.
    ///
    /// ```
    /// use arenite::{RegionFuture, ScopedGlobal};
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
    ///
    /// async fn handle(request: &str) -> String {
    ///     let words: Vec<&str> = request.split(' ').collect();
    ///     words.join("-")
    /// }
    ///
    /// # fn block_on<F: Future>(future: F) -> F::Output {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
    /// #             return output;
    /// #         }
    /// #     }
    /// # }
    /// let reply = block_on(handle("one two three").in_region(GLOBAL.region()));
    /// assert_eq!(reply, "one-two-three");
    /// ```
    fn in_region(self, region: Region) -> InRegion<Self> {
        InRegion { inside: Inside::new(self, region) }
    }

    /// The future, in a region with a [limit](Region::with_limit): if it asks for more, it is dropped as soon as it yields,
    /// and the output is an error. The process goes on, and others do not notice.
    ///
    /// ```
    /// use arenite::{RegionFuture, ScopedGlobal};
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
    ///
    /// async fn hoard() {
    ///     let mut hoard = Vec::new();
    ///     loop {
    ///         hoard.push(vec![0_u8; 1000]);
    ///         yields().await;
    ///     }
    /// }
    /// # async fn yields() {
    /// #     let mut yielded = false;
    /// #     std::future::poll_fn(|_| {
    /// #         if std::mem::replace(&mut yielded, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    /// #     })
    /// #     .await
    /// # }
    /// # fn block_on<F: Future>(future: F) -> F::Output {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
    /// #             return output;
    /// #         }
    /// #     }
    /// # }
    ///
    /// let region = GLOBAL.region().with_name("hoard").with_limit(1 << 20);
    /// let error = block_on(hoard().in_region_limited(region)).unwrap_err();
    /// assert_eq!(error.to_string(), "the region \"hoard\" asked for more than its limit of 1 MiB");
    /// ```
    fn in_region_limited(self, region: Region) -> InRegionLimited<Self> {
        InRegionLimited { inside: Inside::new(self, region) }
    }
}

impl<F: Future> RegionFuture for F {}

/// A future, or what else is polled, that is touched in its region alone.
///
/// # Invariants
///
/// * `future` is pinned when this is: it is never moved out of its place, but dropped there. `region` is there for as long as
///   `future` is.
/// * A future that waits may refer to itself, so no reference to it is made but to poll or drop it, or for who asks for it by
///   a shared one. The cell sees to that for a reference to `self`, and hides the future's bytes from the `Option`, which
///   would keep in them whether it is there.
pub(super) struct Inside<F> {
    future: Option<UnsafeCell<F>>,
    region: Option<Region>,
}

impl<F> Inside<F> {
    pub(super) fn new(future: F, region: impl Into<Option<Region>>) -> Self {
        Inside { future: Some(UnsafeCell::new(future)), region: region.into() }
    }

    pub(super) fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    #[cfg(feature = "tower")]
    pub(super) fn get(&self) -> Option<&F> {
        // SAFETY: all else that reaches the future has `self` exclusively.
        self.future.as_ref().map(|future| unsafe { &*future.get() })
    }

    fn parts(self: Pin<&mut Self>) -> (Pin<&mut Option<UnsafeCell<F>>>, &mut Option<Region>) {
        // SAFETY: the future is not moved: it is pinned again at once. The region is never pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: pinned as `self` is, by the invariant.
        (unsafe { Pin::new_unchecked(&mut this.future) }, &mut this.region)
    }

    /// What the region is over, if it is.
    pub(super) fn over_limit(self: Pin<&mut Self>) -> Option<OverLimit> {
        self.parts().1.as_ref().and_then(OverLimit::of)
    }

    /// Calls with the future, in the region. `None` if it has ended.
    #[inline]
    pub(super) fn visit<R>(self: Pin<&mut Self>, call: impl FnOnce(Pin<&mut F>) -> R) -> Option<R> {
        let (future, region) = self.parts();
        let region = region.as_ref()?;
        // SAFETY: a part of what is pinned, and pinned as that is, by the invariant.
        let future = future.as_pin_mut().map(|cell| unsafe { cell.map_unchecked_mut(UnsafeCell::get_mut) });
        future.map(|future| region.visit(|| call(future)))
    }

    /// Drops the future, in the region, which is returned.
    pub(super) fn end(self: Pin<&mut Self>) -> Option<Region> {
        let (mut future, region) = self.parts();
        if let Some(region) = region {
            region.visit(|| future.set(None));
        }
        region.take()
    }
}

impl<F> Drop for Inside<F> {
    fn drop(&mut self) {
        // SAFETY: it is not moved any more, as it is being dropped.
        drop(unsafe { Pin::new_unchecked(self) }.end());
    }
}

/// A future in a region. [`RegionFuture::in_region`] makes it.
#[must_use = "futures do nothing unless polled"]
pub struct InRegion<F> {
    inside: Inside<F>,
}

impl<F> InRegion<F> {
    /// The region.
    pub fn region(&self) -> Option<&Region> {
        self.inside.region()
    }
}

impl<F: Future> Future for InRegion<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: pinned as `self` is; `inside` is never moved out of it.
        let inside = unsafe { self.map_unchecked_mut(|this| &mut this.inside) };
        // It ends when it is dropped, not before.
        inside.visit(|future| future.poll(context)).unwrap_or(Poll::Pending)
    }
}

impl<F> fmt::Debug for InRegion<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InRegion").field("region", &self.region()).finish_non_exhaustive()
    }
}

/// A future in a region with a limit. [`RegionFuture::in_region_limited`] makes it.
#[must_use = "futures do nothing unless polled"]
pub struct InRegionLimited<F> {
    inside: Inside<F>,
}

impl<F> InRegionLimited<F> {
    /// The region; `None` once the future has gone over its limit and has ended.
    pub fn region(&self) -> Option<&Region> {
        self.inside.region()
    }
}

impl<F: Future> Future for InRegionLimited<F> {
    type Output = Result<F::Output, OverLimit>;

    /// # Panics
    ///
    /// If it is polled again after it returned an error.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: pinned as `self` is; `inside` is never moved out of it.
        let mut inside = unsafe { self.map_unchecked_mut(|this| &mut this.inside) };
        match inside.as_mut().visit(|future| future.poll(context)) {
            None => panic!("a future was polled that was over its limit and has ended"),
            Some(Poll::Ready(output)) => return Poll::Ready(Ok(output)),
            Some(Poll::Pending) => {}
        }
        let Some(error) = inside.as_mut().over_limit() else { return Poll::Pending };
        // Nobody knows when it would be polled again, so it ends now.
        drop(inside.end());
        Poll::Ready(Err(error))
    }
}

impl<F> fmt::Debug for InRegionLimited<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InRegionLimited").field("region", &self.region()).finish_non_exhaustive()
    }
}

/// A future asked for more memory than its region may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverLimit {
    /// The name of the region.
    pub name: Option<&'static str>,
    /// Bytes that it may have.
    pub limit: usize,
}

impl OverLimit {
    fn of(region: &Region) -> Option<Self> {
        let limit = region.limit()?;
        region.over_limit().then(|| OverLimit { name: region.name(), limit })
    }
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "the region \"{name}\"")?,
            None => f.write_str("a region")?,
        }
        write!(f, " asked for more than its limit of {}", Bytes(self.limit))
    }
}

impl Error for OverLimit {}
