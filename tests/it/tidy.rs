//! Style is a test. The limits here may only become tighter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The layers, top first. A file imports only from rows below its own, and from its own folder; names in one row never
/// import each other, unless the row says so. A new folder or file in `src` must be added here.
const LAYERS: &[(&str, Row)] = &[
    ("capi", Row::Apart),
    ("testing", Row::Apart),
    ("pool scratch shared persist report", Row::Apart),
    ("collections", Row::Apart),
    ("arena", Row::Apart),
    ("backing", Row::Apart),
    ("raw", Row::Apart),
    (FLOOR, Row::Together),
];

const FLOOR: &str = "adapt addr boxes size error counts abort map owns random space stack track sync sys";

/// Towers of their own: they import the floor, and nobody below the row that is named imports them.
const TOWERS: &[(&str, &str)] = &[("wrap", "testing"), ("global", "capi")];

#[derive(Clone, Copy, PartialEq)]
enum Row {
    Apart,
    Together,
}

/// The only files that may be longer than [`LONGEST`], and how long. None may be added.
const LONG_FILES: &[(&str, usize)] = &[];
const LONGEST: usize = 450;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository: its path below the root, and its text.
struct File {
    path: String,
    text: String,
}

/// Every text file that belongs to the repository.
fn files() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output();
    let paths: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => {
            String::from_utf8_lossy(&output.stdout).split_terminator('\0').map(PathBuf::from).collect()
        }
        // Not a checkout.
        _ => below(root()),
    };
    let text_of = |path: PathBuf| {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some(File { path: path.to_string_lossy().replace('\\', "/"), text })
    };
    let files: Vec<File> = paths.into_iter().filter_map(text_of).collect();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "no files were found");
    files
}

/// The files in a folder and below, but for what is built and what is hidden.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match path.is_dir() {
            true if name == "target" || name.starts_with(".git") => {}
            true => found.extend(below(&path)),
            false => found.push(path.strip_prefix(root()).expect("below the root").to_owned()),
        }
    }
    found
}

fn sources() -> impl Iterator<Item = File> {
    files().into_iter().filter(|file| file.path.starts_with("src/") && file.path.ends_with(".rs"))
}

fn rust_files() -> impl Iterator<Item = File> {
    files().into_iter().filter(|file| file.path.ends_with(".rs"))
}

/// A line without its comment. (No line of ours has `//` in a string and code behind it.)
fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The names in `text` that follow `prefix` as the first part of a path.
fn after<'t>(text: &'t str, prefix: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(prefix).map(move |(at, _)| {
        let rest = &text[at + prefix.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Fails with everything that is wrong, not just the first.
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The folder or file of `src` to which a file belongs.
fn layer_of(file: &File) -> &str {
    file.path["src/".len()..].split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// Which folder or file of `src` the public names at the crate's root come from.
fn re_exports() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    let mut names = Vec::new();
    for statement in text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()) {
        let Some((layer, what)) = statement.split_once("::") else { continue };
        for name in what.trim_matches(['{', '}']).split(',') {
            let name = name.rsplit([' ', ':']).find(|part| !part.trim().is_empty()).unwrap_or_default();
            names.push((name.trim().trim_matches(['{', '}']).to_owned(), layer.to_owned()));
        }
    }
    for file in sources() {
        let exported = file.text.split("#[macro_export]").skip(1);
        for (_, definition) in exported.filter_map(|rest| rest.split_once("macro_rules! ")) {
            let name = definition.split_whitespace().next().unwrap_or_default();
            names.push((name.to_owned(), layer_of(&file).to_owned()));
        }
    }
    names
}

/// The row of a layer, counted from the bottom, and what kind of row it is.
fn row(layer: &str) -> Option<(usize, Row)> {
    let here = |&(_, &(names, _)): &(usize, &(&str, Row))| names.split(' ').any(|name| name == layer);
    LAYERS.iter().rev().enumerate().find(here).map(|(height, &(_, kind))| (height, kind))
}

/// Whether a file of `from` may name `to`.
fn may_import(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    let on_floor = |layer| row(layer).is_some_and(|(height, _)| height == 0);
    if TOWERS.iter().any(|&(tower, _)| tower == from) {
        return on_floor(to);
    }
    if let Some(&(_, lowest)) = TOWERS.iter().find(|&&(tower, _)| tower == to) {
        let height = |layer| row(layer).map(|(height, _)| height);
        return height(from) >= height(lowest);
    }
    match (row(from), row(to)) {
        (Some((upper, _)), Some((lower, _))) if upper != lower => upper > lower,
        (Some((_, kind)), Some(_)) => kind == Row::Together,
        _ => false,
    }
}

#[test]
fn files_import_only_from_layers_below() {
    let names = re_exports();
    assert!(names.iter().any(|(name, layer)| name == "Arena" && layer == "arena"), "{names:?}");
    let mut complaints = Vec::new();
    let mut imports = 0;
    for file in sources().filter(|file| file.path != "src/lib.rs") {
        let module = file.path["src/".len()..].trim_end_matches(".rs").trim_end_matches("/mod");
        let from = layer_of(&file).to_owned();
        if row(&from).is_none() && !TOWERS.iter().any(|&(tower, _)| tower == from) && from != "guide" {
            complaints.push(format!("{}: `{from}` is in no row of the table", file.path));
            continue;
        }
        for (number, line) in numbered(&file.text) {
            let line = code(line);
            let up = line.matches("super::").count();
            if up > 1 && up >= module.split('/').count() {
                complaints
                    .push(format!("{}:{number}: so far up is the crate's root: say `crate::`", file.path));
            }
            for name in after(line, "crate::") {
                // What macros of ours expand to, or a group: its names are looked at below.
                let layer = names.iter().find(|(known, _)| known == name).map_or(name, |(_, layer)| layer);
                let external = ["AllocError", "__private"].contains(&name);
                imports += 1;
                if name.is_empty() || external {
                    continue;
                }
                if !may_import(&from, layer) {
                    complaints.push(format!(
                        "{}:{number}: `{from}` must not know `{name}` of `{layer}`",
                        file.path
                    ));
                }
            }
        }
        for group in file.text.split("use crate::{").skip(1).filter_map(|rest| rest.split(';').next()) {
            for name in group.split([',', '{', '}']).map(str::trim).filter(|name| !name.is_empty()) {
                let name = name.split("::").next().unwrap_or_default();
                let layer = names.iter().find(|(known, _)| known == name).map_or(name, |(_, layer)| layer);
                if !may_import(&from, layer) {
                    complaints.push(format!("{}: `{from}` must not know `{name}` of `{layer}`", file.path));
                }
            }
        }
    }
    assert!(imports > 20, "the imports were not found");
    assert_none(&complaints);
}

#[test]
fn the_table_of_layers_says_what_it_should() {
    for (from, to) in
        [("arena", "raw"), ("capi", "testing"), ("error", "size"), ("testing", "wrap"), ("wrap", "abort")]
    {
        assert!(may_import(from, to), "{from} may know {to}");
    }
    for (from, to) in [
        ("raw", "backing"),
        ("pool", "scratch"),
        ("wrap", "arena"),
        ("global", "raw"),
        ("arena", "wrap"),
        ("raw", "nowhere"),
    ] {
        assert!(!may_import(from, to), "{from} must not know {to}");
    }
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    let mut complaints = Vec::new();
    let mut blocks = 0;
    for file in
        rust_files().filter(|file| !file.path.starts_with("tests/ui/") && file.path != "tests/it/tidy.rs")
    {
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let line = code(line);
            if !line.contains("unsafe {") && !line.contains("unsafe impl") {
                continue;
            }
            blocks += 1;
            // Above it, with the rest of the statement between, or a macro that writes an `impl`.
            let above = lines[..index].iter().rev().take(12);
            let reasons = above.take_while(|line| !line.trim().is_empty());
            if !reasons.into_iter().any(|line| line.contains("// SAFETY")) {
                complaints.push(format!("{}:{}: no SAFETY comment", file.path, index + 1));
            }
        }
    }
    assert!(blocks > 100, "the blocks were not found");
    assert_none(&complaints);
}

#[test]
fn every_unsafe_function_says_what_its_caller_must_see_to() {
    let mut complaints = Vec::new();
    for file in sources() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let line = code(line);
            let public = ["pub unsafe fn", "pub const unsafe fn", "pub unsafe trait"];
            if !public.iter().any(|start| line.contains(start)) {
                continue;
            }
            let docs =
                lines[..index].iter().rev().take_while(|line| line.trim_start().starts_with(['/', '#']));
            if !docs.into_iter().any(|line| line.trim() == "/// # Safety") {
                complaints.push(format!("{}:{}: no `# Safety` section", file.path, index + 1));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn files_stay_small() {
    let mut complaints = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        let limit =
            LONG_FILES.iter().find(|(path, _)| *path == file.path).map_or(LONGEST, |&(_, limit)| limit);
        if lines > limit {
            complaints.push(format!("{}: {lines} lines, {limit} are allowed", file.path));
        }
    }
    for (path, limit) in LONG_FILES {
        assert!(root().join(path).is_file() && *limit > LONGEST, "{path} needs no exception any more");
    }
    assert_none(&complaints);
}

#[test]
fn nothing_is_left_half_done() {
    // In two parts, so that this file does not find itself.
    let rust = [("to", "do!("), ("unimple", "mented!("), ("#[ig", "nore"), ("db", "g!(")];
    let anywhere = [("TO", "DO"), ("FIX", "ME"), ("XX", "X ")];
    let mut complaints = Vec::new();
    for file in files().iter().filter(|file| !file.path.ends_with(".lock") && !file.path.ends_with(".stderr"))
    {
        let rust = if file.path.ends_with(".rs") { &rust[..] } else { &[] };
        for (first, second) in rust.iter().chain(&anywhere) {
            let word = format!("{first}{second}");
            for (number, _) in numbered(&file.text).filter(|(_, line)| line.contains(&word)) {
                complaints.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    assert_none(&complaints);
}

/// What only one file may name.
#[test]
fn one_file_knows() {
    let secrets: &[(&str, &[&str], &str)] = &[
        ("src/track.rs", &["asan", "valgrind", "AddressSanitizer"], "memory tools"),
        ("src/adapt.rs", &["allocator_api2_03", "allocator_api2_04"], "versions of the trait"),
        ("src/arena/zeroed.rs", &["zerocopy::"], "the crate for zeroes"),
    ];
    let mut complaints = Vec::new();
    for file in sources() {
        for (only, words, what) in secrets {
            let others = ["src/wrap/forward.rs"];
            if file.path == *only
                || (others.contains(&file.path.as_str()) && *what == "versions of the trait")
            {
                continue;
            }
            for (number, line) in numbered(&file.text) {
                if words.iter().any(|word| code(line).contains(word)) {
                    complaints.push(format!("{}:{number}: only {only} names {what}", file.path));
                }
            }
        }
    }
    assert_none(&complaints);
    let text = fs::read_to_string(root().join("src/addr.rs")).expect("addr.rs");
    assert!(text.contains("#![forbid(unsafe_code)]"), "addresses are integers there");
    assert!(!text.contains("*mut") && !text.contains("*const"), "addr.rs knows no pointers");
}

#[test]
fn the_readme_is_the_front_page() {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    assert!(text.starts_with("#![doc = include_str!(\"../README.md\")]"), "one front page");
    assert!(!text.contains("\n//!"), "and no second one");
}

#[test]
fn every_backing_is_in_the_conformance_suite() {
    let backings = fs::read_to_string(root().join("src/backing/mod.rs")).expect("the backings");
    let sealed = backings.split("impl").filter_map(|part| part.split_once("Sealed for super::"));
    let names: Vec<&str> = sealed.filter_map(|(_, rest)| rest.split([' ', '<']).next()).collect();
    assert!(names.len() >= 3, "{names:?}");
    let path = root().join("tests/it/conformance.rs");
    let Ok(suite) = fs::read_to_string(&path) else {
        panic!("{} is gone: where is the conformance suite run now?", path.display());
    };
    for name in names {
        assert!(suite.contains(name), "the backing {name} is not in tests/it/conformance.rs");
    }
}

#[test]
fn no_path_of_somebodys_machine() {
    let folders = ["work", "tmp", "root", "home", "Users", "mnt", "opt"];
    let mut complaints = Vec::new();
    for file in files().iter().filter(|file| file.path != "tests/it/tidy.rs") {
        for (number, line) in numbered(&file.text) {
            for folder in folders {
                let path = format!("/{folder}");
                for (at, _) in line.match_indices(&path) {
                    // Part of a longer path, or of a longer name, it is something else.
                    let before = line[..at].chars().next_back();
                    let behind = line[at + path.len()..].chars().next();
                    let begins = before.is_none_or(|c| !c.is_alphanumeric() && !"._-/})*$`".contains(c));
                    let ends = behind.is_none_or(|c| "/\"'` :;,)".contains(c));
                    if begins && ends {
                        complaints.push(format!("{}:{number}: {path}", file.path));
                    }
                }
            }
        }
    }
    assert_none(&complaints);
}

/// Every test file is part of a binary: one that nobody names would never run.
#[test]
fn every_test_file_is_named_by_its_parent() {
    let files = files();
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("tests/it/") && file.path.ends_with(".rs")) {
        let path = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let Some((folder, name)) = path.rsplit_once('/').filter(|_| path != "tests/it/main") else {
            continue;
        };
        let parents = [format!("{folder}/mod.rs"), format!("{folder}/main.rs"), format!("{folder}.rs")];
        let named = files.iter().filter(|file| parents.contains(&file.path)).any(|parent| {
            numbered(&parent.text)
                .any(|(_, line)| line.trim_start_matches("pub(crate) ").trim() == format!("mod {name};"))
        });
        if !named {
            complaints.push(format!("{}: no `mod {name};`", file.path));
        }
    }
    assert_none(&complaints);
}
