//! `wrap::Counting`: every counter moves, and what is live is exact.

use crate::testing::hostile::{Defect, Hostile};
use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::vec::Vec;
use arenite::wrap::{CallCounters, Counting, Counts, Failing, LiveCounters, Statistics};
use std::alloc::Layout;
use std::marker::PhantomData;

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

#[test]
fn every_counter_moves() {
    // Over `Global`, only the system would know which resizes stay in place.
    let counting = Counting::new(Failing::new(Hostile::new(Defect::None)));
    let expect = |counts: Counts| assert_eq!(counting.counts(), counts, "\n{}", counting.counts());
    let mut counts = Counts::default();
    expect(counts);

    let block = counting.allocate(bytes(10)).unwrap().cast::<u8>();
    counts.allocate = 1;
    (counts.blocks_live, counts.bytes_live, counts.bytes_peak) = (1, 10, 10);
    expect(counts);

    let zeroed = counting.allocate_zeroed(bytes(30)).unwrap().cast::<u8>();
    counts.allocate_zeroed = 1;
    (counts.blocks_live, counts.bytes_live, counts.bytes_peak) = (2, 40, 40);
    expect(counts);

    counting.inner().move_resizes(true);
    // SAFETY: the block is live, has this layout, and grows.
    let moved = unsafe { counting.grow(block, bytes(10), bytes(100)) }.unwrap().cast::<u8>();
    counting.inner().move_resizes(false);
    counts.grow = 1;
    counts.resized_moved = 1;
    (counts.bytes_live, counts.bytes_peak) = (130, 130);
    expect(counts);

    // SAFETY: the block is live, has this layout, and keeps its size.
    let same = unsafe { counting.grow_zeroed(moved, bytes(100), bytes(100)) }.unwrap().cast::<u8>();
    counts.grow_zeroed = 1;
    counts.resized_in_place = 1;
    expect(counts);

    counting.inner().move_resizes(true);
    // SAFETY: the block is live, has this layout, and shrinks.
    let small = unsafe { counting.shrink(same, bytes(100), bytes(5)) }.unwrap().cast::<u8>();
    counts.shrink = 1;
    counts.resized_moved = 2;
    counts.bytes_live = 35;
    expect(counts);

    counting.inner().fail_always();
    counting.allocate(bytes(1000)).unwrap_err();
    // SAFETY: the block is live, has this layout, and grows.
    unsafe { counting.grow(zeroed, bytes(30), bytes(2000)) }.unwrap_err();
    (counts.allocate, counts.grow, counts.failed) = (2, 2, 2);
    expect(counts);
    assert_eq!(counts.requests(), 7);

    // SAFETY: the block is live and has this layout.
    unsafe { counting.deallocate(small, bytes(5)) };
    counts.deallocate = 1;
    (counts.blocks_live, counts.bytes_live) = (1, 30);
    expect(counts);

    counting.reset();
    expect({
        let mut counts = Counts::default();
        (counts.blocks_live, counts.bytes_live, counts.bytes_peak) = (1, 30, 30);
        counts
    });
    // SAFETY: the block is live and has this layout.
    unsafe { counting.deallocate(zeroed, bytes(30)) };
    let counts = counting.counts();
    assert_eq!((counts.deallocate, counts.blocks_live, counts.bytes_live, counts.bytes_peak), (1, 0, 0, 30));
    assert_eq!(counting.into_inner().refused(), 2);
}

#[test]
fn blocks_are_as_long_as_asked_over_an_allocator_with_surplus() {
    let counting = Counting::new(Hostile::new(Defect::None));
    assert_eq!(counting.inner().allocate(bytes(10)).unwrap().len(), 16);
    assert_eq!(counting.allocate(bytes(10)).unwrap().len(), 10);
}

/// hashbrown uses what it is granted beyond what it asked for, and frees it with that size.
#[cfg(feature = "hashbrown")]
#[test]
fn what_is_live_is_exact_over_an_allocator_with_surplus() {
    let counting = Counting::new(Hostile::new(Defect::None));
    let mut map = hashbrown::HashMap::<u16, u8, hashbrown::DefaultHashBuilder, _>::new_in(&counting);
    for key in 0..1000 {
        map.insert(key, 1);
    }
    assert!(counting.counts().bytes_live > 3000);
    drop(map);
    assert_eq!((counting.counts().blocks_live, counting.counts().bytes_live), (0, 0));
}

/// The inner allocator may keep what lay in surplus that the caller of `Counting` was never given.
#[test]
fn grow_zeroed_clears_hidden_surplus() {
    let counting = Counting::new(Hostile::new(Defect::KeepsOldSurplus));
    let block = counting.allocate(bytes(1)).unwrap();
    // SAFETY: the block is live, has this layout, and grows.
    let grown = unsafe { counting.grow_zeroed(block.cast(), bytes(1), bytes(64)) }.unwrap().cast::<u8>();
    for offset in 1..64 {
        // SAFETY: the block has 64 bytes.
        let place = unsafe { grown.add(offset) };
        // SAFETY: as above; byte 0 alone was never written, by the caller or by `grow_zeroed`.
        assert_eq!(unsafe { place.read() }, 0, "byte {offset}");
    }
}

#[test]
fn threads_count_together() {
    let counting = Counting::new(Global);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for size in 0..1000 {
                    drop(Vec::<u8, _>::with_capacity_in(size, &counting));
                }
            });
        }
    });
    let counts = counting.counts();
    assert_eq!((counts.allocate, counts.deallocate), (4 * 999, 4 * 999));
    assert_eq!((counts.blocks_live, counts.bytes_live), (0, 0));
    assert!((999..=4 * 999).contains(&counts.bytes_peak));
}

#[test]
fn serves_as_a_static() {
    static COUNTING: Counting<Global> = Counting::new(Global);
    let numbers: Vec<u8, &'static Counting<Global>> = Vec::with_capacity_in(7, &COUNTING);
    assert_eq!(COUNTING.counts().bytes_live, 7);
    drop(numbers);
    assert_eq!(COUNTING.counts().bytes_live, 0);
}

#[test]
fn prints_a_table() {
    let counting = Counting::new(Global);
    drop(Vec::<u8, _>::with_capacity_in(12345, &counting));
    let table = counting.counts().to_string();
    let widths: std::vec::Vec<_> = table.lines().map(str::len).collect();
    assert_eq!(widths, [29; 12], "{table}");
    assert!(table.starts_with("allocate                    1\n"), "{table}");
    assert!(table.ends_with("bytes at peak           12345"), "{table}");
}

#[test]
fn is_send_and_sync_where_its_allocator_is() {
    // An inherent constant, which exists where the bound holds, wins over the trait's.
    trait Otherwise {
        const YES: bool = false;
    }
    struct IsSend<T>(PhantomData<T>);
    struct IsSync<T>(PhantomData<T>);
    impl<T> Otherwise for IsSend<T> {}
    impl<T> Otherwise for IsSync<T> {}
    impl<T: Send> IsSend<T> {
        const YES: bool = true;
    }
    impl<T: Sync> IsSync<T> {
        const YES: bool = true;
    }
    // `Hostile` shares its buffer by `Rc`.
    let table = [
        (IsSend::<Counting<Global>>::YES, IsSync::<Counting<Global>>::YES),
        (IsSend::<Failing<Global>>::YES, IsSync::<Failing<Global>>::YES),
        (!IsSend::<Counting<Hostile>>::YES, !IsSync::<Counting<Hostile>>::YES),
        (!IsSend::<Failing<Hostile>>::YES, !IsSync::<Failing<Hostile>>::YES),
    ];
    assert_eq!(table, [(true, true); 4]);
}

/// What a program has counted, with whatever is chosen.
fn counted<S: Statistics>() -> Counts {
    let counting = Counting::<_, S>::with_statistics(Failing::new(Hostile::new(Defect::None)));
    let block = counting.allocate(bytes(10)).unwrap().cast::<u8>();
    // SAFETY: the block is live, has this layout, and grows.
    let block = unsafe { counting.grow(block, bytes(10), bytes(30)) }.unwrap().cast::<u8>();
    counting.inner().fail_always();
    counting.allocate_zeroed(bytes(10)).unwrap_err();
    // SAFETY: the block is live and has this layout.
    unsafe { counting.deallocate(block, bytes(30)) };
    counting.counts()
}

#[test]
fn what_is_not_chosen_is_not_there() {
    let (calls, live) = (counted::<CallCounters>(), counted::<LiveCounters>());
    let all = counted::<(CallCounters, LiveCounters)>();
    assert_eq!((all.allocate, all.grow, all.deallocate, all.failed, all.bytes_peak), (1, 1, 1, 1, 30));
    let mut only_calls = all;
    only_calls.bytes_peak = 0;
    assert_eq!(calls, only_calls);
    let mut only_live = Counts::default();
    only_live.bytes_peak = 30;
    assert_eq!(live, only_live);
    assert_eq!(counted::<()>(), Counts::default());
    assert_eq!(size_of::<Counting<u64, ()>>(), size_of::<u64>());
    assert_eq!(size_of::<Counting<(), LiveCounters>>(), 3 * size_of::<usize>());
}
