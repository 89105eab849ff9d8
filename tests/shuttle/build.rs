//! Sets the cfgs for this package alone: blocks are small, so that they are full soon.

fn main() {
    println!("cargo::rustc-cfg=shuttle");
    println!("cargo::rustc-cfg=arenite_zeal");
    println!("cargo::rerun-if-changed=build.rs");
}
