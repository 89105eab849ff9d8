//! The C library gives the program its start and `memcpy`; Rust's own library does not come along.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-lc");
}
