//! Reading the text files below some paths into memory.

use std::collections::HashSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{env, fmt};

use walkdir::{DirEntry, WalkDir};

use crate::progress::Progress;

/// Folders that hold nothing which somebody wrote.
const LEFT_OUT: [&str; 2] = [".git", "target"];

/// How many bytes of a file are looked at before the rest of it is read.
const HEAD: u64 = 8 << 10;

/// A text file.
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What was read, and what was not.
#[derive(Default)]
pub(crate) struct Corpus {
    pub(crate) files: Vec<Text>,
    /// The number of files that are not text.
    pub(crate) binary: usize,
    /// Files and folders that could not be read, and why not.
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Corpus {
    /// The length of all texts in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }

    /// Takes in what reading a file came to.
    pub(crate) fn take(&mut self, path: &Path, text: io::Result<Option<String>>) {
        match text {
            Ok(Some(text)) => self.files.push(Text { name: name(path), text }),
            Ok(None) => self.binary += 1,
            Err(cause) => self.unreadable.push(Unreadable { path: path.to_owned(), cause }),
        }
    }
}

/// A path that could not be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    path: PathBuf,
    cause: io::Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path.display(), self.cause)
    }
}

impl Error for Unreadable {}

/// Reads every text file below `paths`, each file once.
///
/// # Errors
///
/// [`Unreadable`] if one of `paths` itself cannot be read. What cannot be read further down is noted in the result.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Corpus, Unreadable> {
    let mut corpus = Corpus::default();
    let found = find(paths, &mut corpus.unreadable)?;
    let progress = Progress::new("reading", found.len());
    for path in &found {
        match text(path) {
            Err(cause) if paths.contains(path) => return Err(Unreadable { path: path.clone(), cause }),
            text => corpus.take(path, text),
        }
        progress.step();
    }
    Ok(corpus)
}

/// The files below `paths`.
fn find(paths: &[PathBuf], unreadable: &mut Vec<Unreadable>) -> Result<Vec<PathBuf>, Unreadable> {
    let mut found = Vec::new();
    for root in paths {
        let fail = |cause| Unreadable { path: root.clone(), cause };
        let kind = fs::metadata(root).map_err(fail)?.file_type();
        if kind.is_file() {
            found.push(root.clone());
            continue;
        }
        if !kind.is_dir() {
            return Err(fail(io::Error::other("neither a file nor a folder")));
        }
        let walk = WalkDir::new(root).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| !is_left_out(entry)) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => found.push(entry.into_path()),
                Ok(_) => {}
                Err(error) if error.depth() == 0 => return Err(fail(error.into())),
                Err(error) => unreadable.push(Unreadable {
                    path: error.path().map(Path::to_owned).unwrap_or_default(),
                    cause: error.into(),
                }),
            }
        }
    }
    if paths.len() > 1 {
        let mut seen = HashSet::new();
        found.retain(|path| fs::canonicalize(path).map_or(true, |path| seen.insert(path)));
    }
    Ok(found)
}

/// Whether this is a folder to be left out. One that was asked for by name never is.
fn is_left_out(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_type().is_dir() && LEFT_OUT.iter().any(|name| entry.file_name() == *name)
}

/// The text of a file, or `None` if it is binary. Most that are show it soon, and are not read to their end.
fn text(path: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let mut content = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut content)?;
    if content.contains(&0) {
        return Ok(None);
    }
    file.read_to_end(&mut content)?;
    Ok(String::from_utf8(content).ok().filter(|text| !text.contains('\0')))
}

/// What a file is called: its path, from here if it lies below.
fn name(path: &Path) -> String {
    let short = env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok());
    short.unwrap_or(path).display().to_string()
}
