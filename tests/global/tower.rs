//! A region for each request.

use std::convert::Infallible;
use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use arenite::RegionLayer;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use tower_layer::Layer;
use tower_service::Service;

use crate::GLOBAL;

/// Whether this thread allocates in a region.
fn inside() -> bool {
    GLOBAL.current().is_some()
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// A body of some parts, each made when it is asked for.
#[derive(Default)]
struct Parts {
    left: usize,
    keeps: Vec<String>,
}

impl Drop for Parts {
    fn drop(&mut self) {
        assert!(inside() || self.keeps.is_empty(), "what it keeps is of the region");
    }
}

impl Body for Parts {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<&'static [u8]>, Infallible>>> {
        assert!(inside());
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        let part = format!("part {}", self.left);
        self.keeps.push(part);
        Poll::Ready(Some(Ok(Frame::data(b"part"))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}

/// Asked for a number, it hoards so many kilobytes, and yields in between.
#[derive(Clone)]
struct Hoard;

impl Service<Request<usize>> for Hoard {
    type Response = Response<Parts>;
    type Error = &'static str;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Parts>, &'static str>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<usize>) -> Self::Future {
        assert!(inside());
        if *request.body() == 0 {
            return Box::pin(ready(Err("nothing was asked for")));
        }
        Box::pin(async move {
            let mut hoard = Vec::new();
            for _ in 0..*request.body() {
                assert!(inside());
                hoard.push(vec![1_u8; 1000]);
                let mut yielded = false;
                poll_fn(|_| match std::mem::replace(&mut yielded, true) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                })
                .await;
            }
            Ok(Response::new(Parts { left: 3, keeps: vec![format!("{} kilobytes", hoard.len())] }))
        })
    }
}

fn ask<S: Service<Request<usize>>>(service: &mut S, kilobytes: usize) -> Result<S::Response, S::Error> {
    let mut future = pin!(service.call(Request::new(kilobytes)));
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context()) {
            return result;
        }
        assert!(!inside());
    }
}

#[test]
fn a_request_has_a_region_until_its_response_has_been_read() {
    let mut service = RegionLayer::new(|| GLOBAL.region().with_limit(200_000)).layer(Hoard);
    let response = ask(&mut service, 50).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!inside());
    let mut body = pin!(response.into_body());
    let mut parts = 0;
    while !body.is_end_stream() {
        let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(&mut context()) else {
            panic!("it has parts left")
        };
        parts += 1;
    }
    assert_eq!(parts, 3);
    assert!(body.region().is_some_and(|region| region.live_bytes() > 0));
}

#[test]
fn over_its_limit_a_request_is_refused_and_others_are_not() {
    let mut service = RegionLayer::new(|| GLOBAL.region().with_limit(200_000)).layer(Hoard);
    let refused = ask(&mut service, 1000).unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.body().is_end_stream());
    assert_eq!(ask(&mut service, 50).unwrap().status(), StatusCode::OK);
}

/// Its futures are in no box.
struct Calls<C>(C);

impl<C: Fn() -> F, F: Future<Output = Result<Response<Parts>, Infallible>>> Service<Request<()>>
    for Calls<C>
{
    type Response = Response<Parts>;
    type Error = Infallible;
    type Future = F;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> F {
        (self.0)()
    }
}

#[test]
fn requests_refer_to_themselves_while_they_wait() {
    // What goes wrong here shows in an interpreter that keeps account of borrows.
    let service = Calls(|| async {
        let mut turns = 0;
        for _ in 0..3 {
            let turns = &mut turns;
            let mut yielded = false;
            poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending })
                .await;
            *turns += 1;
        }
        Ok(Response::new(Parts { left: turns, keeps: vec![] }))
    });
    let mut service = RegionLayer::new(|| GLOBAL.region().with_limit(200_000)).layer(service);
    let mut future = pin!(service.call(Request::new(())));
    for _ in 0..3 {
        assert!(future.as_mut().poll(&mut context()).is_pending());
    }
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut context()) else {
        panic!("it has waited enough")
    };
    assert!(!response.body().is_end_stream());
}

#[test]
fn errors_are_passed_on() {
    let mut service = RegionLayer::new(|| GLOBAL.region()).layer(Hoard);
    assert_eq!(ask(&mut service, 0).err(), Some("nothing was asked for"));
}
