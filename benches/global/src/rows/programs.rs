//! What programs do, with libraries that have never heard of arenas, on files of other people.

use std::fs;
use std::hint::black_box;
use std::thread;

use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Node, RcDom};
use regex::Regex;
use serde_json::Value;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use toml_edit::DocumentMut;

use super::Job;
use crate::memory::Memory;

/// Every file is parsed and dropped, in a region of its own. Reading does not count.
pub(super) fn syn(job: &mut Job<'_>) -> Option<u64> {
    let files = some(job, job.input.list("rust")?);
    Some(job.measure(|memory, clock| {
        files
            .iter()
            .map(|path| {
                let text = clock.stopped(|| fs::read_to_string(path).unwrap_or_default());
                memory.within(|| parse(&text))
            })
            .sum()
    }))
}

/// The same, half of the files by each of two threads. Here reading counts.
pub(super) fn syn_twice(job: &mut Job<'_>) -> Option<u64> {
    let files = some(job, job.input.list("rust")?);
    let parse = |memory: &dyn Memory, part: usize| -> u64 {
        files
            .iter()
            .skip(part)
            .step_by(2)
            .map(|path| {
                let text = fs::read_to_string(path).unwrap_or_default();
                memory.within(|| parse(&text))
            })
            .sum()
    };
    Some(job.measure(|memory, _| {
        thread::scope(|scope| {
            let other = scope.spawn(|| parse(memory, 1));
            parse(memory, 0) + other.join().expect("parsing does not panic")
        })
    }))
}

fn parse(text: &str) -> u64 {
    black_box(syn::parse_file(text)).map_or(0, |file| file.items.len() as u64)
}

/// JSON schemas, each in a region of its own.
pub(super) fn documents(job: &mut Job<'_>) -> Option<u64> {
    let files = some(job, job.input.list("schemas")?);
    Some(job.measure(|memory, clock| {
        files
            .iter()
            .map(|path| {
                let text = clock.stopped(|| fs::read_to_string(path).unwrap_or_default());
                (0..2).map(|_| memory.within(|| size(&text))).sum::<u64>()
            })
            .sum()
    }))
}

/// One large document, three times.
pub(super) fn document(job: &mut Job<'_>) -> Option<u64> {
    let text = job.input.file("browser-compat-data/package/data.json")?;
    let times = job.times(3);
    Some(job.measure(|memory, _| (0..times).map(|_| memory.within(|| size(&text))).sum()))
}

/// How many values there are in a document.
fn size(text: &str) -> u64 {
    fn count(value: &Value) -> u64 {
        1 + match value {
            Value::Array(values) => values.iter().map(count).sum(),
            Value::Object(values) => values.values().map(count).sum(),
            _ => 0,
        }
    }
    black_box(serde_json::from_str::<Value>(text)).map_or(0, |value| count(&value))
}

/// The manifests of packages: parsed, and written again.
pub(super) fn manifests(job: &mut Job<'_>) -> Option<u64> {
    let texts = some(job, job.input.texts("manifests")?);
    Some(job.measure(|memory, _| {
        texts
            .iter()
            .map(|text| {
                memory.within(|| {
                    let document = black_box(text.parse::<DocumentMut>());
                    document.map_or(0, |document| document.to_string().len() as u64)
                })
            })
            .sum()
    }))
}

/// The patterns by which browsers are told apart: each is compiled, in a region of its own.
pub(super) fn patterns(job: &mut Job<'_>) -> Option<u64> {
    let text = job.input.file("uap-core/package/regexes.yaml")?;
    let quoted = |line: &str| -> Option<String> {
        Some(line.trim().strip_prefix("- regex: '")?.strip_suffix('\'')?.to_owned())
    };
    let patterns: Vec<String> = some(job, text.lines().filter_map(quoted).collect());
    Some(job.measure(|memory, _| {
        let compile =
            |pattern: &String| black_box(Regex::new(pattern)).is_ok_and(|regex| regex.is_match("Opera"));
        patterns.iter().map(|pattern| u64::from(memory.within(|| compile(pattern)))).sum()
    }))
}

/// The READMEs and change logs of packages, as HTML.
pub(super) fn readmes(job: &mut Job<'_>) -> Option<u64> {
    let texts = some(job, job.input.texts("readmes")?);
    let options = comrak::Options::default();
    Some(job.measure(|memory, _| {
        let convert = |text: &String| comrak::markdown_to_html(text, &options).len() as u64;
        texts.iter().map(|text| (0..3).map(|_| memory.within(|| convert(text))).sum::<u64>()).sum()
    }))
}

/// The schemas of a server's database, and the queries of a benchmark for databases: file by file, query by query, each
/// in a region of its own.
pub(super) fn queries(job: &mut Job<'_>) -> Option<u64> {
    let texts = job.input.texts("sql")?;
    let of = |text: &String| -> Vec<String> {
        // A long file is one of many queries.
        let parts = if text.len() > 100_000 { text.split_inclusive(";\n").collect() } else { vec![&**text] };
        parts.into_iter().map(str::to_owned).collect()
    };
    let parts = some(job, texts.iter().flat_map(of).collect());
    let times = job.times(20);
    Some(job.measure(|memory, _| {
        let statements = |text: &String| {
            let parsed = black_box(Parser::parse_sql(&PostgreSqlDialect {}, text));
            parsed.map_or(0, |statements| statements.len() as u64)
        };
        let all = || parts.iter().map(|text| memory.within(|| statements(text))).sum::<u64>();
        (0..times).map(|_| all()).sum()
    }))
}

/// A schema of 1.2 MB, again and again.
pub(super) fn schema(job: &mut Job<'_>) -> Option<u64> {
    let text = job.input.file("graphql-schema/package/schema.graphql")?;
    let times = job.times(20);
    Some(job.measure(|memory, _| {
        let parse = || black_box(graphql_parser::parse_schema::<String>(&text));
        (0..times)
            .map(|_| memory.within(|| parse().map_or(0, |schema| schema.definitions.len() as u64)))
            .sum()
    }))
}

/// Pages of documentation become trees, each in a region of its own. Reading does not count.
pub(super) fn pages(job: &mut Job<'_>) -> Option<u64> {
    let files = some(job, job.input.list("pages")?);
    Some(job.measure(|memory, clock| {
        files
            .iter()
            .map(|path| {
                let text = clock.stopped(|| fs::read_to_string(path).unwrap_or_default());
                memory.within(|| {
                    let tree = html5ever::parse_document(RcDom::default(), Default::default());
                    nodes(&black_box(tree.one(&*text)).document)
                })
            })
            .sum()
    }))
}

fn nodes(node: &Node) -> u64 {
    1 + node.children.borrow().iter().map(|child| nodes(child)).sum::<u64>()
}

/// All of the input, or few enough to be done at once.
fn some<T>(job: &Job<'_>, mut all: Vec<T>) -> Vec<T> {
    all.truncate(job.times(all.len()));
    all
}
