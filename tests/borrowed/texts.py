"""The tests of others as they were published, and copies of them that are changed as `changes.py` says."""

import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys

import changes

PACKAGE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(os.path.dirname(os.path.dirname(PACKAGE)), "target", "borrowed")
# Where the copies are.
ARENAS = os.path.join(TARGET, "arenas")
REGIONS = os.path.join(TARGET, "regions")

DEBIAN = "rust-src=1.63.0+dfsg1-2"
DIGESTS = {
    "vec": "e6816caa8f531354c7a726710ed966e4b74b596298f66a5e6c1e0f1f66510b95",
    "string": "cdd4cac363ee66f2405ea2a8a1d2c2ada2a56f087442fc8caa41b57390b31372",
}

ARENA_MANIFEST = f"""[package]
name = "std-in-arenas"
version = "0.0.0"
edition = "2021"

[lib]
path = "lib.rs"

[dependencies]
allocator-api2 = {{ path = "../allocator-api2" }}
borrowed = {{ path = "{PACKAGE}" }}
"""
WORKSPACE = """[workspace]
members = ["hashbrown", "std-in-arenas"]
resolver = "2"
"""
REGION_MANIFEST = """[package]
name = "std-in-regions"
version = "0.0.0"
edition = "2021"

[lib]
path = "lib.rs"

[workspace]
"""
REGION_LOCK = """version = 4

[[package]]
name = "std-in-regions"
version = "0.0.0"
"""


def fail(message):
    sys.exit(f"borrowed: {message}")


def debian():
    """The tests of std out of Debian's package, which is not installed. None if it cannot be had."""
    folder = os.path.join(TARGET, "debian")
    os.makedirs(folder, exist_ok=True)
    fetch = ["apt-get", "download", "-o", "APT::Sandbox::User=root", DEBIAN]
    try:
        if subprocess.run(fetch, cwd=folder, capture_output=True).returncode:
            subprocess.run(["apt-get", "update"], capture_output=True, check=True)
            subprocess.run(fetch, cwd=folder, capture_output=True, check=True)
        package = next(name for name in os.listdir(folder) if name.endswith(".deb"))
        subprocess.run(["dpkg-deb", "-x", package, "."], cwd=folder, check=True)
        return source_of_std(os.path.join(folder, "usr", "src", "rustc-1.63.0"))
    except (OSError, StopIteration, subprocess.CalledProcessError):
        return None
    finally:
        shutil.rmtree(folder)


def source_of_std(folder):
    return {name: read(os.path.join(folder, "library", "alloc", "tests", f"{name}.rs")) for name in DIGESTS}


def std_tests():
    """The tests of std as they were published, by suite. None if they cannot be had."""
    kept = os.path.join(TARGET, "std")
    if "RUST_SRC" in os.environ:
        texts = source_of_std(os.environ["RUST_SRC"])
    elif os.path.exists(kept):
        texts = source_of_std(kept)
    else:
        texts = debian()
    for name, text in (texts or {}).items():
        if hashlib.sha256(text.encode()).hexdigest() != DIGESTS[name]:
            fail(f"the tests of std in {name}.rs are not those of Rust 1.63.0")
    for name, text in (texts or {}).items():
        write(os.path.join(kept, "library", "alloc", "tests", f"{name}.rs"), text)
    return texts


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    """Only what is new, so that cargo builds nothing again."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path) or read(path) != text:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def edited(text, what, edits):
    for old, new, times in edits:
        if text.count(old) != times:
            fail(f"{what} has this {text.count(old)} times and not {times}: {old}")
        text = text.replace(old, new.replace("PACKAGE", PACKAGE))
    return text


def copy_crate(name, folder):
    """A copy of a crate, edited."""
    edits = {path: edits for path, edits in changes.EDITS.items() if path.startswith(f"{name}/")}
    for below, _, files in os.walk(folder):
        for file in files:
            path = os.path.join(below, file)
            copy = os.path.join(name, os.path.relpath(path, folder))
            if file.endswith((".rs", ".toml", ".md")):
                write(os.path.join(ARENAS, copy), edited(read(path), copy, edits.pop(copy, [])))
    for path in edits:
        fail(f"there is no {path} to change")


def tests_of(text):
    """The tests of a file: their lines, from the first attribute or comment to the closing brace."""
    lines, found = text.splitlines(), {}
    for number, line in enumerate(lines):
        if line != "#[test]":
            continue
        first = last = number
        while re.match(r"#\[|//", lines[first - 1]):
            first -= 1
        while not lines[last].startswith("fn "):
            last += 1
        name = re.match(r"fn (\w+)", lines[last])[1]
        while lines[last] != "}":
            last += 1
        found[name] = (first, last + 1)
    return found


def left_out(text, reasons, what):
    """The tests of a file that are not run, each with its reason."""
    names, found = tests_of(text), {}
    for pattern, reason in reasons.items():
        matching = fnmatch.filter(names, pattern)
        if not matching:
            fail(f"{what} has no test {pattern}, which is left out")
        found.update(dict.fromkeys(matching, reason))
    return found


def without(text, names):
    """The file without some of its tests."""
    tests, lines = tests_of(text), text.splitlines(keepends=True)
    for first, last in sorted((tests[name] for name in names), reverse=True):
        del lines[first:last]
    return "".join(lines)


def lay_out(sources, texts):
    """The copies: a workspace for arenas, and a package for regions."""
    for name, (_, folder) in sources.items():
        copy_crate(name, folder)
    inside = os.path.join(ARENAS, "std-in-arenas")
    write(os.path.join(inside, "Cargo.toml"), ARENA_MANIFEST)
    write(os.path.join(inside, "lib.rs"), "")
    write(os.path.join(ARENAS, "Cargo.toml"), WORKSPACE)
    # The versions of what the suites need.
    shutil.copy(os.path.join(PACKAGE, "suites.lock"), os.path.join(ARENAS, "Cargo.lock"))
    write(os.path.join(REGIONS, "Cargo.toml"), REGION_MANIFEST)
    write(os.path.join(REGIONS, "Cargo.lock"), REGION_LOCK)
    write(os.path.join(REGIONS, "lib.rs"), "")
    for name, text in texts.items():
        file = f"{name}.rs"
        rest = without(text, left_out(text, changes.LEFT_OUT[name], file))
        write(os.path.join(inside, "tests", file), changes.ARENA_FEATURES + edited(rest, file, changes.EDITS[file]))
        rest = without(text, left_out(text, changes.LEFT_OUT_OF_REGIONS[name], file))
        rest = edited(rest, file, changes.REGION_EDITS[file])
        write(os.path.join(REGIONS, "tests", file), changes.REGION_FEATURES + rest)
