//! Collecting: honest iterators, liars, failures, panics.

use super::allocators::Watched;
use allocator_api2::alloc::Global;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use arenite::collections::{CollectIn, FromIteratorIn, String};
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Yields what `iter` does and claims `hint`.
struct Claims<I> {
    iter: I,
    hint: (usize, Option<usize>),
}

impl<I: Iterator> Iterator for Claims<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        self.iter.next()
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.hint
    }
}

const LIES: [(usize, Option<usize>); 6] = [
    (0, Some(0)),
    (1, Some(1)),
    (5_000, None),
    (1 << 40, Some(1 << 40)),
    (usize::MAX, Some(usize::MAX)),
    (usize::MAX, Some(0)),
];

#[test]
fn an_honest_hint_takes_one_allocation_of_its_size() {
    let alloc = Watched::new();
    let numbers: Vec<u32, _> = (0..1_000).collect_in(&alloc);
    assert!(numbers.iter().copied().eq(0..1_000));
    assert_eq!((numbers.capacity(), alloc.granted.get()), (1_000, 1));
    let boxed: Box<[u32], _> = (0..1_000).collect_in(&alloc);
    assert_eq!((&*boxed, alloc.granted.get()), (&*numbers, 2));
    let text: String<_> = "plain text".chars().collect_in(&alloc);
    assert_eq!(
        (&*text, alloc.granted.get()),
        ("plain text", 4),
        "the hint of `chars` counts four bytes a character"
    );
}

#[test]
fn a_lie_changes_nothing_but_the_time_it_takes() {
    for hint in LIES {
        let alloc = Watched::new();
        let claims = |n: u16| Claims { iter: 0..n, hint };
        let numbers: Vec<u16, _> = claims(300).collect_in(&alloc);
        assert!(numbers.iter().copied().eq(0..300));
        let boxed: Box<[u16], _> = claims(300).collect_in(&alloc);
        assert_eq!(*boxed, *numbers);
        let text: String<_> = Claims { iter: "añb€".chars(), hint }.collect_in(&alloc);
        assert_eq!(text, "añb€");
        let units: Vec<(), _> = Claims { iter: std::iter::repeat_n((), 300), hint }.collect_in(&alloc);
        assert_eq!(units.len(), 300);
        assert!(alloc.granted.get() < 30, "{} allocations for {hint:?}", alloc.granted.get());
        assert!(alloc.largest_asked.get() <= 64 << 20, "{} bytes for {hint:?}", alloc.largest_asked.get());
    }
}

#[test]
fn a_hint_beyond_what_the_allocator_grants_does_not_matter_if_the_elements_fit() {
    let alloc = Watched::new();
    alloc.largest.set(4_096);
    let claims = |n: u16| Claims { iter: 0..n, hint: (1 << 20, None) };
    let numbers: Vec<u16, _> = claims(1_000).collect_in(&alloc);
    assert!(numbers.iter().copied().eq(0..1_000));
    let text: String<_> = claims(1_000).map(|n| char::from(n as u8)).collect_in(&alloc);
    assert_eq!(text.chars().count(), 1_000);
}

#[test]
fn what_a_lie_left_over_is_given_back() {
    let alloc = Watched::new();
    let numbers: Vec<u8, _> = Claims { iter: 0..3, hint: (1 << 20, None) }.collect_in(&alloc);
    assert_eq!((numbers.capacity(), alloc.live_bytes()), (3, 3));
}

#[test]
fn an_iterator_is_not_asked_again_once_it_ended() {
    struct Resumes(u8);
    impl Iterator for Resumes {
        type Item = u8;
        fn next(&mut self) -> Option<u8> {
            self.0 += 1;
            assert!(self.0 <= 6, "it had ended");
            (self.0 != 6).then_some(self.0)
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (HINT.get(), None)
        }
    }
    thread_local!(static HINT: Cell<usize> = const { Cell::new(0) });
    for hint in [0, 4, 5, 6, 9] {
        HINT.set(hint);
        assert_eq!(Resumes(0).collect_in::<Vec<_, _>>(Global), [1, 2, 3, 4, 5]);
        assert_eq!(*Resumes(0).collect_in::<Box<[_], _>>(Global), [1, 2, 3, 4, 5]);
        assert_eq!(Resumes(0).map(|n| char::from(n + 96)).collect_in::<String<_>>(Global), "abcde");
    }
}

#[test]
fn a_hint_that_stays_small_does_not_make_growth_quadratic() {
    let alloc = Watched::new();
    let numbers: Vec<u32, _> = Claims { iter: 0..100_000, hint: (1, None) }.collect_in(&alloc);
    assert_eq!(numbers.len(), 100_000);
    assert!(alloc.granted.get() < 25);
}

#[test]
fn text_is_collected_from_everything_that_is_text() {
    let text = |s: String<_>| assert_eq!(s, "añb");
    let parts = ["a", "ñ", "b"];
    text("añb".chars().collect_in(Global));
    text(['a', 'ñ', 'b'].iter().collect_in(Global));
    text(parts.into_iter().collect_in(Global));
    text(parts.map(Cow::Borrowed).into_iter().collect_in(Global));
    text(parts.map(std::string::String::from).into_iter().collect_in(Global));
    text(parts.map(std::boxed::Box::<str>::from).into_iter().collect_in(Global));
    text(parts.map(|part| String::from_str_in(part, Global)).into_iter().collect_in(Global));
    text(parts.map(|part| String::from_str_in(part, Global).into_boxed_str()).into_iter().collect_in(Global));
}

#[test]
fn the_first_failure_ends_it_and_frees_what_there_was() {
    let alloc = Watched::new();
    let witness = Rc::new(());
    let mut asked = 0;
    let items = (0..10).map(|n| {
        asked += 1;
        if n < 4 { Ok(witness.clone()) } else { Err(n) }
    });
    let collected: Result<Vec<Rc<()>, _>, i32> = items.collect_in(&alloc);
    assert_eq!(collected, Err(4));
    assert_eq!((asked, Rc::strong_count(&witness), alloc.live_blocks()), (5, 1, 0));

    let all = ["1", "2"].map(str::parse::<i32>).into_iter().collect_in::<Result<Vec<_, _>, _>>(&alloc);
    assert_eq!(all.unwrap(), [1, 2]);
    let none: Option<String<_>> =
        ['a', '.'].map(|c| c.is_alphabetic().then_some(c)).into_iter().collect_in(&alloc);
    assert_eq!(none, None);
    let some: Option<Box<[char], _>> = ['a', 'b'].map(Some).into_iter().collect_in(&alloc);
    assert_eq!(*some.unwrap(), ['a', 'b']);
}

#[test]
fn nothing_follows_a_failure_even_if_a_collection_asks_again() {
    struct Twice(usize);
    impl FromIteratorIn<i32> for Twice {
        type Allocator = Global;
        fn from_iter_in<I: IntoIterator<Item = i32>>(iter: I, _: Global) -> Self {
            let mut iter = iter.into_iter();
            Self(iter.by_ref().count() + iter.count())
        }
    }
    let collected = [Ok(1), Err('a'), Ok(2), Err('b')].into_iter().collect_in::<Result<Twice, _>>(Global);
    assert_eq!(collected.map(|twice| twice.0), Err('a'));
    let collected = [Some(1), Some(2)].into_iter().collect_in::<Option<Twice>>(Global);
    assert_eq!(collected.map(|twice| twice.0), Some(2));
}

#[test]
fn a_panic_in_the_iterator_drops_what_was_collected() {
    let alloc = Watched::new();
    let witness = Rc::new(());
    let items = || (0..10).map(|n| if n < 7 { witness.clone() } else { panic!("in the iterator") });
    assert!(catch_unwind(AssertUnwindSafe(|| drop(items().collect_in::<Vec<_, _>>(&alloc)))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(items().collect_in::<Box<[_], _>>(&alloc)))).is_err());
    assert_eq!((Rc::strong_count(&witness), alloc.live_blocks()), (1, 0));
}

#[test]
fn an_iterator_may_allocate_where_its_items_go() {
    let alloc = Watched::new();
    let words: Vec<String<_>, _> = (0..50).map(|n| arenite::format!(in &alloc, "{n}")).collect_in(&alloc);
    assert_eq!(words[49], "49");
    let joined: String<_> = words.iter().map(|word| &**word).collect_in(&alloc);
    assert!(joined.starts_with("0123"));
}

#[test]
fn a_box_may_have_no_bytes() {
    let alloc = Watched::new();
    let empty: Box<[u64], _> = std::iter::empty().collect_in(&alloc);
    assert_eq!((empty.len(), empty.as_ptr().align_offset(8)), (0, 0));
    let units: Box<[()], _> = [(); 3].into_iter().collect_in(&alloc);
    assert_eq!(units.len(), 3);

    struct Counted;
    thread_local!(static DROPPED: Cell<u8> = const { Cell::new(0) });
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    drop([Counted, Counted].into_iter().collect_in::<Box<[_], _>>(&alloc));
    assert_eq!(DROPPED.get(), 2);
}

#[test]
fn a_trait_object_collects_too() {
    let alloc = Watched::new();
    let mut digits = 0..3;
    let iter: &mut dyn Iterator<Item = i32> = &mut digits;
    assert_eq!(iter.collect_in::<Vec<_, _>>(&alloc), [0, 1, 2]);
}

#[cfg(feature = "hashbrown")]
mod tables {
    use super::*;
    use hashbrown::{DefaultHashBuilder, HashMap, HashSet};

    type Map<'a> = HashMap<u32, u32, DefaultHashBuilder, &'a Watched>;
    type Set<'a> = HashSet<u32, DefaultHashBuilder, &'a Watched>;

    #[test]
    fn the_last_value_of_a_key_stays() {
        let alloc = Watched::new();
        let map: Map<'_> = (0..100).map(|n| (n % 10, n)).collect_in(&alloc);
        assert_eq!((map.len(), map[&3]), (10, 93));
        let set: Set<'_> = (0..100).map(|n| n % 10).collect_in(&alloc);
        assert_eq!(set.len(), 10);
    }

    #[test]
    fn an_honest_hint_takes_one_allocation() {
        let alloc = Watched::new();
        let map: Map<'_> = (0..1_000).map(|n| (n, n)).collect_in(&alloc);
        assert_eq!((map.len(), alloc.granted.get()), (1_000, 1));
    }

    #[test]
    fn a_lie_changes_nothing() {
        for hint in LIES {
            let alloc = Watched::new();
            alloc.largest.set(1 << 16);
            let map: Map<'_> = Claims { iter: (0..300).map(|n| (n, n)), hint }.collect_in(&alloc);
            let set: Set<'_> = Claims { iter: 0..300, hint }.collect_in(&alloc);
            assert_eq!((map.len(), set.len()), (300, 300));
        }
    }

    #[test]
    fn a_failure_ends_it() {
        let alloc = Watched::new();
        let map = [Some((1, 2)), None].into_iter().collect_in::<Option<Map<'_>>>(&alloc);
        assert_eq!(map, None);
    }
}
