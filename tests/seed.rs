//! serde: what goes out comes in again, into an arena; what there is no room for is an error.
//!
//! A binary of its own: serde_json would get into the way of type inference in the others.

use std::fmt::Debug;

use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec as ApiVec;
use arenite::collections::seed::{DeserializeIn, Plain, SeedIn};
use arenite::collections::{String, Vec};
use arenite::{Arena, ArenaBox};
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde_json::Error;

fn read<'de, 'a, T: DeserializeIn<'de, &'a Arena>>(json: &'de str, arena: &'a Arena) -> Result<T, Error> {
    let mut input = serde_json::Deserializer::from_str(json);
    let value = SeedIn::new(arena).deserialize(&mut input)?;
    input.end()?;
    Ok(value)
}

/// Reads a value that is written as the same text.
fn there_and_back<'a, T>(json: &str, arena: &'a Arena) -> T
where
    T: for<'de> DeserializeIn<'de, &'a Arena> + Serialize + Debug,
{
    let value: T = read(json, arena).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    value
}

#[test]
fn every_shape_there_and_back() {
    let arena = Arena::new();
    let a = &arena;
    assert_eq!(
        there_and_back::<String<&Arena>>(r#""gr\n\u00e4in""#.replace("\\u00e4", "ä").as_str(), a),
        "gr\näin"
    );
    assert_eq!(there_and_back::<&str>(r#""text""#, a), "text");
    assert_eq!(&*there_and_back::<ArenaBox<'_, str>>(r#""text""#, a), "text");
    assert_eq!(there_and_back::<Vec<'_, u32>>("[1,2,3]", a), [1, 2, 3]);
    assert_eq!(there_and_back::<Vec<'_, Vec<'_, &str>>>(r#"[["a"],[],["b","c"]]"#, a)[2], ["b", "c"]);
    assert_eq!(there_and_back::<&[i8]>("[-1,0]", a), [-1, 0]);
    assert_eq!(*there_and_back::<ArenaBox<'_, [String<&Arena>]>>(r#"["x"]"#, a), ["x"]);
    assert_eq!(*there_and_back::<ArenaBox<'_, f64>>("0.5", a), 0.5);
    assert_eq!(**there_and_back::<&ArenaBox<'_, char>>(r#""x""#, a), 'x');
    assert!(*there_and_back::<Box<bool, &Arena>>("true", a));
    assert_eq!(there_and_back::<Vec<'_, Option<&str>>>(r#"[null,"a"]"#, a), [None, Some("a")]);
    assert_eq!(there_and_back::<[&str; 2]>(r#"["a","b"]"#, a), ["a", "b"]);
    assert_eq!(there_and_back::<(u8, &str, (), [u64; 1])>(r#"[1,"a",null,[9]]"#, a), (1, "a", (), [9]));
    assert_eq!(there_and_back::<std::string::String>(r#""heap""#, a), "heap");
    assert_eq!(there_and_back::<Vec<'_, Plain<std::string::String>>>(r#"["a"]"#, a)[0].0, "a");
    // Into what is not an arena, too.
    let mut input = serde_json::Deserializer::from_str(r#"["a"]"#);
    let heap = allocator_api2::alloc::Global;
    let words: ApiVec<String<_>, _> = DeserializeIn::deserialize_in(&mut input, heap).unwrap();
    assert_eq!(words, ["a"]);
}

#[cfg(feature = "hashbrown")]
#[test]
fn maps_and_sets() {
    use arenite::collections::{HashMap, HashSet};

    let arena = Arena::new();
    let map: HashMap<'_, &str, Vec<'_, u32>> = read(r#"{"a":[1],"b":[],"a":[2,3]}"#, &arena).unwrap();
    assert_eq!((map.len(), &map["a"][..], map["b"].len()), (2, &[2, 3][..], 0));
    let set: HashSet<'_, String<&Arena>> = read(r#"["x","y","x"]"#, &arena).unwrap();
    assert!(set.len() == 2 && set.contains("y"));
    assert_eq!(there_and_back::<HashMap<'_, &str, bool>>(r#"{"k":true}"#, &arena).len(), 1);
}

/// All of it lies in the arena: nothing borrows the input, which is gone.
#[test]
fn nothing_of_the_input_is_needed() {
    let arena = Arena::new();
    let words: Vec<'_, &str> = {
        let input = format!("[{}]", vec![r#""word \"n\"""#; 500].join(","));
        read(&input, &arena).unwrap()
    };
    assert!(words.len() == 500 && words.iter().all(|&word| word == "word \"n\""));
    assert!(arena.stats().used > 500 * 8);
}

#[test]
fn from_a_reader_and_from_bytes() {
    let arena = Arena::new();
    let mut input = serde_json::Deserializer::from_reader(&br#"["a\tb"]"#[..]);
    let words: Vec<'_, String<&Arena>> = DeserializeIn::deserialize_in(&mut input, &arena).unwrap();
    assert_eq!(words, ["a\tb"]);
    use serde::de::IntoDeserializer;
    use serde::de::value::{BytesDeserializer, Error as ValueError};
    let read = |bytes: &'static [u8]| {
        let input: BytesDeserializer<'_, ValueError> = bytes.into_deserializer();
        <&str>::deserialize_in(input, &arena)
    };
    assert_eq!(read(b"text"), Ok("text"));
    assert!(read(b"\xFF").unwrap_err().to_string().contains("a string"));
}

#[test]
fn what_does_not_fit_says_so() {
    let arena = Arena::new();
    let message = |error: Error| error.to_string();
    assert!(message(read::<&str>("1", &arena).unwrap_err()).contains("expected a string"));
    assert!(message(read::<Vec<'_, u8>>("1", &arena).unwrap_err()).contains("expected a sequence"));
    assert!(message(read::<Vec<'_, u8>>("[1,256]", &arena).unwrap_err()).contains("256"));
    assert!(message(read::<[u8; 3]>("[1,2]", &arena).unwrap_err()).contains("an array of length 3"));
    assert!(message(read::<(u8, u8)>("[1]", &arena).unwrap_err()).contains("a tuple of length 2"));
    assert!(read::<(u8, u8)>("[1,2,3]", &arena).is_err());
    #[cfg(feature = "hashbrown")]
    {
        use arenite::collections::HashMap;
        let error = read::<HashMap<'_, &str, u8>>("[]", &arena).unwrap_err();
        assert!(message(error).contains("expected a map"));
    }
}

/// However large the input says it is, and however large it is, the limit holds, and is an error.
#[test]
fn a_limit_bounds_what_input_can_take() {
    let long = format!("[{}]", "[\"some text that takes memory\"],".repeat(2000) + "[]");
    let text = format!("{:?}", "x".repeat(100_000));
    for limit in [0, 100, 1000, 20_000] {
        let arena = Arena::new().limit(limit);
        let no_memory = |error: Error| assert!(error.to_string().contains("no memory"), "{error}");
        no_memory(read::<Vec<'_, Vec<'_, &str>>>(&long, &arena).unwrap_err());
        no_memory(read::<Vec<'_, &[String<&Arena>]>>(&long, &arena).unwrap_err());
        no_memory(read::<ArenaBox<'_, [ArenaBox<'_, [&str]>]>>(&long, &arena).unwrap_err());
        no_memory(read::<&str>(&text, &arena).unwrap_err());
        no_memory(read::<String<&Arena>>(&text, &arena).unwrap_err());
        no_memory(read::<ArenaBox<'_, str>>(&text, &arena).unwrap_err());
        assert!(arena.allocated_bytes() <= limit);
    }
    let sealed = Arena::new();
    sealed.seal();
    assert!(read::<Box<u8, &Arena>>("1", &sealed).is_err());
    assert!(read::<ArenaBox<'_, u8>>("1", &sealed).is_err());
    #[cfg(feature = "hashbrown")]
    {
        use arenite::collections::{HashMap, HashSet};
        assert!(read::<HashMap<'_, u8, u8>>(r#"{"1":1}"#, &sealed).is_err());
        assert!(read::<HashSet<'_, u8>>("[1]", &sealed).is_err());
    }
}

/// What was read before an error is dropped.
#[test]
fn an_error_in_the_middle() {
    use std::cell::Cell;

    use serde::de::{Deserialize, Deserializer};

    thread_local! {
        static ALIVE: Cell<i32> = const { Cell::new(0) };
    }

    #[derive(Debug)]
    struct Counted(#[allow(dead_code, reason = "it is read, and that is all")] u8);

    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
            let number = u8::deserialize(input)?;
            ALIVE.set(ALIVE.get() + 1);
            Ok(Counted(number))
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.set(ALIVE.get() - 1);
        }
    }

    let arena = Arena::new();
    let broken = "[1,2,3,4,\"five\"]";
    assert!(read::<Vec<'_, Plain<Counted>>>(broken, &arena).is_err());
    assert!(read::<&[Plain<Counted>]>(broken, &arena).is_err());
    assert!(read::<ArenaBox<'_, [Plain<Counted>]>>(broken, &arena).is_err());
    assert!(read::<[Plain<Counted>; 5]>(broken, &arena).is_err());
    assert_eq!(ALIVE.get(), 0);
    drop(read::<ArenaBox<'_, [Plain<Counted>]>>("[1,2]", &arena).unwrap());
    assert_eq!(ALIVE.get(), 0);
}
