//! From files to figures. What needs whole processes is left to those who run the example.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use tempfile::TempDir;

use crate::work::{FIGURES, Figures, Way, work};
use crate::{Options, files, run};

/// A folder with sources, one of them broken, and others where they are not looked for.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let files = [
        ("lib.rs", "mod deep;\npub fn one() -> u8 { 1 }\n"),
        ("deep/mod.rs", "struct Grain { size: f32 }\n"),
        ("broken.rs", "fn {"),
        ("notes.md", "fn one() {}"),
        ("target/debug/out.rs", "fn one() {}"),
        (".git/odd.rs", "fn one() {}"),
    ];
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn names(paths: &[PathBuf], root: &Path) -> Vec<String> {
    let found = files::find(paths).unwrap();
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    found.files.iter().map(name).collect()
}

fn figures(files: &[PathBuf], way: Way) -> Figures {
    let mut out = Vec::new();
    work(files, way, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    let line = out.lines().last().unwrap().strip_prefix(FIGURES).unwrap();
    Figures::from_line(line.trim()).unwrap()
}

fn error(arguments: &[&str]) -> String {
    let options = Options::try_parse_from(["parse"].iter().chain(arguments)).unwrap();
    run(options, &mut Vec::new()).unwrap_err().to_string()
}

#[test]
fn finds_sources_and_nothing_else() {
    let folder = folder();
    assert_eq!(names(&[folder.path().to_owned()], folder.path()), ["broken.rs", "deep/mod.rs", "lib.rs"]);
}

#[test]
fn finds_a_file_once_and_one_that_was_asked_for_by_name() {
    let folder = folder();
    let (all, one) = (folder.path().to_owned(), folder.path().join("lib.rs"));
    assert_eq!(names(&[one.clone(), all, one], folder.path()), ["lib.rs", "broken.rs", "deep/mod.rs"]);
    assert_eq!(names(&[folder.path().join("notes.md")], folder.path()), ["notes.md"]);
    assert_eq!(names(&[folder.path().join("target")], folder.path()), ["target/debug/out.rs"]);
}

#[test]
fn a_path_that_cannot_be_read_is_an_error_that_names_it() {
    let message = error(&["no/such/path"]);
    assert!(message.starts_with("cannot read `no/such/path`:"), "{message}");
}

#[test]
fn no_source_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(error(&[path]), "there is no Rust source below the given paths");
}

#[test]
fn both_ways_find_the_same() {
    let folder = folder();
    let mut files = files::find(&[folder.path().to_owned()]).unwrap().files;
    files.push(folder.path().join("gone.rs"));
    for way in [Way::System, Way::Regions] {
        let figures = figures(&files, way);
        assert_eq!((figures.parsed, figures.failed, figures.items), (2, 2, 3), "{way:?}");
        assert_eq!(figures.largest > 0, way == Way::Regions);
    }
}

#[test]
fn nothing_escapes_but_what_is_made_once() {
    let files = files::find(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")]).unwrap().files;
    figures(&files, Way::Regions);
    assert_eq!(figures(&files, Way::Regions).escaped, 0);
}

#[test]
fn a_list_of_files_and_figures_come_through_as_they_were() {
    let list: Vec<PathBuf> = ["a b.rs", "ä\nb.rs"].map(PathBuf::from).into();
    let mut bytes = Vec::new();
    files::write_list(&list, &mut bytes).unwrap();
    assert_eq!(files::read_list(&*bytes).unwrap(), list);
    assert_eq!(Figures::from_line("1 2 3"), None);
    let figures = Figures::from_line("1 2 3 4 5 6 7 8").unwrap();
    assert_eq!((figures.parsed, figures.time, figures.blocks), (1, Duration::from_nanos(4), 8));
}

#[test]
fn the_dependencies_are_at_hand() {
    let paths = files::at_hand();
    assert_eq!(paths[0], Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(paths.iter().all(|path| path.is_dir()));
}
