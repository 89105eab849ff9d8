//! A region for each request of a `tower` service.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

use super::region::Region;
use super::task::Inside;

/// Puts a region under each request: the service's future, and the body of the response until its end, allocate from it.
///
/// If the region has a [limit](Region::with_limit) and the service's future waits for something after it has asked for more,
/// the response is `503 Service Unavailable` with an empty body, and the future is dropped. One that never waits gets its
/// response.
///
/// Tasks that the service spawns are where the runtime polls them, outside as a rule: give them
/// [siblings](super::Current::sibling).
///
/// ```
/// use arenite::{RegionLayer, ScopedGlobal};
/// # use tower_layer::Layer;
///
/// #[global_allocator]
/// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
///
/// let layer = RegionLayer::new(|| GLOBAL.region().with_limit(16 << 20));
/// // let app = axum::Router::new().route(..).layer(layer);
/// # struct Service;
/// # let _ = layer.layer(Service);
/// ```
#[derive(Clone, Copy)]
pub struct RegionLayer<M> {
    make: M,
}

impl<M: Fn() -> Region + Clone> RegionLayer<M> {
    /// `make` is called for each request.
    pub const fn new(make: M) -> Self {
        RegionLayer { make }
    }
}

impl<M> fmt::Debug for RegionLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionLayer").finish_non_exhaustive()
    }
}

impl<S, M: Clone> Layer<S> for RegionLayer<M> {
    type Service = RegionService<S, M>;

    fn layer(&self, service: S) -> Self::Service {
        RegionService { service, make: self.make.clone() }
    }
}

/// What [`RegionLayer`] makes of a service.
#[derive(Clone, Copy)]
pub struct RegionService<S, M> {
    service: S,
    make: M,
}

impl<S, M> fmt::Debug for RegionService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionService").finish_non_exhaustive()
    }
}

impl<S, M, Q, P> Service<Request<Q>> for RegionService<S, M>
where
    S: Service<Request<Q>, Response = Response<P>>,
    M: Fn() -> Region,
    P: Default,
{
    type Response = Response<RegionBody<P>>;
    type Error = S::Error;
    type Future = RegionResponse<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let region = (self.make)();
        let future = region.visit(|| self.service.call(request));
        RegionResponse { inside: Some(Inside::new(future, region)) }
    }
}

/// The future of a [`RegionService`].
#[must_use = "futures do nothing unless polled"]
pub struct RegionResponse<F> {
    /// Pinned when this is.
    inside: Option<Inside<F>>,
}

impl<F, P, E> Future for RegionResponse<F>
where
    F: Future<Output = Result<Response<P>, E>>,
    P: Default,
{
    type Output = Result<Response<RegionBody<P>>, E>;

    /// # Panics
    ///
    /// If it is polled again after it returned.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: pinned as `self` is; it is dropped in its place, or not at all.
        let mut place = unsafe { self.map_unchecked_mut(|this| &mut this.inside) };
        let Some(mut inside) = place.as_mut().as_pin_mut() else {
            panic!("a future was polled that had returned its response")
        };
        let polled = inside.as_mut().visit(|future| future.poll(context)).unwrap_or(Poll::Pending);
        let over = inside.as_mut().over_limit().is_some();
        let result = match polled {
            // Nobody knows when it would be polled again, so it ends now.
            Poll::Pending if over => {
                let mut response = Response::new(P::default());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Ok(response)
            }
            polled => ready!(polled),
        };
        let region = inside.end();
        place.set(None);
        Poll::Ready(result.map(|response| response.map(|body| RegionBody::new(body, region))))
    }
}

impl<F> fmt::Debug for RegionResponse<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionResponse").finish_non_exhaustive()
    }
}

/// The body of a response, with the region of its request.
pub struct RegionBody<P> {
    /// Pinned when this is.
    inside: Inside<P>,
}

impl<P> RegionBody<P> {
    fn new(body: P, region: Option<Region>) -> Self {
        RegionBody { inside: Inside::new(body, region) }
    }

    /// The region.
    pub fn region(&self) -> Option<&Region> {
        self.inside.region()
    }
}

impl<P: Body> Body for RegionBody<P> {
    type Data = P::Data;
    type Error = P::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<P::Data>, P::Error>>> {
        // SAFETY: pinned as `self` is; `inside` is never moved out of it.
        let inside = unsafe { self.map_unchecked_mut(|this| &mut this.inside) };
        inside.visit(|body| body.poll_frame(context)).unwrap_or(Poll::Ready(None))
    }

    fn is_end_stream(&self) -> bool {
        self.inside.get().is_none_or(P::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inside.get().map_or_else(|| SizeHint::with_exact(0), P::size_hint)
    }
}

impl<P> fmt::Debug for RegionBody<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionBody").field("region", &self.region()).finish_non_exhaustive()
    }
}
