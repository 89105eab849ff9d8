use std::fs;

use arenite::Arena;
use arenite::shared::ArenaPool;

use super::count::{self, Total, Word};
use super::{Options, run};

#[test]
fn words_are_counted_in_lower_case_and_in_order() {
    let arena = Arena::new();
    let words = {
        let text = String::from("Sand, sand and STONE: a grain of sand.");
        count::words(&arena, &text)
    };
    let expected = [("a", 1), ("and", 1), ("grain", 1), ("of", 1), ("sand", 3), ("stone", 1)];
    assert_eq!(words, expected.map(|(text, count)| Word { text, count }));
    assert_eq!(count::words(&arena, ""), []);
}

#[test]
fn lists_of_many_tasks_are_merged() {
    let mut pool = ArenaPool::new();
    for _ in 0..2 {
        let lists: Vec<_> = std::thread::scope(|scope| {
            let tasks = ["sand and sand", "sand and stone"]
                .map(|text| scope.spawn(|| count::words(pool.local(), text)));
            tasks.into_iter().map(|task| task.join().unwrap()).collect()
        });
        let expected = [("sand", 3, 2), ("and", 2, 2), ("stone", 1, 1)];
        assert_eq!(count::merge(&lists), expected.map(|(text, count, files)| Total { text, count, files }));
        pool.reset();
    }
}

#[test]
fn a_run_over_files() {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..50 {
        fs::write(folder.path().join(format!("{file}.txt")), format!("sand grain{file} ").repeat(20))
            .unwrap();
    }
    fs::write(folder.path().join("binary"), [0xFF, 0xFE]).unwrap();
    let mut out = Vec::new();
    run(Options { paths: vec![folder.path().to_owned()], top: 2 }, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("1000      50 files  sand"), "{out}");
    assert!(out.contains("51 different words in 50 files"), "{out}");
    for wrong in ["missing", "binary"] {
        let paths = vec![folder.path().join(wrong)];
        assert!(run(Options { paths, top: 1 }, &mut Vec::new()).is_err(), "{wrong}");
    }
}
