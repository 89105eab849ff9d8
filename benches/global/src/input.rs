//! What is parsed: files of other people, since what is generated is never like them.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// So many Rust sources are parsed.
const SOURCES: usize = 2000;
/// And so many pages.
const PAGES: usize = 400;

/// Where input is: lists of files that were found, and packages that `fetch` has unpacked.
pub(crate) struct Input {
    pub(crate) folder: PathBuf,
}

impl Input {
    /// Finds what cargo has at hand, and writes it to lists: evenly from all packages.
    pub(crate) fn find(folder: PathBuf) -> io::Result<Input> {
        fs::create_dir_all(&folder)?;
        let mut sources = Vec::new();
        let home =
            env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        if let Some(home) = home {
            below(&home.join("registry").join("src"), &mut sources);
        }
        sources.sort();
        let named = |wanted: &dyn Fn(&Path) -> bool| -> Vec<PathBuf> {
            sources.iter().filter(|path| wanted(path)).cloned().collect()
        };
        let rust = named(&|path| path.extension().is_some_and(|extension| extension == "rs"));
        let input = Input { folder };
        input.write("rust", &evenly(&rust, SOURCES))?;
        let is = |path: &Path, names: &[&str]| {
            names.iter().any(|name| path.file_name().is_some_and(|n| n == *name))
        };
        input.write("manifests", &named(&|path| is(path, &["Cargo.toml", "Cargo.toml.orig"])))?;
        input.write("readmes", &named(&|path| is(path, &["README.md", "CHANGELOG.md"])))?;
        input.write("schemas", &input.unpacked(&["cfn-lint"], "json"))?;
        input.write(
            "sql",
            &input.unpacked(&["matrix-synapse", "sqlglot/tests/fixtures/optimizer/tpc-ds"], "sql"),
        )?;
        input.write("pages", &evenly(&documentation(), PAGES))?;
        Ok(input)
    }

    /// The files of packages that `fetch` has unpacked, whose names end so.
    fn unpacked(&self, folders: &[&str], extension: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        folders.iter().for_each(|folder| below(&self.folder.join(folder), &mut files));
        files.retain(|path| path.extension().is_some_and(|other| other == extension));
        files.sort();
        files
    }

    fn write(&self, list: &str, files: &[PathBuf]) -> io::Result<()> {
        let lines: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        fs::write(self.folder.join(format!("{list}.list")), lines.join("\n"))
    }

    /// The files of a list that can be read, or none, if there are too few to say something.
    pub(crate) fn list(&self, list: &str) -> Option<Vec<PathBuf>> {
        let text = fs::read_to_string(self.folder.join(format!("{list}.list"))).ok()?;
        let files: Vec<PathBuf> = text.lines().map(PathBuf::from).collect();
        (files.len() >= 50).then_some(files)
    }

    /// The texts of the files of a list.
    pub(crate) fn texts(&self, list: &str) -> Option<Vec<String>> {
        Some(self.list(list)?.iter().filter_map(|path| fs::read_to_string(path).ok()).collect())
    }

    /// A file of a package.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }
}

/// So many of these at most, from all parts of the list.
fn evenly(files: &[PathBuf], most: usize) -> Vec<PathBuf> {
    let step = (files.len() as f64 / most as f64).max(1.0);
    (0..files.len().min(most)).map(|number| files[(number as f64 * step) as usize].clone()).collect()
}

/// The pages of the standard library's documentation, if any toolchain of rustup's came with it (`rust-docs`).
fn documentation() -> Vec<PathBuf> {
    let home =
        env::var_os("RUSTUP_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".rustup")));
    let mut toolchains: Vec<PathBuf> = home
        .and_then(|home| fs::read_dir(home.join("toolchains")).ok())
        .map(|entries| entries.flatten().map(|entry| entry.path().join("share/doc/rust/html")).collect())
        .unwrap_or_default();
    toolchains.sort();
    let Some(html) = toolchains.iter().rev().find(|html| html.join("std").is_dir()) else {
        return Vec::new();
    };
    let mut pages = Vec::new();
    ["std", "book", "reference"].iter().for_each(|part| below(&html.join(part), &mut pages));
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "html"));
    pages.sort();
    pages
}

/// The files below a folder.
fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}
