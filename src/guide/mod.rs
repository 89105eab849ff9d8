//! The guide: a chapter for each question that one has with arenas.
//!
//! | chapter | for |
//! |---|---|
//! | [`backings`] | whoever makes an arena: where its memory comes from |
//! | [`scopes`] | whoever uses an arena more than once: scopes, rounds, resets |
//! | [`global`] | whoever wants code that knows nothing of arenas to use one |
//! | [`budgets`] | whoever must keep a part of a program, or a request, to so many bytes |
//! | [`failures`] | whoever writes code that has to survive when memory runs out, or an allocator |
//! | [`tools`] | whoever has an allocator and a question, or values that end one by one, or several threads |
//! | [`inside`] | the curious, and whoever is about to change this crate |
//! | [`from_bumpalo`], [`from_bump_scope`] | whoever comes from one of these crates: a table of names |
//! | [`boundaries`] | everyone, before they decide: what this crate does not do |
//! | [`features`] | whoever looks for one thing: all there is, with the test that shows it |
//!
//! Every piece of code in here runs as a test.

// So that chapters name items without their paths.
#[cfg(doc)]
use crate::*;

/// A module for each chapter, which is a text and nothing else.
macro_rules! chapters {
    ($($file:literal $chapter:ident)*) => {$(
        #[doc = include_str!($file)]
        #[doc = ""]
        // Items of features that are off cannot be linked, but to where all are on.
        #[cfg_attr(
            not(all(feature = "escapes", feature = "mapped", feature = "tower", feature = "zerocopy")),
            doc = include_str!("absent.md")
        )]
        pub mod $chapter {}
    )*};
}

chapters! {
    "backings.md" backings
    "scopes.md" scopes
    "global.md" global
    "budgets.md" budgets
    "failures.md" failures
    "tools.md" tools
    "inside.md" inside
    "from_bumpalo.md" from_bumpalo
    "from_bump_scope.md" from_bump_scope
    "boundaries.md" boundaries
    "features.md" features
}
