//! What the model does not reach: leaks, panics in the caller's code, refusals, lies.

use super::allocators::Watched;
use allocator_api2::alloc::Global;
use allocator_api2::vec::Vec;
use arenite::collections::String;
use std::cell::Cell;
use std::ops::{Bound, RangeBounds};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn a_string_is_as_large_as_its_vector() {
    assert_eq!(size_of::<String<Global>>(), size_of::<Vec<u8, Global>>());
    assert_eq!(size_of::<String<&Watched>>(), 4 * size_of::<usize>());
    assert_eq!(size_of::<Option<String<&Watched>>>(), size_of::<String<&Watched>>());
}

#[test]
fn a_constant_string_is_possible() {
    const EMPTY: String<Global> = String::new_in(Global);
    assert_eq!(EMPTY, "");
}

#[test]
fn a_forgotten_drain_leaves_the_text() {
    let mut s = String::from_str_in("añb€c", Global);
    let mut drain = s.drain(1..);
    assert_eq!((drain.next(), drain.next_back()), (Some('ñ'), Some('c')));
    std::mem::forget(drain);
    assert_eq!(s, "añb€c");
}

#[test]
fn a_drain_removes_its_range_when_a_panic_drops_it() {
    let mut s = String::from_str_in("añb€c", Global);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _drain = s.drain(1..3);
        panic!("before the end");
    }));
    assert!(unwound.is_err());
    assert_eq!(s, "ab€c");
}

#[test]
fn a_drain_counts_and_ends_as_an_iterator_does() {
    let mut s = String::from_str_in("añb", Global);
    assert_eq!(s.drain(..).count(), 3);
    s.push_str("añb");
    assert_eq!(s.drain(..).last(), Some('b'));
    s.push_str("x");
    let mut drain = s.drain(..);
    assert_eq!(format!("{drain:?}"), r#"Drain("x")"#);
    assert_eq!([drain.next(), drain.next(), drain.next_back()], [Some('x'), None, None]);
}

#[test]
fn a_panic_while_retaining_loses_nothing_that_was_not_refused() {
    for panic_at in 0..6 {
        let mut s = String::from_str_in("añ_b€𝄞", Global);
        let mut asked = 0;
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            s.retain(|character| {
                assert_ne!(asked, panic_at);
                asked += 1;
                character != 'a' && character != '_'
            });
        }));
        assert!(unwound.is_err());
        let kept = ["añ_b€𝄞", "ñ_b€𝄞", "ñ_b€𝄞", "ñb€𝄞", "ñb€𝄞", "ñb€𝄞"];
        assert_eq!(s, kept[panic_at]);
    }
}

#[test]
fn a_range_that_changes_its_answer_does_no_harm() {
    struct Fickle(Cell<usize>);
    impl RangeBounds<usize> for Fickle {
        fn start_bound(&self) -> Bound<&usize> {
            Bound::Unbounded
        }
        fn end_bound(&self) -> Bound<&usize> {
            self.0.set(self.0.get() + 1);
            if self.0.get() == 1 { Bound::Excluded(&1) } else { Bound::Excluded(&1_000_000) }
        }
    }
    let mut s = String::from_str_in("ab", Global);
    s.extend_from_within(Fickle(Cell::new(0)));
    s.replace_range(Fickle(Cell::new(0)), "x");
    s.drain(Fickle(Cell::new(0)));
    assert_eq!(s, "ba");
}

#[test]
fn a_refusal_leaves_the_string_as_it_was() {
    let alloc = Watched::new();
    let mut s = String::from_str_in("12345678", &alloc);
    alloc.left.set(0);
    assert!(s.try_push('é').is_err());
    assert!(s.try_push_str("more").is_err());
    assert!(s.try_reserve(1).is_err());
    assert!(s.try_reserve_exact(1).is_err());
    assert!(s.try_reserve(usize::MAX).is_err());
    assert!(String::try_with_capacity_in(1, &alloc).is_err());
    assert!(String::try_from_str_in("x", &alloc).is_err());
    assert_eq!((&*s, s.capacity()), ("12345678", 8));
    assert!(s.try_push_str("").is_ok());
    assert!(String::try_from_str_in("", &alloc).is_ok());
    s.pop();
    assert!(s.try_push('9').is_ok());
    alloc.left.set(1);
    assert!(s.try_push_str("é").is_ok());
    assert_eq!(s, "12345679é");
}

#[test]
fn a_capacity_beyond_the_address_space_panics_and_changes_nothing() {
    let mut s = String::from_str_in("abc", Global);
    assert!(catch_unwind(AssertUnwindSafe(|| s.reserve(usize::MAX))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| s.reserve_exact(isize::MAX as usize))).is_err());
    assert!(catch_unwind(|| String::with_capacity_in(usize::MAX, Global)).is_err());
    assert_eq!(s, "abc");
}

#[test]
fn text_of_a_known_length_takes_one_allocation() {
    let alloc = Watched::new();
    let s = String::from_str_in("twelve bytes", &alloc);
    let copy = s.clone();
    assert_eq!((alloc.granted.get(), alloc.live_bytes()), (2, 24));
    let boxed = copy.into_boxed_str();
    assert_eq!(alloc.granted.get(), 2, "nothing to shrink");
    drop((s, boxed));
    let mut s = String::with_capacity_in(4, &alloc);
    s.push_str("ab");
    assert_eq!(s.split_off(1).capacity(), 1);
    assert_eq!(s.capacity(), 4);
    s.clone_from(&String::from_str_in("wxyz", &alloc));
    assert_eq!((&*s, s.capacity()), ("wxyz", 4));
}

#[test]
fn an_empty_string_becomes_an_empty_box() {
    let alloc = Watched::new();
    let mut s = String::with_capacity_in(10, &alloc);
    s.push('x');
    s.pop();
    assert_eq!(&*s.into_boxed_str(), "");
    assert_eq!(&*String::new_in(&alloc).into_boxed_str(), "");
    assert_eq!(alloc.live_blocks(), 0);
}

#[test]
fn leaked_text_stays_as_long_as_the_allocator_may() {
    let text = {
        let mut s = String::from_str_in("text", Global);
        s.shrink_to_fit();
        s.leak()
    };
    text.make_ascii_uppercase();
    assert_eq!(text, "TEXT");
    // SAFETY: `Global` gave this text in a block of its length, and nobody else uses it.
    drop(unsafe { allocator_api2::boxed::Box::from_raw_in(text, Global) });
}
