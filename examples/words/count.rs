//! Counting.

use arenite::Arena;
use arenite::collections::HashMap;

/// A word of one file, and how often it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) count: u32,
}

/// A word, how often it is there, and in how many files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total<'a> {
    pub(crate) text: &'a str,
    pub(crate) count: u64,
    pub(crate) files: u32,
}

/// The words of `text`, in lower case, each once and in order. They are copies in `arena`: the text may go.
pub(crate) fn words<'a>(arena: &'a Arena, text: &str) -> &'a [Word<'a>] {
    // The table is of no use afterwards, so it is in a scope: its memory serves the next file. What is kept goes into the
    // arena itself meanwhile.
    arena.scope(|scratch| {
        let mut counts: HashMap<'_, &str, u32> = HashMap::new_in(scratch);
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let word = if word.chars().any(char::is_uppercase) {
                let mut lower = arenite::collections::String::new_in(scratch);
                lower.extend(word.chars().flat_map(char::to_lowercase));
                // The table has it; the scope's end takes it back.
                &*lower.leak()
            } else {
                word
            };
            *counts.entry(word).or_default() += 1;
        }
        let words = counts.iter().map(|(text, &count)| Word { text: arena.alloc_str(text), count });
        let words = arena.alloc_from_iter(words);
        words.sort_unstable_by_key(|word| word.text);
        &*words
    })
}

/// All words of all files, the most frequent first.
pub(crate) fn merge<'a>(files: &[&'a [Word<'a>]]) -> Vec<Total<'a>> {
    let mut totals: std::collections::HashMap<&str, Total<'a>> = std::collections::HashMap::new();
    for word in files.iter().copied().flatten() {
        let total = totals.entry(word.text).or_insert(Total { text: word.text, count: 0, files: 0 });
        total.count += u64::from(word.count);
        total.files += 1;
    }
    let mut totals: Vec<_> = totals.into_values().collect();
    totals.sort_unstable_by(|one, other| other.count.cmp(&one.count).then(one.text.cmp(other.text)));
    totals
}
