//! Iterators that lie, and slots for what closures return.

use std::cell::Cell;

use arenite::{AllocOrInitError, Arena, Buffer, Fixed};

use super::{Noisy, over_every_backing, panics, used};

/// Supplies `real` values and claims `claimed`.
struct Liar<'a> {
    real: usize,
    claimed: (usize, Option<usize>),
    len: usize,
    alive: &'a Cell<isize>,
}

impl<'a> Iterator for Liar<'a> {
    type Item = Noisy<'a>;

    fn next(&mut self) -> Option<Noisy<'a>> {
        self.real = self.real.checked_sub(1)?;
        Some(Noisy::new(self.alive))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.claimed
    }
}

impl ExactSizeIterator for Liar<'_> {
    fn len(&self) -> usize {
        self.len
    }
}

const CLAIMS: [usize; 8] = [0, 1, 5, 6, 100, 1 << 20, isize::MAX as usize, usize::MAX];

over_every_backing! {
    fn lying_size_hint(arena) {
        for lower in CLAIMS {
            for upper in [None, Some(0), Some(lower), Some(usize::MAX)] {
                let alive = Cell::new(0);
                let liar = Liar { real: 6, claimed: (lower, upper), len: 0, alive: &alive };
                let slice = arena.alloc_from_iter(liar);
                assert_eq!((slice.len(), alive.get()), (6, 6), "claimed {lower} to {upper:?}");
            }
        }
    }

    fn lying_len(arena) {
        for len in CLAIMS {
            let alive = Cell::new(0);
            let before = used(&arena);
            let kept = Cell::new(0);
            let liar = Liar { real: 6, claimed: (len, Some(len)), len, alive: &alive };
            let result = panics(|| kept.set(arena.alloc_slice_fill_iter(liar).len()));
            assert_eq!(result, len > 6, "claimed {len}");
            assert_eq!(kept.get(), if len > 6 { 0 } else { len });
            assert_eq!(alive.get(), kept.get() as isize, "those left over are dropped, those in the slice are not");
            // A side chunk stays until the reset.
            if result && len <= 100 {
                assert_eq!(used(&arena), before);
            }
        }
    }

    fn lying_len_with_room_to_spare_or_none(arena) {
        let alive = Cell::new(0);
        let liar = |len| Liar { real: 6, claimed: (len, None), len, alive: &alive };
        assert!(arena.try_alloc_slice_fill_iter(liar(usize::MAX)).is_err());
        assert!(arena.try_alloc_slice_fill_iter(liar(isize::MAX as usize / 4)).is_err());
        assert_eq!(arena.try_alloc_slice_fill_iter(liar(2)).map(|slice| slice.len()), Ok(2));
        assert_eq!(arena.try_alloc_from_iter(liar(usize::MAX)).map(|slice| slice.len()), Ok(6));
        assert_eq!(alive.get(), 8);
    }

    fn lying_iterators_of_nothing(arena) {
        // Of no size, the claim is no matter of memory at all.
        struct Units(usize);
        impl Iterator for Units {
            type Item = ();
            fn next(&mut self) -> Option<()> {
                self.0 = self.0.checked_sub(1)?;
                Some(())
            }
            fn size_hint(&self) -> (usize, Option<usize>) {
                (usize::MAX, None)
            }
        }
        impl ExactSizeIterator for Units {
            fn len(&self) -> usize {
                self.0 + 1
            }
        }
        assert_eq!(arena.alloc_from_iter(Units(1000)).len(), 1000);
        assert!(panics(|| assert_eq!(arena.alloc_slice_fill_iter(Units(1000)).len(), 0)));
        assert_eq!(arena.stats().used, 0);
    }

    // oxc 11200: the sum of the lengths of the parts wrapped.
    fn sum_of_lengths_overflowing(arena) {
        struct Endless;
        impl std::fmt::Display for Endless {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for _ in 0..1 << 12 {
                    f.write_str(&" ".repeat(1 << 12))?;
                }
                Ok(())
            }
        }
        let arena = arena.limit(1 << 20);
        arena.alloc(1);
        assert!(arena.try_alloc_fmt(format_args!("{Endless}")).is_err());
        assert!(arena.try_alloc_from_iter(std::iter::repeat(0_u64)).is_err());
        assert_eq!(arena.alloc_fmt(format_args!("{}!", 7)), "7!");
    }

    // blink-alloc 0.4: a `Result<T, E>` was written into a slot for a `T`.
    fn slot_smaller_than_what_is_written(arena) {
        #[derive(Debug, PartialEq)]
        struct Large([u64; 12]);
        for round in 0..20_u64 {
            let before = arena.alloc([round; 3]);
            let failed: Result<&mut u8, Large> = arena.alloc_try_with(|| Err(Large([round; 12])));
            let behind = arena.alloc([round; 2]);
            let made: Result<&mut u8, Large> = arena.alloc_try_with(|| Ok(round as u8));
            let last = arena.alloc([round; 2]);
            assert_eq!(failed, Err(Large([round; 12])));
            assert_eq!(made, Ok(&mut (round as u8)));
            assert_eq!((&*before, &*behind, &*last), (&[round; 3], &[round; 2], &[round; 2]));
        }
        let error = arena.try_alloc_try_with(|| Err::<u8, _>([1_u64; 12])).unwrap_err();
        assert_eq!(error, AllocOrInitError::Init([1; 12]));
    }
}

#[test]
fn a_slot_for_the_whole_result_that_just_does_not_fit() {
    let mut buffer = Buffer::<64>::new();
    let arena: Arena<_> = Arena::new_in(Fixed::from(&mut buffer));
    let result = arena.try_alloc_try_with(|| Err::<u8, _>([0_u8; 64]));
    assert!(
        matches!(result, Err(AllocOrInitError::Alloc(_))),
        "no room for the error, so the closure is not called"
    );
    assert!(
        arena
            .try_alloc_try_with(|| Err::<u8, _>([0_u8; 40]))
            .is_err_and(|error| error == AllocOrInitError::Init([0; 40]))
    );
    assert_eq!(arena.stats().used, 0);
}

#[test]
fn both_ways_in_which_a_slice_of_results_fails() {
    let mut buffer = Buffer::<64>::new();
    let arena: Arena<_> = Arena::new_in(Fixed::from(&mut buffer));
    let below = |most: u32| (0..4).map(move |n| if n < most { Ok(n) } else { Err(n) });
    let many = (0..17).map(Ok::<u32, ()>);
    assert!(matches!(arena.try_alloc_slice_try_fill_iter(many), Err(AllocOrInitError::Alloc(_))));
    let failed = arena.try_alloc_slice_try_fill_iter(below(3));
    assert!(failed.is_err_and(|error| error == AllocOrInitError::Init(3)));
    assert_eq!(arena.stats().used, 0);
    assert!(arena.try_alloc_slice_try_fill_iter(below(4)).is_ok_and(|made| *made == [0, 1, 2, 3]));
}

#[test]
fn text_in_the_making_survives_a_writer_that_swallows_errors() {
    struct Stubborn;
    impl std::fmt::Display for Stubborn {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            for _ in 0..20 {
                // The error is not passed on.
                let _ = f.write_str("0123456789");
            }
            Ok(())
        }
    }
    let mut buffer = Buffer::<100>::new();
    let arena: Arena<_> = Arena::new_in(Fixed::from(&mut buffer));
    assert!(arena.try_alloc_fmt(format_args!("{Stubborn}")).is_err(), "a text with holes is no text");
    assert_eq!(arena.stats().used, 0);
    assert_eq!(arena.alloc_fmt(format_args!("{}", 1)), "1");
}
