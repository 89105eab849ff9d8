//! The report finds what `work.rs` keeps.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use clap::Parser;

use crate::hunt::{Findings, Verdict, hunt};
use crate::{GLOBAL, Options, run, walk};

/// The program's caches are the process's, so one test at a time fills them.
static ALONE: Mutex<()> = Mutex::new(());

/// A folder of files of each kind.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..20 {
        let text = format!(
            "fn item{number}() {{}}\n// file{number} names itself, {}",
            "and more ".repeat(100 + number)
        );
        fs::write(folder.path().join(format!("file{number}.rs")), text).unwrap();
    }
    fs::write(folder.path().join("data.json"), r#"{"a": [1, 2, {"b": null}]}"#).unwrap();
    fs::write(folder.path().join("data.toml"), "a = 1\n[b]\nc = [1, 2]\n").unwrap();
    folder
}

fn findings() -> Findings {
    let folder = folder();
    let corpus = walk::read(&[folder.path().to_owned()]).unwrap();
    hunt(&GLOBAL, &corpus, 3)
}

#[test]
fn the_leak_is_found_and_caches_are_none() {
    let _alone = ALONE.lock().unwrap();
    let found = findings();
    assert_eq!((found.summary.definitions, found.summary.mentions, found.summary.values), (20, 20, 12));
    let holder = |name: &str| {
        let mut those =
            found.holders.iter().filter(|holder| holder.function.trim_start_matches("work::") == name);
        let holder = those.next().unwrap_or_else(|| panic!("{name} is not in {:#?}", found.holders));
        assert!(holder.first <= holder.last && holder.blocks <= holder.made, "{holder:?}");
        holder
    };
    // Lines of text in each pass, and the list of them.
    let leak = holder("look_through");
    assert!(leak.verdict == Verdict::Leak && leak.growth >= 22 * 20, "{leak:?}");
    assert!(leak.stack.iter().any(|frame| frame.contains("work.rs:")), "{leak:?}");
    for cache in ["intern", "cached"] {
        assert_eq!((holder(cache).verdict, holder(cache).growth), (Verdict::Cache, 0), "{:?}", holder(cache));
    }
    // A buffer for each thread, which is as large as the largest text that the thread has seen so far.
    assert_ne!(holder("count_words").verdict, Verdict::Leak, "{:?}", holder("count_words"));
    assert!(holder("intern").blocks > 20);
}

#[test]
fn the_report_can_be_read() {
    let _alone = ALONE.lock().unwrap();
    let folder = folder();
    let mut out = Vec::new();
    let options = Options::parse_from(["leakhunt", "--stacks", "9", folder.path().to_str().unwrap()]);
    run(options, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("leak") && text.contains("grows by") && text.contains("work.rs:"), "{text}");
}

#[test]
fn a_path_that_cannot_be_read_is_named() {
    let options = Options::parse_from(["leakhunt", "no/such/path"]);
    let error = run(options, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read `no/such/path`: "), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = vec![empty.path().to_owned()];
    let error = run(Options { paths, passes: 2, top: 1, stacks: 1 }, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "there is no text below the given paths");
}
