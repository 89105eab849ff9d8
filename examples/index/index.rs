//! The inverted index: for each word, the places where it occurs.
//!
//! This is what code for any memory looks like: one type parameter `A: Allocator + Copy`, handed to every collection.
//! `Global` and `&Arena` both fit, and nothing here knows which it is.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use arenite::collections::{String, TryReserveError};
use hashbrown::{DefaultHashBuilder, HashMap};

/// Words, with something to say about each of them.
type Words<T, A> = HashMap<Box<str, A>, Vec<T, A>, DefaultHashBuilder, A>;

/// Where a word occurs in a file.
pub(crate) struct Hits<A: Allocator> {
    /// The number of the file.
    pub(crate) file: u32,
    /// The numbers of the lines, from 1: one for each time.
    pub(crate) lines: Box<[u32], A>,
}

/// Words and where they occur. All of it is in `memory`.
pub(crate) struct Index<A: Allocator + Copy> {
    words: Words<Hits<A>, A>,
    memory: A,
}

impl<A: Allocator + Copy> Index<A> {
    pub(crate) fn new_in(memory: A) -> Self {
        Index { words: Words::new_in(memory), memory }
    }

    /// Adds the words of a file.
    ///
    /// They are put together in `scratch`, where tables and vectors may grow and move as they like. What is kept is
    /// copied out of it once, at its final size.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if either memory is used up. The index can be used, but lacks words.
    pub(crate) fn try_add<S: Allocator + Copy>(
        &mut self,
        file: u32,
        text: &str,
        scratch: S,
    ) -> Result<(), OutOfMemory> {
        let mut found = Words::new_in(scratch);
        let mut lower = String::new_in(scratch);
        for (line, text) in (1..).zip(text.lines()) {
            for word in words(text) {
                try_lower(&mut lower, word)?;
                try_push(&mut found, &lower, line, scratch)?;
            }
        }
        for (word, lines) in &found {
            let hits = Hits { file, lines: try_boxed(lines, self.memory)? };
            try_push(&mut self.words, word, hits, self.memory)?;
        }
        Ok(())
    }

    /// Where a word, in lower case, occurs: file by file, in the order in which they were added.
    pub(crate) fn get(&self, word: &str) -> Option<&[Hits<A>]> {
        self.words.get(word).map(Vec::as_slice)
    }

    /// All words, in no order, with the number of times that they occur.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, usize)> {
        self.words.iter().map(|(word, hits)| (&**word, hits.iter().map(|hits| hits.lines.len()).sum()))
    }

    /// A number that two indexes share if they hold the same, whatever the order of their tables.
    pub(crate) fn digest(&self) -> u64 {
        let entry = |(word, hits): (&Box<str, A>, &Vec<Hits<A>, A>)| {
            let mut hasher = DefaultHasher::new();
            word.hash(&mut hasher);
            for Hits { file, lines } in hits {
                (file, &**lines).hash(&mut hasher);
            }
            hasher.finish()
        };
        self.words.iter().map(entry).fold(0, u64::wrapping_add)
    }
}

/// Adds to what is said about `word`. The word is copied into `memory` if it is new.
fn try_push<T, A: Allocator + Copy>(
    words: &mut Words<T, A>,
    word: &str,
    item: T,
    memory: A,
) -> Result<(), OutOfMemory> {
    if let Some(items) = words.get_mut(word) {
        items.try_reserve(1)?;
        items.push(item);
        return Ok(());
    }
    let word = String::try_from_str_in(word, memory)?.into_boxed_str();
    let mut items = Vec::new_in(memory);
    items.try_reserve_exact(1)?;
    items.push(item);
    words.try_reserve(1)?;
    words.insert(word, items);
    Ok(())
}

/// A copy in a box of exactly its size.
fn try_boxed<T: Copy, A: Allocator>(items: &[T], memory: A) -> Result<Box<[T], A>, OutOfMemory> {
    let mut copy = Vec::new_in(memory);
    copy.try_reserve_exact(items.len())?;
    copy.extend_from_slice(items);
    Ok(copy.into_boxed_slice())
}

/// The words of a text: runs of letters and digits.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Writes `word` in lower case over what `lower` held.
pub(crate) fn try_lower<A: Allocator>(lower: &mut String<A>, word: &str) -> Result<(), OutOfMemory> {
    lower.clear();
    if word.is_ascii() {
        lower.try_push_str(word)?;
        lower.make_ascii_lowercase();
        return Ok(());
    }
    for c in word.chars().flat_map(char::to_lowercase) {
        lower.try_push(c)?;
    }
    Ok(())
}

/// The memory is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is not enough memory for the index")
    }
}

impl std::error::Error for OutOfMemory {}

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        OutOfMemory
    }
}

impl From<hashbrown::TryReserveError> for OutOfMemory {
    fn from(_: hashbrown::TryReserveError) -> Self {
        OutOfMemory
    }
}
