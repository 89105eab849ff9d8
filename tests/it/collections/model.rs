//! Random operations on our string and on std's: the same text, and a panic where std panics.

use super::allocators::Watched;
use crate::rounds::rounds;
use arenite::collections;
use proptest::prelude::*;
use std::fmt::Write;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Ours<'a> = collections::String<&'a Watched>;
type Range = (Bound<usize>, Bound<usize>);

#[derive(Clone, Debug)]
enum Operation {
    Push(char),
    PushStr(String),
    Pop,
    Truncate(usize),
    Clear,
    Insert(usize, char),
    InsertStr(usize, String),
    Remove(usize),
    Retain(u32),
    /// Characters are taken from the end where a bit is set, until the bits are used up.
    Drain(Range, Vec<bool>),
    ReplaceRange(Range, String),
    ExtendFromWithin(Range),
    SplitOff(usize),
    Extend(Vec<char>),
    Write(i32, String),
    Reserve(usize),
    ReserveExact(usize),
    ShrinkToFit,
    ShrinkTo(usize),
    Uppercase,
    RoundTrips,
}
use Operation::*;

/// What an operation returned, and the text after it.
type Seen = (String, String);

/// The operations, once for both types.
macro_rules! apply {
    ($string:expr, $operation:expr) => {{
        let string = $string;
        match $operation {
            Push(character) => {
                string.push(character);
                String::new()
            }
            PushStr(text) => {
                string.push_str(&text);
                String::new()
            }
            Pop => format!("{:?}", string.pop()),
            Truncate(length) => {
                string.truncate(length);
                String::new()
            }
            Clear => {
                string.clear();
                String::new()
            }
            Insert(at, character) => {
                string.insert(at, character);
                String::new()
            }
            InsertStr(at, text) => {
                string.insert_str(at, &text);
                String::new()
            }
            Remove(at) => format!("{:?}", string.remove(at)),
            Retain(mut bits) => {
                let mut asked = String::new();
                string.retain(|character| {
                    asked.push(character);
                    bits = bits.rotate_left(1);
                    bits & 1 == 1
                });
                asked
            }
            Drain(range, ends) => {
                let mut drain = string.drain(range);
                let mut seen = format!("{:?} ", drain.size_hint());
                for from_the_end in ends {
                    let character = if from_the_end { drain.next_back() } else { drain.next() };
                    write!(seen, "{character:?} {:?} ", drain.as_str()).unwrap();
                }
                seen
            }
            ReplaceRange(range, text) => {
                string.replace_range(range, &text);
                String::new()
            }
            SplitOff(at) => {
                let rest = string.split_off(at);
                rest.to_string()
            }
            Extend(characters) => {
                string.extend(&characters);
                string.extend(characters);
                String::new()
            }
            Write(number, text) => {
                write!(string, "{number:>5}{text:?}").unwrap();
                String::new()
            }
            Reserve(additional) => {
                string.reserve(additional);
                assert!(string.capacity() - string.len() >= additional);
                String::new()
            }
            ReserveExact(additional) => {
                string.reserve_exact(additional);
                assert!(string.capacity() - string.len() >= additional);
                String::new()
            }
            ShrinkToFit => {
                string.shrink_to_fit();
                assert_eq!(string.capacity(), string.len());
                String::new()
            }
            ShrinkTo(capacity) => {
                let before = string.capacity();
                string.shrink_to(capacity);
                assert_eq!(string.capacity(), before.min(string.len().max(capacity)));
                String::new()
            }
            Uppercase => {
                string.make_ascii_uppercase();
                String::new()
            }
            ExtendFromWithin(_) | RoundTrips => unreachable!("differs between the two"),
        }
    }};
}

fn on_std(string: &mut String, operation: Operation) -> Result<Seen, ()> {
    let returned = match operation {
        RoundTrips => Ok(String::new()),
        // The method of std is younger than the oldest compiler we promise to support.
        ExtendFromWithin(range) => catch_unwind(|| string[range].to_owned())
            .map_err(drop)
            .map(|part| string.push_str(&part))
            .map(|()| String::new()),
        operation => catch_unwind(AssertUnwindSafe(|| apply!(&mut *string, operation))).map_err(drop),
    };
    returned.map(|returned| (returned, string.clone()))
}

fn on_ours<'a>(string: &mut Ours<'a>, operation: Operation) -> Result<Seen, ()> {
    let returned = match operation {
        RoundTrips => {
            round_trips(string);
            Ok(String::new())
        }
        ExtendFromWithin(range) => {
            let within = catch_unwind(AssertUnwindSafe(|| string.extend_from_within(range)));
            within.map_err(drop).map(|()| String::new())
        }
        operation => catch_unwind(AssertUnwindSafe(|| apply!(&mut *string, operation))).map_err(drop),
    };
    assert!(std::str::from_utf8(string.as_bytes()).is_ok());
    returned.map(|returned| (returned, string.to_string()))
}

/// Through every type that a string can become and come back from.
fn round_trips(string: &mut Ours<'_>) {
    let alloc = *string.allocator();
    let taken = std::mem::replace(string, Ours::new_in(alloc));
    let boxed = taken.into_boxed_str();
    let taken = Ours::from(boxed);
    let taken = Ours::from_utf8(taken.into_bytes()).unwrap();
    let (start, length, capacity, alloc) = taken.into_raw_parts_with_alloc();
    // SAFETY: the parts of a string, unchanged and used once.
    let taken = unsafe { Ours::from_raw_parts_in(start, length, capacity, alloc) };
    let copy = taken.clone();
    assert_eq!(copy, taken);
    string.push_str("to be overwritten");
    string.clone_from(&copy);
}

fn character() -> impl Strategy<Value = char> {
    prop_oneof![3 => proptest::sample::select(vec!['a', '_', 'é', '€', '𝄞']), 1 => any::<char>()]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..8).prop_map(String::from_iter)
}

fn range() -> impl Strategy<Value = Range> {
    fn bound() -> impl Strategy<Value = Bound<usize>> {
        prop_oneof![
            4 => (0..20usize).prop_map(Bound::Included),
            4 => (0..20usize).prop_map(Bound::Excluded),
            2 => Just(Bound::Unbounded),
            1 => Just(Bound::Excluded(usize::MAX)),
            1 => Just(Bound::Included(usize::MAX)),
        ]
    }
    (bound(), bound())
}

fn operation() -> impl Strategy<Value = Operation> {
    let at = || 0..20usize;
    prop_oneof![
        1 => character().prop_map(Push),
        4 => text().prop_map(PushStr),
        1 => Just(Pop),
        1 => at().prop_map(Truncate),
        1 => Just(Clear),
        1 => (at(), character()).prop_map(|(at, character)| Insert(at, character)),
        1 => (at(), text()).prop_map(|(at, text)| InsertStr(at, text)),
        1 => at().prop_map(Remove),
        1 => any::<u32>().prop_map(Retain),
        1 => (range(), any::<Vec<bool>>()).prop_map(|(range, ends)| Drain(range, ends)),
        2 => (range(), text()).prop_map(|(range, text)| ReplaceRange(range, text)),
        1 => range().prop_map(ExtendFromWithin),
        1 => at().prop_map(SplitOff),
        1 => prop::collection::vec(character(), 0..4).prop_map(Extend),
        1 => (any::<i32>(), text()).prop_map(|(number, text)| Write(number, text)),
        1 => at().prop_map(Reserve),
        1 => at().prop_map(ReserveExact),
        1 => Just(ShrinkToFit),
        1 => at().prop_map(ShrinkTo),
        1 => Just(Uppercase),
        1 => Just(RoundTrips),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(500) as u32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_string_does_as_std_does(start in text(), operations in prop::collection::vec(operation(), 0..24)) {
        let alloc = Watched::new();
        let mut std = start.clone();
        let mut ours = Ours::from_str_in(&start, &alloc);
        for operation in operations {
            let expected = on_std(&mut std, operation.clone());
            prop_assert_eq!(on_ours(&mut ours, operation), expected);
            prop_assert_eq!(&ours, &std);
        }
    }

    #[test]
    fn any_bytes_read_as_std_reads_them(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..0xc0u8, Just(0xe2u8), Just(b'a')], 0..24),
    ) {
        let alloc = Watched::new();
        prop_assert_eq!(Ours::from_utf8_lossy_in(&bytes, &alloc), String::from_utf8_lossy(&bytes));
        let mut copy = arenite::vec![in &alloc];
        copy.extend_from_slice(&bytes);
        match (Ours::from_utf8(copy), String::from_utf8(bytes)) {
            (Ok(ours), Ok(std)) => prop_assert_eq!(ours, std),
            (Err(ours), Err(std)) => {
                prop_assert_eq!(ours.utf8_error(), std.utf8_error());
                prop_assert_eq!(ours.to_string(), std.to_string());
                prop_assert_eq!(ours.as_bytes(), std.as_bytes());
                prop_assert_eq!(&ours.into_bytes()[..], std.into_bytes());
            }
            (ours, std) => prop_assert!(false, "{ours:?} but {std:?}"),
        }
    }

    #[test]
    fn any_utf16_reads_as_std_reads_it(
        units in prop::collection::vec(prop_oneof![any::<u16>(), 0xd800..0xe000u16, Just(0x61u16)], 0..24),
    ) {
        let alloc = Watched::new();
        prop_assert_eq!(Ours::from_utf16_lossy_in(&units, &alloc), String::from_utf16_lossy(&units));
        match (Ours::from_utf16_in(&units, &alloc), String::from_utf16(&units)) {
            (Ok(ours), Ok(std)) => prop_assert_eq!(ours, std),
            (Err(error), Err(_)) => prop_assert!(units.contains(&error.unpaired_surrogate())),
            (ours, std) => prop_assert!(false, "{ours:?} but {std:?}"),
        }
    }
}
