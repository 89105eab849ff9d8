//! What an inner call hands out is gone before the outer one ends.

use arenite::collections::Vec;
use arenite::scratch::{scratch, scratch_avoiding};

fn main() {
    scratch(|outer| {
        let mut words: Vec<'_, &str> = Vec::new_in(outer);
        scratch_avoiding(&[outer], |inner| words.push(inner.alloc_str("gone soon")));
        println!("{words:?}");
    });
}
