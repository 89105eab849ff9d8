//! Holes in a range, against a map of its units.

use std::cell::RefCell;

use arenite::addr::holes::{Hole, Holes, Notes, SHORTEST};

use crate::random::Random;

/// How many of the shortest holes the range has room for.
const UNITS: usize = 40;

/// Notes that may be read only where there is a hole, and as they were written.
struct Written<'a> {
    notes: [Option<Hole>; UNITS],
    taken: &'a RefCell<[bool; UNITS]>,
}

impl Notes for Written<'_> {
    fn read(&self, offset: usize) -> Hole {
        assert!(!self.taken.borrow()[offset / SHORTEST], "{offset} is in no hole");
        self.notes[offset / SHORTEST].expect("what is read was written")
    }

    fn write(&mut self, offset: usize, hole: Hole) {
        assert_eq!(offset % SHORTEST, 0);
        assert!(!self.taken.borrow()[offset / SHORTEST], "{offset} is in no hole");
        self.notes[offset / SHORTEST] = Some(hole);
    }
}

/// The holes of a map: where each starts, and how many units it has.
fn holes(taken: &[bool; UNITS]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for unit in (0..UNITS).filter(|&unit| !taken[unit]) {
        match found.last_mut() {
            Some((start, len)) if *start + *len == unit => *len += 1,
            _ => found.push((unit, 1)),
        }
    }
    found
}

#[test]
fn what_is_free_side_by_side_is_one_hole_and_the_lowest_serves() {
    let taken = RefCell::new([true; UNITS]);
    for seed in 0..200 {
        let mut random = Random::new(seed);
        *taken.borrow_mut() = [true; UNITS];
        let mut notes = Written { notes: [None; UNITS], taken: &taken };
        let mut all = Holes::new();
        for _ in 0..60 {
            if random.below(2) == 0 {
                // Any units that are taken come back.
                let start = random.below(UNITS);
                let len =
                    taken.borrow()[start..].iter().take(random.between(1, 6)).take_while(|&&one| one).count();
                if len > 0 {
                    taken.borrow_mut()[start..start + len].fill(false);
                    all.add(&mut notes, start * SHORTEST, len * SHORTEST);
                }
            } else {
                let wanted = random.between(1, 8 * SHORTEST);
                let expected = holes(&taken.borrow()).into_iter().find(|(_, len)| wanted <= len * SHORTEST);
                let expected = expected.map(|(start, len)| {
                    let rest = len * SHORTEST - wanted;
                    (
                        start * SHORTEST,
                        if rest < SHORTEST { len * SHORTEST } else { wanted.next_multiple_of(SHORTEST) },
                    )
                });
                let fits = |_, len| (wanted <= len).then(|| wanted.next_multiple_of(SHORTEST).min(len));
                let found = all.take(&mut notes, fits);
                assert_eq!(found, expected, "seed {seed}, of {:?}", taken.borrow());
                if let Some((start, bytes)) = found {
                    taken.borrow_mut()[start / SHORTEST..(start + bytes) / SHORTEST].fill(true);
                }
            }
            let idle = taken.borrow().iter().filter(|&&one| !one).count() * SHORTEST;
            assert_eq!((all.idle(), all.is_empty()), (idle, idle == 0), "seed {seed}");
            assert!(all.warm() <= idle);
        }
        // From the top all of them are found, each at its end.
        for (start, len) in holes(&taken.borrow()).into_iter().rev() {
            let end = (start + len) * SHORTEST;
            assert_eq!(all.take_top(&notes, end + SHORTEST), None);
            assert_eq!(all.take_top(&notes, end), Some(start * SHORTEST), "seed {seed}");
        }
        assert_eq!((all.idle(), all.warm(), all.is_empty()), (0, 0, true), "seed {seed}");
    }
}

#[test]
fn what_is_not_present_is_known_hole_by_hole() {
    const UNIT: usize = SHORTEST;
    let taken = RefCell::new([false; UNITS]);
    let mut notes = Written { notes: [None; UNITS], taken: &taken };
    let mut all = Holes::new();
    all.add(&mut notes, 0, 4 * UNIT);
    all.add(&mut notes, 8 * UNIT, 8 * UNIT);
    assert_eq!(all.warm(), 12 * UNIT);
    let mut asked = Vec::new();
    all.cool(&mut notes, 0, |offset, len| {
        asked.push((offset, len));
        UNIT
    });
    assert_eq!(asked, [(8 * UNIT, 8 * UNIT), (0, 4 * UNIT)]);
    assert_eq!((all.idle(), all.warm()), (12 * UNIT, 2 * UNIT));
    // What has no more than that is not shown again.
    all.cool(&mut notes, UNIT, |offset, _| panic!("{offset} is as cold as it gets"));
    // What lies between is present, and makes one of the two.
    all.add(&mut notes, 4 * UNIT, 4 * UNIT);
    assert_eq!((all.idle(), all.warm()), (16 * UNIT, 6 * UNIT));
    // The rest cannot have more than it is long; what was taken may have been all that was present.
    assert_eq!(all.take(&mut notes, |_, _| Some(12 * UNIT)), Some((0, 12 * UNIT)));
    assert_eq!((all.idle(), all.warm()), (4 * UNIT, 4 * UNIT));
    // Nothing becomes present by being given away.
    all.cool(&mut notes, 0, |_, len| 9 * len);
    assert_eq!(all.warm(), 4 * UNIT);
    all.clear();
    assert_eq!((all.idle(), all.warm(), all.is_empty()), (0, 0, true));
}
