//! What the fuzzer has found: for each target, inputs that reach something that no other does.

use std::fs;
use std::path::Path;

/// Runs every input of a target. What failed is named by the line printed last.
pub(crate) fn replay(target: &str, run: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    // A few would not be what a fuzzer leaves behind.
    assert!(paths.len() >= 20, "there are only {} inputs in {}", paths.len(), folder.display());
    paths.sort();
    // An interpreter gets through a few.
    if cfg!(miri) {
        paths.truncate(25);
    }
    for path in paths {
        println!("{}", path.display());
        run(&fs::read(&path).expect("a file that can be read"));
    }
}
