//! Finding Rust sources.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs};

use walkdir::{DirEntry, WalkDir};

/// Folders that hold nothing which somebody wrote.
const LEFT_OUT: [&str; 2] = [".git", "target"];

/// What was found, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Rust sources, each once.
    pub(crate) files: Vec<PathBuf>,
    /// The length of all of them.
    pub(crate) bytes: u64,
    /// Files and folders that could not be read, and why not.
    pub(crate) unreadable: Vec<Unreadable>,
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

/// This repository, and the sources of its dependencies as far as cargo has them.
pub(crate) fn at_hand() -> Vec<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = dependencies(&here);
    [here].into_iter().chain(folders).collect()
}

/// The folders of the packages that the one in `folder` depends on. None if cargo does not say: then there is less to
/// parse.
fn dependencies(folder: &Path) -> Vec<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--offline", "--all-features", "--prefix", "none", "--format", "{p}"])
        .current_dir(folder)
        .output();
    let Ok(tree) = tree else { return Vec::new() };
    // `syn v2.0.1 (proc-macro)`, whose sources are in the folder `syn-2.0.1`.
    let package = |line: &str| -> Option<String> {
        let (name, rest) = line.split_once(" v")?;
        Some(format!("{name}-{}", rest.split(' ').next()?))
    };
    let packages: BTreeSet<String> =
        String::from_utf8_lossy(&tree.stdout).lines().filter_map(package).collect();
    let sources = sources();
    let folders = packages.iter().flat_map(|package| sources.iter().map(move |source| source.join(package)));
    folders.filter(|folder| folder.is_dir()).collect()
}

/// The folders in which cargo keeps sources: one for each registry.
fn sources() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| Some(env::home_dir()?.join(".cargo"))) else { return Vec::new() };
    let registries = fs::read_dir(home.join("registry").join("src")).into_iter().flatten();
    registries.flatten().map(|entry| entry.path()).collect()
}

/// The Rust sources below `paths`.
///
/// # Errors
///
/// [`Unreadable`] if one of `paths` itself cannot be read. What cannot be read further down is noted in the result.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Found, Unreadable> {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for root in paths {
        let fail = |cause| Unreadable { path: root.clone(), cause };
        let is_folder = fs::metadata(root).map_err(fail)?.is_dir();
        let walk = WalkDir::new(root).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| !is_left_out(entry)) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.depth() == 0 => return Err(fail(error.into())),
                Err(error) => {
                    let path = error.path().map(Path::to_owned).unwrap_or_default();
                    found.unreadable.push(Unreadable { path, cause: error.into() });
                    continue;
                }
            };
            // A file that was asked for by name may be called what it likes.
            let named = is_folder && entry.path().extension().is_none_or(|extension| extension != "rs");
            if named || entry.path().is_dir() {
                continue;
            }
            match fs::canonicalize(entry.path()).and_then(|path| Ok((fs::File::open(&path)?, path))) {
                Ok((file, path)) => {
                    if seen.insert(path) {
                        found.bytes += file.metadata().map_or(0, |metadata| metadata.len());
                        found.files.push(entry.into_path());
                    }
                }
                Err(cause) if !is_folder => return Err(fail(cause)),
                Err(cause) => found.unreadable.push(Unreadable { path: entry.into_path(), cause }),
            }
        }
    }
    Ok(found)
}

/// Whether this is a folder to be left out. One that was asked for by name never is.
fn is_left_out(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_type().is_dir() && LEFT_OUT.iter().any(|name| entry.file_name() == *name)
}

/// Writes a list of files for [`read_list`].
pub(crate) fn write_list(files: &[PathBuf], mut out: impl Write) -> io::Result<()> {
    for file in files {
        out.write_all(file.as_os_str().as_encoded_bytes())?;
        out.write_all(b"\0")?;
    }
    out.flush()
}

/// Reads what [`write_list`] wrote, in another process of this program. A path that is not text is left out.
pub(crate) fn read_list(mut list: impl Read) -> io::Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    list.read_to_end(&mut bytes)?;
    let paths = bytes.split(|&byte| byte == 0).filter(|path| !path.is_empty());
    Ok(paths.filter_map(|path| std::str::from_utf8(path).ok()).map(PathBuf::from).collect())
}
