//! Futures: entered when polled and when dropped, left at each yield.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use arenite::RegionFuture as _;

use crate::GLOBAL;
use crate::child_process;

/// Yields once.
async fn yields() {
    let mut yielded = false;
    poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Whether this thread allocates in a region.
fn inside() -> bool {
    GLOBAL.current().is_some()
}

struct Witness;

impl Drop for Witness {
    fn drop(&mut self) {
        assert!(inside(), "dropped in its region");
    }
}

async fn work(rounds: usize) -> Vec<String> {
    let _witness = Witness;
    let mut made = Vec::new();
    for round in 0..rounds {
        assert!(inside());
        made.push(format!("round number {round}"));
        yields().await;
    }
    made
}

#[test]
fn a_future_is_in_its_region_while_it_is_polled() {
    let mut future = pin!(work(3).in_region(GLOBAL.region()));
    for _ in 0..3 {
        assert!(poll(future.as_mut()).is_pending());
        assert!(!inside());
    }
    assert!(future.region().is_some_and(|region| region.live_bytes() > 0));
    let Poll::Ready(made) = poll(future.as_mut()) else { panic!("it has nothing left to do") };
    assert_eq!(made, ["round number 0", "round number 1", "round number 2"]);
}

#[test]
fn a_future_is_dropped_in_its_region() {
    let mut future = Box::pin(work(3).in_region(GLOBAL.region()));
    assert!(poll(future.as_mut()).is_pending());
    drop(future);
    // Never polled.
    drop(work(3).in_region(GLOBAL.region()));
    // Forgotten: its memory stays, and nothing else happens.
    let mut future = Box::pin(work(3).in_region(GLOBAL.region()));
    assert!(poll(future.as_mut()).is_pending());
    std::mem::forget(future);
}

#[test]
fn a_panic_leaves_the_region() {
    let mut future = pin!(async { std::panic::resume_unwind(Box::new(1)) }.in_region(GLOBAL.region()));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Poll<()> = poll(future.as_mut());
    }));
    assert!(caught.is_err());
    assert!(!inside());
}

#[test]
fn a_future_goes_from_thread_to_thread() {
    let mut future = Box::pin(work(20).in_region(GLOBAL.region()));
    for _ in 0..20 {
        future = std::thread::spawn(move || {
            assert!(poll(future.as_mut()).is_pending());
            future
        })
        .join()
        .unwrap();
    }
    let Poll::Ready(made) = poll(future.as_mut()) else { panic!("it has nothing left to do") };
    assert_eq!(made.len(), 20);
    std::thread::spawn(move || drop(future)).join().unwrap();
    assert_eq!(made[19], "round number 19");
}

#[test]
fn futures_and_regions_nest() {
    let region = GLOBAL.region();
    let nested = async {
        let kept = region.enter(|| vec![1_u8; 100]);
        let inner = work(2).in_region(GLOBAL.region()).await;
        assert!(inside());
        (kept, inner)
    };
    let mut future = pin!(nested.in_region(GLOBAL.region()));
    let outer = GLOBAL.region();
    let output = outer.enter(|| {
        loop {
            if let Poll::Ready(output) = poll(future.as_mut()) {
                break output;
            }
            assert!(inside());
        }
    });
    assert_eq!(output.0, [1; 100]);
    assert_eq!(output.1.len(), 2);
}

#[test]
fn over_its_limit_a_future_ends_with_an_error() {
    async fn hoard() -> usize {
        let _witness = Witness;
        let mut hoard = Vec::new();
        for round in 0..1000 {
            hoard.push(vec![round as u8; 1000]);
            yields().await;
        }
        hoard.len()
    }
    let modest = GLOBAL.region().with_limit(100_000);
    let mut fine = pin!(async { vec![0_u8; 1000].len() }.in_region_limited(modest));
    assert_eq!(poll(fine.as_mut()), Poll::Ready(Ok(1000)));

    let region = GLOBAL.region().with_name("hoard").with_limit(100_000);
    let mut future = pin!(hoard().in_region_limited(region));
    let mut polls = 0;
    let error = loop {
        polls += 1;
        if let Poll::Ready(output) = poll(future.as_mut()) {
            break output.unwrap_err();
        }
    };
    assert!((80..=120).contains(&polls), "{polls}");
    assert_eq!((error.name, error.limit), (Some("hoard"), 100_000));
    assert!(future.region().is_none());
    // Without a limit it gets by.
    let mut future = pin!(hoard().in_region_limited(GLOBAL.region()));
    let output = loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            break output;
        }
    };
    assert_eq!(output, Ok(1000));
}

#[test]
fn a_large_block_counts_towards_the_limit() {
    let region = GLOBAL.region().with_limit(100_000);
    let future = async {
        let _large = vec![1_u8; 1_000_000];
        yields().await;
    };
    let mut future = pin!(future.in_region_limited(region));
    assert!(matches!(poll(future.as_mut()), Poll::Ready(Err(_))));
}

#[test]
fn siblings_share_the_limit_and_outlive_the_first() {
    let region = GLOBAL.region().with_name("shared").with_limit(200_000);
    let current = region.enter(|| GLOBAL.current()).unwrap();
    let sibling = current.sibling().unwrap();
    assert_eq!(sibling.name(), Some("shared"));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let sibling = current.sibling().unwrap();
            std::thread::spawn(move || {
                let made = sibling.enter(|| (0..100).map(|_| vec![7_u8; 1000]).collect::<Vec<_>>());
                (made, sibling)
            })
        })
        .collect();
    let made: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(region.over_limit() && sibling.over_limit());
    assert!(made.iter().flat_map(|(made, _)| made).all(|block| *block == [7; 1000]));
    drop((region, current));
    assert_eq!(sibling.enter(|| vec![1; 10]).len(), 10);
    drop(made);
    drop(sibling);
}

/// A future that once needed much, and waits: what it does not use is for others.
#[test]
fn a_future_that_waits_keeps_few_blocks() {
    // What other tests leave behind would be taken over.
    child_process::alone("futures::a_future_that_waits_keeps_few_blocks", || {
        let block = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };
        let mut future = pin!(
            async {
                drop((0..40 * block / 64).map(|_| Box::new([1_u8; 64])).collect::<Vec<_>>());
                yields().await;
                work(1).await
            }
            .in_region(GLOBAL.region())
        );
        assert!(poll(future.as_mut()).is_pending());
        let stats = future.region().unwrap().stats();
        assert!(stats.peak >= 40 * block && stats.blocks <= 8, "{stats}");
    });
}

/// A future that polls others, as a set of local tasks does and a runtime of one thread, polls them in its region.
#[test]
fn what_polls_tasks_in_a_region_has_them_in_there() {
    let mut tasks = [false, true].map(|outside| {
        Box::pin(async move {
            yields().await;
            if outside { GLOBAL.outside(inside) } else { inside() }
        })
    });
    let mut set = pin!(
        poll_fn(|context| {
            let done = tasks.each_mut().map(|task| task.as_mut().poll(context));
            match done {
                [Poll::Ready(first), Poll::Ready(second)] => Poll::Ready([first, second]),
                _ => Poll::Pending,
            }
        })
        .in_region(GLOBAL.region())
    );
    assert_eq!(poll(set.as_mut()), Poll::Pending);
    assert_eq!(poll(set.as_mut()), Poll::Ready([true, false]));
}
