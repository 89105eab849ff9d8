//! Programs that must not compile. What the compiler says is that of the pinned toolchain; after an update of it,
//! `TRYBUILD=overwrite cargo test --test ui` writes the new messages, to be read before they are committed.
//!
//! A binary of its own: it links nothing of the crate, and what trybuild depends on would get into the way of type
//! inference in the others.

// The messages are those of the pinned compiler, without further flags and features.
#![cfg(all(feature = "std", feature = "hashbrown"))]
#![cfg(not(any(miri, arenite_asan, arenite_zeal, feature = "nightly", feature = "zerocopy")))]

#[test]
fn programs_that_must_not_compile() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/ui/*.rs");
}
