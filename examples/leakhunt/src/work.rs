//! The program that is looked at: it knows nothing of who looks.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use rayon::prelude::*;
use regex::Regex;

use crate::progress::Progress;
use crate::walk::{Corpus, Text};

/// What a pass over all files came to.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) words: usize,
    pub(crate) definitions: usize,
    /// Values in documents of TOML and JSON.
    pub(crate) values: usize,
    /// How often a file names itself.
    pub(crate) mentions: usize,
}

/// Words are kept once, for ever, so that they can be compared by address: it is full when all words are known.
static WORDS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

/// Expressions are dear to compile, so they are kept: one for each name of a file.
static EXPRESSIONS: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

/// What was done, for a page of figures that shows the last hundred lines. Nobody throws the others away.
static HISTORY: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    /// Where a text is put into lower case: as large as the largest that the thread has seen.
    static LOWER_CASE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Looks through all files.
pub(crate) fn pass(corpus: &Corpus, progress: &Progress) -> Summary {
    let look = |file: &Text| {
        let found = look_through(file);
        progress.step();
        found
    };
    corpus.files.par_iter().map(look).reduce(Summary::default, |a, b| Summary {
        words: a.words + b.words,
        definitions: a.definitions + b.definitions,
        values: a.values + b.values,
        mentions: a.mentions + b.mentions,
    })
}

#[inline(never)]
fn look_through(file: &Text) -> Summary {
    static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:fn|struct|enum|trait|mod|class|def)\s+(\w+)")
            .expect("the expression is well-formed")
    });
    let definitions: HashSet<&str> =
        DEFINITION.captures_iter(&file.text).filter_map(|found| Some(found.get(1)?.as_str())).collect();
    let summary = Summary {
        words: count_words(&file.text),
        definitions: definitions.len(),
        values: values(file),
        mentions: mentions(file),
    };
    remember(format!("{}: {} words, {} definitions", file.name, summary.words, summary.definitions));
    summary
}

/// How many words a text has. They are interned.
#[inline(never)]
fn count_words(text: &str) -> usize {
    LOWER_CASE.with_borrow_mut(|lower_case| {
        lower_case.clear();
        lower_case.extend(text.chars().flat_map(char::to_lowercase));
        let words = lower_case.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(intern).count()
    })
}

#[inline(never)]
fn intern(word: &str) -> &'static str {
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = words.get(word) {
        return known;
    }
    let kept: &'static str = Box::leak(Box::from(word));
    words.insert(kept);
    kept
}

/// How often a file has its own name in it.
#[inline(never)]
fn mentions(file: &Text) -> usize {
    let Some(stem) = Path::new(&file.name).file_stem().and_then(|stem| stem.to_str()) else { return 0 };
    // A copy shares what was compiled, but not what it needs while it looks, and so waits for nobody.
    cached(stem).find_iter(&file.text).count()
}

#[inline(never)]
fn cached(word: &str) -> Regex {
    let mut expressions = EXPRESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = expressions.get(word) {
        return known.clone();
    }
    let pattern = format!(r"\b{}\b", regex::escape(word));
    let compiled = Regex::new(&pattern).expect("what is escaped is well-formed");
    expressions.insert(word.to_owned(), compiled.clone());
    compiled
}

/// How many values a document has. What is none counts as one without any.
fn values(file: &Text) -> usize {
    fn json(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Array(values) => 1 + values.iter().map(json).sum::<usize>(),
            serde_json::Value::Object(fields) => 1 + fields.values().map(json).sum::<usize>(),
            _ => 1,
        }
    }
    fn toml(value: &toml::Value) -> usize {
        match value {
            toml::Value::Array(values) => 1 + values.iter().map(toml).sum::<usize>(),
            toml::Value::Table(fields) => 1 + fields.values().map(toml).sum::<usize>(),
            _ => 1,
        }
    }
    match Path::new(&file.name).extension().and_then(|extension| extension.to_str()) {
        Some("json") => serde_json::from_str(&file.text).map_or(0, |value| json(&value)),
        Some("toml" | "lock") => {
            toml::from_str(&file.text).map_or(0, |value| toml(&toml::Value::Table(value)))
        }
        _ => 0,
    }
}

#[inline(never)]
fn remember(line: String) {
    HISTORY.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}
