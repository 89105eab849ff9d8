//! What is parsed: files of other people, since what is generated is never like them.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// So many Rust sources are parsed.
const SOURCES: usize = 2000;

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
        let step = (rust.len() as f64 / SOURCES as f64).max(1.0);
        let some = (0..rust.len().min(SOURCES)).map(|number| rust[(number as f64 * step) as usize].clone());
        let input = Input { folder };
        input.write("rust", &some.collect::<Vec<_>>())?;
        let is = |path: &Path, names: &[&str]| {
            names.iter().any(|name| path.file_name().is_some_and(|n| n == *name))
        };
        input.write("manifests", &named(&|path| is(path, &["Cargo.toml", "Cargo.toml.orig"])))?;
        input.write("readmes", &named(&|path| is(path, &["README.md", "CHANGELOG.md"])))?;
        let mut schemas = Vec::new();
        below(&input.folder.join("cfn-lint"), &mut schemas);
        schemas.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        schemas.sort();
        input.write("schemas", &schemas)?;
        Ok(input)
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
