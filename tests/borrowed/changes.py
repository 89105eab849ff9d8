"""What `.ci/borrowed` changes in copies of other people's tests, and which of them it leaves out."""

# Why a test is left out.
NO_METHOD = "asks for a method that the type in an arena does not have"
NO_COW = "asks for std's `Cow` of std's own type"
SPECIALISED = "asks for what std alone can specialise: `collect` in place, copies without `clone`"
DROP_CHECK = "asks for what std alone may leave unchecked: cycles of vectors (`#[may_dangle]`)"
CHANGED = "asks for what std does not do any more as it did in Rust 1.63"
NEVER_STABLE = "asks for what std has not stabilised"
# Those in arenas. A name may be a pattern.
LEFT_OUT = {
    "vec": {
        "drain_filter_*": NO_METHOD,
        "from_into_inner": SPECIALISED,
        "test_cow_from": NO_COW,
        "test_extend_from_within_spec": SPECIALISED,
        "test_from_cow": NO_COW,
        "test_from_iter_partially_drained_in_place_specialization": SPECIALISED,
        "test_from_iter_specialization": SPECIALISED,
        "test_from_iter_specialization_head_tail_drop": SPECIALISED,
        "test_from_iter_specialization_panic_during_drop_leaks": SPECIALISED,
        "test_from_iter_specialization_with_iterator_adapters": SPECIALISED,
        "test_into_iter_advance_by": CHANGED,
        "test_vec_cycle*": DROP_CHECK,
    },
    "string": {
        "test_from_char": NO_METHOD,
        "test_from_cow_str": NO_COW,
        "test_remove_matches": NEVER_STABLE,
    },
}
# Those of std's own types, in regions.
LEFT_OUT_OF_REGIONS = {
    "vec": {
        "drain_filter_unconsumed*": CHANGED,
        "test_extend_from_within_spec": CHANGED,
        "test_from_iter_specialization_panic_during_drop_leaks": CHANGED,
        "test_into_iter_advance_by": CHANGED,
        "test_split_off_take_all": CHANGED,
    },
    "string": {},
}
# What shares a map with other threads, which only an arena for several of them allows: parts of names, and a program.
SHARING = {
    "hashbrown": ("rayon", "test_catch_panic_clone_from_when_len_is"),
}

ARENA_FEATURES = "#![feature(assert_matches, slice_partition_dedup)]\n\n"
REGION_FEATURES = (
    "#![feature(allocator_api, assert_matches, inplace_iteration, iter_advance_by, slice_partition_dedup)]\n"
    "#![feature(string_remove_matches, try_reserve_kind)]\n\n")

DEPENDENCY = '[dependencies.borrowed]\npath = "PACKAGE"\n\n'
# Since then more than `isize::MAX` bytes is an overflow on every system.
OVERFLOWS = ("guards_against_isize = usize::BITS < 64;", "guards_against_isize = true;")
MATCHES = ("use std::assert_matches::assert_matches;", "use std::assert_matches;", 1)
# What is changed in the file of a copy: what it has, what takes its place, how often.
EDITS = {
    "hashbrown/src/alloc.rs": [
        ("pub(crate) use allocator_api2::alloc::{Allocator, Global};",
         "pub(crate) use allocator_api2::alloc::Allocator;\n    pub(crate) use borrowed::Global;", 1),
    ],
    "hashbrown/Cargo.toml": [
        ("[dependencies.equivalent]", DEPENDENCY + "[dependencies.equivalent]", 1),
        # The benches and what they need are not built.
        ('[dev-dependencies.criterion]\nversion = "0.7"\nfeatures = ["html_reports"]\n', "", 1),
        ('[[bench]]\nname = "bench"\npath = "benches/bench.rs"\nharness = false\n', "", 1),
    ],
    "allocator-api2/src/stable/mod.rs": [
        ("\npub mod alloc;\n", "\npub use borrowed::alloc;\n", 1),
    ],
    "allocator-api2/Cargo.toml": [
        ("[dependencies.serde]", DEPENDENCY + "[dependencies.serde]", 1),
    ],
    "vec.rs": [
        MATCHES,
        (*OVERFLOWS, 1),
        ("guards_against_isize = size_of::<usize>() < 8;", "guards_against_isize = true;", 1),
        ("use std::vec::{Drain, IntoIter};",
         "use allocator_api2::vec;\nuse allocator_api2::vec::{Drain, IntoIter, Vec};", 1),
        ("std::collections::TryReserveErrorKind", "allocator_api2::collections::TryReserveErrorKind", 1),
        ("core::alloc::{Allocator, Layout}", "allocator_api2::alloc::{Allocator, Layout}", 1),
        ("core::alloc::AllocError", "allocator_api2::alloc::AllocError", 1),
        ("std::alloc::System", "allocator_api2::alloc::System", 1),
        ("use std::iter::InPlaceIterable;\n", "", 1),
    ],
    "string.rs": [
        MATCHES,
        (*OVERFLOWS, 2),
        ("use std::str;\n",
         "use std::str;\n\nuse borrowed::strings::{Collected, Copied, Printed, String, WithoutAllocator};\n", 1),
        ("std::collections::TryReserveErrorKind", "borrowed::TryReserveErrorKind", 1),
        ("Option<std::string::String>", "Option<String>", 1),
        ("Cow::Owned(self)", "Cow::Owned(self.into())", 1),
        (".to_vec()", ".copied()", 4),
        (".to_string()", ".printed()", 21),
        (".to_owned()", ".printed()", 2),
        ("String = s.chars().collect();", "String = s.chars().collected();", 1),
        ("String = [t, u].into_iter().collect();", "String = [t, u].into_iter().collected();", 1),
        ("s.drain(2..4).collect::<String>()", "s.drain(2..4).collected()", 1),
        ('format!("{a}{b}")', 'format!("{a}{b}").printed()', 1),
    ],
}
# The same for std's own types, in regions.
REGION_EDITS = {
    "vec.rs": [
        MATCHES,
        (*OVERFLOWS, 1),
        ("guards_against_isize = size_of::<usize>() < 8;", "guards_against_isize = true;", 1),
        (".drain_filter(", ".extract_if(.., ", 10),
    ],
    "string.rs": [MATCHES, (*OVERFLOWS, 2)],
}
