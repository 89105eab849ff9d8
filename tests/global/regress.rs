//! How arenas have gone wrong, as far as it concerns heaps, scopes and threads.

use std::alloc::{self, Layout};
use std::panic::{self, AssertUnwindSafe};

use arenite::{RegionError, ScopedGlobal};

use crate::basics::GAP;
use crate::rounds::rounds;
use crate::{GLOBAL, child_process};

const LINE: usize = if cfg!(any(arenite_zeal, miri)) { 64 } else { 512 };
const BLOCK: usize = if cfg!(any(arenite_zeal, miri)) { 1 << 10 } else { 16 << 10 };
const LARGE: usize = BLOCK / 8;

/// Where something is allocated or freed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Nowhere,
    First,
    Second,
    Thread,
}

fn alone(test: &str, program: fn()) {
    child_process::alone(&format!("regress::{test}"), program);
}

const PLACES: [Place; 4] = [Place::Nowhere, Place::First, Place::Second, Place::Thread];

fn at<R: Send>(
    place: Place,
    first: &arenite::Region,
    second: &arenite::Region,
    call: impl FnOnce() -> R + Send,
) -> R {
    match place {
        Place::Nowhere => call(),
        Place::First => first.enter(call),
        Place::Second => first.enter(|| second.enter(call)),
        Place::Thread => std::thread::scope(|scope| scope.spawn(call).join().unwrap()),
    }
}

#[test]
fn free_by_current_scope() {
    for made in PLACES {
        for freed in PLACES {
            let (first, second) = (GLOBAL.region(), GLOBAL.region());
            let values = at(made, &first, &second, || (0..100_u64).map(Box::new).collect::<Vec<_>>());
            at(freed, &first, &second, || {
                let own = (100..200_u64).map(Box::new).collect::<Vec<_>>();
                assert!(values.iter().enumerate().all(|(n, value)| **value == n as u64));
                drop(values);
                assert!(own.iter().enumerate().all(|(n, value)| **value == 100 + n as u64));
            });
            assert_eq!((first.live_bytes(), second.live_bytes()), (0, 0), "{made:?} {freed:?}");
        }
    }
}

/// Three levels, a panic between, and out again: each level is the one that it was.
#[test]
fn scope_exit_restores() {
    let regions = [GLOBAL.region(), GLOBAL.region(), GLOBAL.region()];
    let live = || regions.each_ref().map(arenite::Region::live_bytes);
    let mut kept = Vec::with_capacity(8);
    let bytes = |count: usize| vec![1_u8; count];
    regions[0].enter(|| {
        kept.push(bytes(8));
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            regions[1].enter(|| {
                kept.push(bytes(16));
                GLOBAL.outside(|| {
                    kept.push(bytes(24));
                    regions[2].enter(|| {
                        kept.push(bytes(32));
                        panic::resume_unwind(Box::new(()));
                    });
                });
            });
        }));
        drop(caught.unwrap_err());
        kept.push(bytes(40));
    });
    kept.push(bytes(48));
    assert_eq!(live(), [8 + 40 + 2 * GAP, 16 + GAP, 32 + GAP], "where each of them was made");
    assert!(GLOBAL.current().is_none());
    drop(kept);
    assert_eq!(live(), [0; 3]);
}

#[test]
fn realloc_across_heaps() {
    let sizes = [1, 8, 9, LINE, LARGE - 8, LARGE, LARGE + 1, BLOCK - 8, BLOCK, BLOCK + 1, 3 * BLOCK];
    for made in PLACES {
        for moved in PLACES {
            for align in [1, 16, LINE, 2 * LINE] {
                let (first, second) = (GLOBAL.region(), GLOBAL.region());
                for old in sizes {
                    for new in sizes {
                        let layout = Layout::from_size_align(old, align).unwrap();
                        let start = at(made, &first, &second, || {
                            // SAFETY: the size is not zero.
                            let start = unsafe { alloc::alloc(layout) };
                            // SAFETY: as long as the layout says.
                            unsafe { start.write_bytes(0x5A, old) };
                            start.expose_provenance()
                        });
                        at(moved, &first, &second, || {
                            let start = std::ptr::with_exposed_provenance_mut::<u8>(start);
                            // SAFETY: allocated above, with this layout; the size is not zero.
                            let start = unsafe { alloc::realloc(start, layout, new) };
                            assert_eq!(start.addr() % align, 0);
                            // SAFETY: that many bytes were written before it was moved.
                            let kept = unsafe { std::slice::from_raw_parts(start, old.min(new)) };
                            assert!(kept.iter().all(|&byte| byte == 0x5A), "{made:?} {moved:?} {old} {new}");
                            // SAFETY: it is that long now.
                            unsafe { start.write_bytes(1, new) };
                            // SAFETY: allocated with this layout.
                            unsafe { alloc::dealloc(start, Layout::from_size_align(new, align).unwrap()) };
                        });
                    }
                }
                assert_eq!((first.live_bytes(), second.live_bytes()), (0, 0), "{made:?} {moved:?}");
            }
        }
        if cfg!(debug_assertions) && made == Place::Second {
            // Starting threads takes its time; releases do all of it.
            break;
        }
    }
}

/// One block is filled exactly, the first of the next is freed, then the last of the first: the cursor must not step over
/// the border, nor may what lies at it grow over it.
/// In a process of its own, where there is nothing to adopt.
#[test]
fn neighbouring_blocks() {
    alone("neighbouring_blocks", neighbouring_blocks_alone);
}

fn neighbouring_blocks_alone() {
    const PIECE: usize = 64;
    if cfg!(any(arenite_asan, arenite_memcheck)) {
        // There are gaps.
        return;
    }
    let region = GLOBAL.region();
    region.enter(|| {
        let layout = Layout::from_size_align(PIECE, 8).unwrap();
        // SAFETY: the size is not zero.
        let make = || unsafe { alloc::alloc(layout) };
        let first: Vec<_> = GLOBAL.outside(|| Vec::with_capacity(4 * BLOCK / PIECE));
        let mut pieces = first;
        for number in 0..3 * BLOCK / PIECE {
            let piece = make();
            // SAFETY: that long.
            unsafe { piece.write_bytes(number as u8, PIECE) };
            pieces.push(piece);
        }
        let borders: Vec<usize> = GLOBAL.outside(|| {
            let apart = |&n: &usize| pieces[n].addr() % BLOCK == 0;
            (1..pieces.len()).filter(apart).collect()
        });
        assert!(borders.len() >= 2);
        for &border in &borders {
            for index in [border, border - 1] {
                // SAFETY: allocated above with this layout; freed once, since borders are apart.
                unsafe { alloc::dealloc(pieces[index], layout) };
                pieces[index] = std::ptr::null_mut();
            }
            let again = [make(), make()];
            for piece in again {
                // SAFETY: that long.
                unsafe { piece.write_bytes(0xFF, PIECE) };
                // It grows where it is, if at all, within its block.
                // SAFETY: allocated with this layout.
                let grown = unsafe { alloc::realloc(piece, layout, 3 * PIECE) };
                // SAFETY: that long.
                unsafe { grown.write_bytes(0xEE, 3 * PIECE) };
            }
        }
        for (number, &piece) in pieces.iter().enumerate().filter(|(_, piece)| !piece.is_null()) {
            // SAFETY: in use, and written above.
            let bytes = unsafe { std::slice::from_raw_parts(piece, PIECE) };
            assert!(bytes.iter().all(|&byte| byte == number as u8), "piece {number}");
        }
        // The rest is left to the process.
    });
}

/// Every other line of a region's blocks is freed; the holes are used, and nothing else.
/// In a process of its own, where there is nothing to adopt.
#[test]
fn holes() {
    alone("holes", holes_alone);
}

fn holes_alone() {
    let region = GLOBAL.region();
    // A region with little memory leaves holes of a line alone.
    let count = (12 << 20) / LINE;
    let mut lines: Vec<Box<[u8; LINE - GAP]>> = Vec::with_capacity(count);
    region.enter(|| lines.extend((0..count).map(|number| Box::new([number as u8; LINE - GAP]))));
    let blocks = region.stats().blocks;
    let mut kept = Vec::with_capacity(count / 2);
    for (number, line) in lines.into_iter().enumerate() {
        if number % 2 == 0 {
            kept.push((number, line));
        } else {
            region.enter(|| drop(line));
        }
    }
    let fit = (1 << 20) / (48 + GAP);
    let mut small: Vec<Box<[u8; 48]>> = Vec::with_capacity(fit);
    region.enter(|| small.extend((0..fit).map(|_| Box::new([0xAA; 48]))));
    assert!(region.stats().blocks <= blocks + 1, "holes were used: {}", region.stats());
    assert!(kept.iter().all(|(number, line)| line.iter().all(|&byte| byte == *number as u8)));
    assert!(small.iter().all(|bytes| bytes.iter().all(|&byte| byte == 0xAA)));
}

/// Handles that are moved, swapped, rebuilt at the same address, and kept in memory of their own.
#[test]
fn handles_move() {
    let mut first = GLOBAL.region();
    let mut second = GLOBAL.region();
    let (one, two) = (first.enter(|| vec![1_u8; 50]), second.enter(|| vec![2_u8; 100]));
    std::mem::swap(&mut first, &mut second);
    assert!(first.live_bytes() >= 100 && second.live_bytes() < 100);
    first.enter(|| drop(one));
    assert_eq!(second.live_bytes(), 0);
    let mut place = Some(first);
    for _ in 0..rounds(100) {
        // At the same address; and in all likelihood with the same state.
        drop(place.take());
        let region = place.insert(GLOBAL.region());
        let more = region.enter(|| vec![3_u8; 100]);
        assert!(two.iter().all(|&byte| byte == 2) && more.iter().all(|&byte| byte == 3));
    }
    second.enter(|| drop(two));
    // In a box that is its own.
    let region = GLOBAL.region();
    let boxed = region.enter(|| Box::new(GLOBAL.region()));
    let own = boxed.enter(|| Box::new(region));
    own.enter(|| drop(boxed));
    drop(own);
}

/// Zeroed memory is zero: after a retreat, in a hole, in a block that was used, reset, reclaimed, or given back.
#[test]
fn zero_that_is_not() {
    let dirty = |bytes: usize| drop(std::hint::black_box(vec![0xFF_u8; bytes]));
    let zeroed = |bytes: usize| {
        let zeroes = std::hint::black_box(vec![0_u8; bytes]);
        assert!(zeroes.iter().all(|&byte| byte == 0));
        zeroes
    };
    let mut region = GLOBAL.region();
    for round in 0..4 {
        let kept = region.enter(|| {
            dirty(LINE);
            drop(zeroed(LINE / 2));
            let first = zeroed(LINE);
            let grown: Vec<u8> = {
                let mut grown = vec![0xFF; 64];
                grown.reserve(LINE);
                grown.shrink_to_fit();
                grown
            };
            let second = zeroed(LARGE / 2);
            dirty(LARGE / 2);
            drop((grown, first));
            let many: Vec<_> =
                (1..100).map(|n| if n % 2 == 0 { vec![0xFF; n * 8] } else { zeroed(n * 8) }).collect();
            drop(many);
            (second, zeroed(3 * LINE / 2))
        });
        match round {
            0 => region.reset(),
            1 => region = GLOBAL.region(),
            2 => _ = GLOBAL.trim(),
            _ => {}
        }
        std::thread::spawn(move || drop(kept)).join().unwrap();
        region.enter(|| drop([zeroed(8), zeroed(LARGE / 2), zeroed(LINE)]));
    }
}

#[test]
fn never_installed() {
    static OTHER: ScopedGlobal = ScopedGlobal::new();
    assert_eq!(OTHER.try_region().unwrap_err(), RegionError::NotInstalled);
    let inside = GLOBAL.region().enter(|| (OTHER.try_region().unwrap_err(), OTHER.current().is_none()));
    assert_eq!(inside, (RegionError::NotInstalled, true));
    let message = RegionError::NotInstalled.to_string();
    assert!(message.contains("#[global_allocator]"), "{message}");
    // As an allocator by itself it is the inner one, inside of another's region, too.
    let layout = Layout::new::<[u64; 10]>();
    let region = GLOBAL.region();
    region.enter(|| {
        use std::alloc::GlobalAlloc;
        let before = region.live_bytes();
        // SAFETY: the size is not zero.
        let block = unsafe { OTHER.alloc_zeroed(layout) };
        assert_eq!(region.live_bytes(), before);
        // SAFETY: allocated with this layout.
        let block = unsafe { OTHER.realloc(block, layout, 800) };
        // SAFETY: it is that long now.
        unsafe { OTHER.dealloc(block, Layout::from_size_align(800, 8).unwrap()) };
    });
    assert!(panic::catch_unwind(|| GLOBAL.outside(|| OTHER.region())).is_err());
}

/// A region that adopts what another one left behind is not charged for it, and its own counts are right.
#[test]
fn adopted_blocks() {
    for _ in 0..20 {
        let first = GLOBAL.region();
        let left: Vec<Box<[u8; 64]>> =
            first.enter(|| (0..40 * LINE / 64).map(|n| Box::new([n as u8; 64])).collect());
        let mut left = left;
        let mut number = 0;
        left.retain(|_| {
            number += 1;
            number % 16 == 0
        });
        drop(first);
        let second = GLOBAL.region();
        let more = second.enter(|| (0..40 * LINE / 64).map(|_| Box::new([0xEE_u8; 64])).collect::<Vec<_>>());
        drop(left);
        assert!(more.iter().all(|bytes| bytes.iter().all(|&byte| byte == 0xEE)));
        assert!(second.live_bytes() >= 40 * LINE);
        drop(more);
        assert_eq!(second.live_bytes(), 0);
    }
}

/// A block without a hole goes on no list before half of what is in use is freed. Once there was one, it does.
/// In a process of its own, where there is nothing else to adopt.
#[test]
fn barren_for_ever() {
    alone("barren_for_ever", barren_for_ever_alone);
}

fn barren_for_ever_alone() {
    // Two of them fill a line.
    let layout = Layout::from_size_align(LINE / 2 - GAP, 8).unwrap();
    // SAFETY: the size is not zero.
    let make = || unsafe { alloc::alloc(layout) };
    let free = |piece: *mut u8| {
        // SAFETY: made by `make`, and freed once.
        unsafe { alloc::dealloc(piece, layout) };
    };
    let mut pieces = Vec::with_capacity(2 * BLOCK / LINE);
    GLOBAL.region().enter(|| (0..2 * BLOCK / LINE).for_each(|_| pieces.push(make())));
    let start = pieces[0].addr();
    assert_eq!(pieces[pieces.len() - 1].addr() - start, BLOCK - LINE / 2, "one block");
    let adopts = || {
        let piece = GLOBAL.region().enter(|| {
            let piece = make();
            free(piece);
            piece
        });
        (start..start + BLOCK).contains(&piece.addr())
    };
    // It has room, and no hole.
    (0..4).for_each(|line| free(pieces[2 * line]));
    assert!(!adopts(), "there is no hole");
    // Half of it is freed: now it has holes, and whoever takes one leaves most of it in use.
    (0..4).for_each(|line| free(pieces[2 * line + 1]));
    let half = BLOCK / LINE / 2 + 1;
    (4..half).for_each(|line| (0..2).for_each(|piece| free(pieces[2 * line + piece])));
    assert!(adopts(), "half of it is free");
    assert!(adopts(), "half of it is free still");
    (2 * half..pieces.len()).for_each(|piece| free(pieces[piece]));
    GLOBAL.trim();
    let stats = GLOBAL.stats();
    assert_eq!((stats.left_behind, stats.free), (0, stats.territory_bytes), "{stats}");
}
