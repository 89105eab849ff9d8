//! The whole way, from files to answers.

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

use allocator_api2::alloc::Global;
use arenite::wrap::Counting;
use arenite::{Arena, Chained};
use clap::Parser;
use tempfile::TempDir;

use crate::index::{Index, OutOfMemory};
use crate::measure::build;
use crate::walk::{self, Corpus};
use crate::{Options, run};

/// A folder with two texts, a binary file, and texts where they are not looked for.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let files: [(&str, &[u8]); 7] = [
        ("sand.txt", "Sand, sand\nund SAND\r\n\nÄrger über Straße".as_bytes()),
        ("deep/er/grain.md", b"A grain of sand: 1 grain_2"),
        ("nul.bin", b"sand\0sand"),
        ("latin1.txt", b"\xc4rger"),
        ("empty.txt", b""),
        ("target/debug/sand.txt", b"sand"),
        (".git/sand.txt", b"sand"),
    ];
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn corpus() -> Corpus {
    let folder = folder();
    walk::read(&[folder.path().to_owned()]).unwrap()
}

fn output(arguments: &[&str], folder: &Path) -> Result<String, Box<dyn Error>> {
    let path = folder.to_str().unwrap();
    let options = Options::try_parse_from(["index", path, "--rounds", "1"].iter().chain(arguments))?;
    let mut out = Vec::new();
    run(options, &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[test]
fn reads_texts_and_nothing_else() {
    let corpus = corpus();
    let names: Vec<&str> = corpus.files.iter().filter_map(|file| file.name.rsplit('/').next()).collect();
    assert_eq!(names, ["grain.md", "empty.txt", "sand.txt"]);
    assert_eq!((corpus.binary, corpus.unreadable.len()), (2, 0));
}

#[test]
fn reads_a_file_once_and_a_folder_that_was_asked_for_by_name() {
    let folder = folder();
    let (all, one) = (folder.path().to_owned(), folder.path().join("sand.txt"));
    assert_eq!(walk::read(&[one.clone(), all, one]).unwrap().files.len(), 3);
    assert_eq!(walk::read(&[folder.path().join("target")]).unwrap().files.len(), 1);
}

#[test]
fn a_path_that_cannot_be_read_is_an_error_that_names_it() {
    let error = output(&["no/such/path"], folder().path()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read `no/such/path`:"), "{error}");
    let error = output(&[], &folder().path().join(".git/none")).unwrap_err();
    assert!(error.to_string().contains(".git/none`:"), "{error}");
}

#[test]
fn no_text_is_an_error() {
    let folder = TempDir::new().unwrap();
    assert_eq!(output(&[], folder.path()).unwrap_err().to_string(), "there is no text below the given paths");
}

#[test]
fn a_file_that_cannot_be_read_is_noted() {
    let mut corpus = Corpus::default();
    corpus.take(Path::new("locked"), Err(io::ErrorKind::PermissionDenied.into()));
    corpus.take(Path::new("open"), Ok(Some("word".to_owned())));
    assert_eq!((corpus.files.len(), corpus.unreadable.len()), (1, 1));
}

#[test]
fn words_are_found_in_lower_case_with_their_lines() {
    let arena = Arena::new();
    let mut index = Index::new_in(&arena);
    index.try_add(0, "Sand, sand\nund SAND\r\n\nÄrger über Straße", &arena).unwrap();
    index.try_add(1, "grain_2", &arena).unwrap();
    let get = |word: &str| -> Vec<(u32, &[u32])> {
        let hits = index.get(word).unwrap_or_default();
        hits.iter().map(|hits| (hits.file, &*hits.lines)).collect()
    };
    assert_eq!(get("sand"), [(0, &[1, 1, 2][..])]);
    assert_eq!(get("straße"), [(0, &[4][..])]);
    assert_eq!(get("ärger"), [(0, &[4][..])]);
    assert_eq!(get("2"), [(1, &[1][..])]);
    assert_eq!(get("Sand"), []);
    assert_eq!(index.words().count(), 7);
}

#[test]
fn every_memory_gives_the_same_index() {
    let corpus = walk::read(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("src")]).unwrap();
    let heap = build(&corpus, Global).unwrap();
    let counting = Counting::new(Global);
    let arena = Arena::new_in(Chained::new_in(&counting));
    let chained = build(&corpus, &arena).unwrap();
    assert_eq!(chained.digest(), heap.digest());
    assert_ne!(Index::new_in(Global).digest(), heap.digest());
    // What the table says of an arena is what the system was asked for.
    let (stats, counts) = (arena.stats(), counting.counts());
    assert_eq!((stats.chunks, stats.reserved), (counts.requests(), counts.bytes_peak));
}

#[test]
fn too_little_memory_is_an_error() {
    let corpus = corpus();
    let mut limit = 0;
    let enough = loop {
        let arena = Arena::new().limit(limit);
        match build(&corpus, &arena) {
            Ok(index) => break index.digest(),
            Err(OutOfMemory) => limit += 64,
        }
    };
    assert!(limit > 0);
    assert_eq!(enough, build(&corpus, Global).unwrap().digest());
}

#[test]
fn answers_with_files_lines_and_counts() {
    let shown = output(&["--query", "SAND", "-q", "grain sand"], folder().path()).unwrap();
    assert!(shown.contains("\"sand\" occurs 4 times in 2 files:"), "{shown}");
    assert!(shown.contains("lines 1, 2"), "{shown}");
    assert!(shown.contains("\"grain\" occurs 2 times in 1 file:"), "{shown}");
    assert!(shown.contains("give the same index"), "{shown}");
}

#[test]
fn offers_similar_words_or_says_that_there_are_none() {
    let shown = output(&["-q", "snad", "-q", "zzzzzz", "-q", "?!"], folder().path()).unwrap();
    assert!(shown.contains("\"snad\" does not occur. Similar words that do: sand (4)"), "{shown}");
    assert!(shown.contains("\"zzzzzz\" does not occur, nor does anything like it."), "{shown}");
    assert!(shown.contains("There is no word in \"?!\""), "{shown}");
}

#[test]
fn a_long_answer_is_cut_and_says_so() {
    let shown = output(&["-q", "sand", "--top", "1"], folder().path()).unwrap();
    assert!(shown.contains("and 1 file more (--top 2 shows all)"), "{shown}");
}
