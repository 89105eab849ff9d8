//! What comes back from a caller is an address. The pointer that it came with may be that of a box or of a reference, good for
//! its own bytes alone: so memory is handed out again, and made longer, by the region's own pointers.
//!
//! That a pointer is too narrow shows in an interpreter that keeps account of borrows, for which these programs are small
//! enough. A run of the processor's shows that each of them takes the way that it is about.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;

use allocator_api2::alloc::Allocator;
use arenite::RegionFuture as _;

use crate::GLOBAL;
use crate::basics::GAP;
use crate::child_process;

fn address<T: ?Sized>(value: &T) -> usize {
    (&raw const *value).addr()
}

/// A boxed slice as long as its bytes, and a vector of it, whose pointer is that of the box.
fn boxed(bytes: usize) -> Vec<u8> {
    let boxed: Box<[u8]> = (0..bytes).map(|byte| byte as u8).collect();
    black_box(boxed).into_vec()
}

fn assert_counts(bytes: &[u8]) {
    assert!(bytes.iter().enumerate().all(|(index, byte)| *byte == index as u8), "{bytes:?}");
}

#[test]
fn a_longer_value_where_a_box_was_freed() {
    let region = GLOBAL.region();
    region.enter(|| {
        // As the last of the window, whose cursor goes back.
        let short = Box::new(1_u64);
        let start = address(&*short);
        drop(short);
        let long = black_box(Box::new([7_u64; 8]));
        assert_eq!(address(&*long), start);
        assert_eq!(long.iter().sum::<u64>(), 56);
    });
}

#[test]
fn longer_values_in_holes_of_freed_boxes() {
    // Holes in what other tests left behind would be filled first.
    child_process::alone("borrows::longer_values_in_holes_of_freed_boxes", || {
        let region = GLOBAL.region();
        region.enter(|| {
            let boxes: Vec<_> = (0..400).map(|_| Box::new([1_u64; 7])).collect();
            let (first, last) = (address(&*boxes[0]), address(&*boxes[399]));
            // All but one in a hundred.
            let kept: Vec<_> = boxes.into_iter().step_by(100).collect();
            let longer: Vec<_> = (0..300).map(|_| black_box(Box::new([2_u64; 9]))).collect();
            let again = longer
                .iter()
                .filter(|numbers| (first.min(last)..first.max(last)).contains(&address(&***numbers)));
            assert!(again.count() > 0, "none of them is where a box was freed");
            assert!(kept.iter().all(|numbers| **numbers == [1; 7]));
            assert!(longer.iter().all(|numbers| **numbers == [2; 9]));
        });
    });
}

#[test]
fn the_last_block_grows_beyond_its_box() {
    let region = GLOBAL.region();
    region.enter(|| {
        let mut bytes = boxed(10);
        let start = address(&bytes[0]);
        bytes.extend(10..100);
        assert_eq!(address(&bytes[0]), start, "made longer in place");
        assert_counts(&bytes);
        bytes.truncate(50);
        let mut bytes = black_box(bytes.into_boxed_slice()).into_vec();
        bytes.extend(50..90);
        assert_eq!(address(&bytes[0]), start, "after it was made shorter");
        assert_counts(&bytes);
    });
}

/// Two blocks of ten bytes have room for twelve, as each takes sixteen.
fn grow_within_what_it_takes(grow: impl FnOnce(&mut Vec<u8>) + Send) {
    let region = GLOBAL.region();
    let (mut bytes, last) = region.enter(|| (boxed(10), boxed(10)));
    let start = address(&bytes[0]);
    grow(&mut bytes);
    if GAP == 0 {
        assert_eq!(address(&bytes[0]), start, "it takes no more than before");
    }
    assert_counts(&bytes);
    assert_counts(&last);
}

#[test]
fn a_block_grows_beyond_its_box_into_what_it_takes() {
    let grow = |bytes: &mut Vec<u8>| {
        bytes.reserve_exact(2);
        bytes.extend(10..12);
    };
    grow_within_what_it_takes(grow);
    // Where the block is somebody else's.
    grow_within_what_it_takes(|bytes| GLOBAL.region().enter(|| grow(bytes)));
    grow_within_what_it_takes(|bytes| thread::scope(|scope| scope.spawn(|| grow(bytes)).join().unwrap()));
}

#[test]
fn a_block_of_the_region_grows_beyond_the_reference_to_it() {
    use allocator_api2::vec::Vec;

    let region = GLOBAL.region();
    for kept in [0, 1] {
        let mut bytes = Vec::with_capacity_in(10, &region);
        bytes.extend(0..10_u8);
        // What is behind it keeps it from being the last.
        let behind = vec_of(kept, &region);
        let start = Vec::leak(bytes).as_mut_ptr();
        // SAFETY: the parts of the vector, which was forgotten. The pointer was that of a slice as long.
        let mut bytes = unsafe { Vec::from_raw_parts_in(start, 10, 10, &region) };
        bytes.reserve_exact(2);
        bytes.extend(10..12);
        if GAP == 0 {
            assert_eq!(bytes.as_ptr().addr(), start.addr(), "in place");
        }
        assert_counts(&bytes);
        drop(behind);
    }
    assert_eq!(region.live_bytes(), 0);
}

fn vec_of<A: Allocator>(bytes: usize, alloc: A) -> allocator_api2::vec::Vec<u8, A> {
    allocator_api2::vec::Vec::with_capacity_in(bytes, alloc)
}

#[test]
fn freed_with_a_pointer_to_fewer_bytes_than_it_takes() {
    let region = GLOBAL.region();
    region.enter(|| {
        for bytes in [119, 700, 1500] {
            let (first, _last) = (boxed(bytes), Box::new(0_u64));
            drop(first);
        }
        // By somebody else.
        let (first, second) = (boxed(119), boxed(700));
        GLOBAL.outside(|| {
            drop(first);
            thread::scope(|scope| scope.spawn(|| drop(second)).join().unwrap());
        });
    });
    assert_eq!(region.live_bytes(), 0);
}

/// Waits, again and again, with references to what is in itself.
async fn waits(times: usize) -> usize {
    let (mut count, mut bytes) = (0, [0_u8; 32]);
    for time in 0..times {
        let (count, byte) = (&mut count, &mut bytes[time % 32]);
        let mut first = true;
        poll_fn(|_| if std::mem::replace(&mut first, false) { Poll::Pending } else { Poll::Ready(()) }).await;
        *count += 1;
        *byte += 1;
    }
    assert_eq!(bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>(), count);
    count
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn futures_refer_to_themselves_while_they_wait() {
    let mut free = pin!(waits(3).in_region(GLOBAL.region()));
    let mut limited = pin!(waits(3).in_region_limited(GLOBAL.region().with_limit(1 << 20)));
    for _ in 0..3 {
        assert!(poll(free.as_mut()).is_pending());
        assert!(poll(limited.as_mut()).is_pending());
        // By references to all of it.
        assert!(free.region().is_some_and(|region| region.limit().is_none()));
        assert!(limited.region().is_some_and(|region| region.limit() == Some(1 << 20)));
        assert!(format!("{free:?} {limited:?}").starts_with("InRegion"));
    }
    assert_eq!(poll(free.as_mut()), Poll::Ready(3));
    assert_eq!(poll(limited.as_mut()), Poll::Ready(Ok(3)));
}
