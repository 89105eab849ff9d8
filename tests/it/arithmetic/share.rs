//! How reservations share the address space: what is left of it after many.

use arenite::addr::share::Room;

const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;

/// Reserves `count` times out of `all` bytes, at most `wanted` bytes at a time. Returns what each got.
fn crowd(all: usize, wanted: usize, count: usize) -> Vec<usize> {
    let mut reserved = 0;
    let share = |live| {
        let got = Room { all, reserved, live }.share(0).min(wanted);
        reserved += got;
        got
    };
    (0..count).map(share).collect()
}

#[test]
fn however_many_there_are_something_is_left_for_the_next() {
    for (bits, counts) in [(47, [480, 10_000, 100_000]), (39, [4, 500, 2000]), (32, [1, 30, 300])] {
        let got = crowd(1 << bits, 64 * GIB, 100_000);
        assert!(got.iter().sum::<usize>() < 1 << (bits - 1), "half of it is for others");
        assert!(got.is_sorted_by(|one, next| one >= next), "nobody gets more than those before");
        let least = [[64 * GIB, 128 * MIB, MIB], [8 * GIB, 4 * MIB, MIB / 4], [128 * MIB, 8 * MIB, MIB / 8]];
        let least = least[match bits {
            47 => 0,
            39 => 1,
            _ => 2,
        }];
        for (count, least) in counts.into_iter().zip(least) {
            let got = got[count - 1];
            assert!(got >= least, "{bits} bits: number {count} gets {got}, not {least}");
        }
    }
}

#[test]
fn a_lonely_one_gets_what_it_wants_and_an_eighth_where_that_is_too_much() {
    assert_eq!(crowd(1 << 47, 64 * GIB, 1), [64 * GIB]);
    assert_eq!(crowd(1 << 39, 64 * GIB, 1), [32 * GIB]);
    assert_eq!(Room { all: 1 << 39, reserved: 0, live: 0 }.chosen(0), 64 * GIB);
}

#[test]
fn whoever_fills_what_it_has_gets_as_much_again() {
    let room = Room { all: 10 * GIB, reserved: 4 * GIB, live: 10_000 };
    assert!(room.share(0) < MIB);
    assert_eq!([room.share(5 * MIB), room.chosen(500 * MIB)], [5 * MIB, 500 * MIB]);
    // Also if the half is gone, but never the last part.
    let spent = Room { reserved: 6 * GIB, ..room };
    assert_eq!([spent.share(5 * MIB), spent.chosen(5 * MIB)], [5 * MIB; 2]);
    assert_eq!([spent.share(usize::MAX), spent.chosen(usize::MAX)], [GIB / 2; 2]);
}

#[test]
fn nothing_left_is_nothing_to_share() {
    for live in [0, 1, 1000, usize::MAX] {
        for (all, reserved) in [(0, 0), (0, usize::MAX), (1000, 1000), (1000, usize::MAX)] {
            for held in [0, 1, usize::MAX] {
                let room = Room { all, reserved, live };
                assert_eq!([room.share(held), room.chosen(held)], [0; 2]);
            }
        }
        let room = Room { all: usize::MAX, reserved: 0, live };
        assert!(room.share(0) <= usize::MAX / 16 && room.chosen(0) <= usize::MAX / 8);
    }
}
