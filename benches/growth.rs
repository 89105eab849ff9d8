//! The growth of one vector to a gigabyte, as a picture: `docs/growth.svg`, which the README shows.
//!
//! `cargo bench --bench growth` makes it again.
#![allow(missing_docs, reason = "a program")]

#[path = "growth/picture.rs"]
mod picture;

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use allocator_api2::alloc::{Allocator, Global};
use allocator_api2::vec::Vec as ArenaVec;
use arenite::{Arena, Chained, HugePages, Virtual};
use bumpalo::Bump;

/// The hidden arguments with which this program calls itself.
const FRESH: &str = "--in-fresh-process";
const TOUCH: &str = "--touch";

/// Bytes of the vector at the end.
const GIGABYTE: usize = 1 << 30;

/// How often the clock is read on the way.
const POINTS: usize = 256;

/// How often everything is done; the picture shows the fastest run.
const ROUNDS: usize = 7;

/// Who is compared, and how a vector of so many bytes grows there.
type Contender = (&'static str, fn(usize) -> Vec<Point>);

const CONTENDERS: [Contender; 4] = [
    ("bumpalo", |bytes| grow(bytes, &Bump::new())),
    ("arenite, Chained", |bytes| grow(bytes, &Arena::<_>::new_in(Chained::new()))),
    ("std (realloc)", |bytes| grow(bytes, Global)),
    ("arenite, Virtual", |bytes| grow(bytes, &Arena::<_>::new_in(Virtual::new()))),
];

/// A vector on its way.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    /// Seconds since it was empty.
    pub(crate) seconds: f64,
    /// Bytes that the process has in memory by then.
    pub(crate) resident: f64,
}

/// One contender's way.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// At equal distances, from empty to full.
    pub(crate) points: Vec<Point>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [FRESH, who, bytes] => return run_fresh(number(who), number(bytes)),
        [TOUCH, bytes] => return touch(number(bytes)),
        _ => {}
    }
    // `cargo bench` says so; `cargo test --benches` does not.
    let measure = arguments.iter().any(|argument| argument == "--bench");
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let (bytes, rounds) = match measure {
        false => (1 << 20, 1),
        true if has("--quick") => (GIGABYTE / 8, 1),
        true if has("--short") => (GIGABYTE, 3),
        true => (GIGABYTE, ROUNDS),
    };

    let mut ways = CONTENDERS.map(|_| Vec::new());
    for round in 0..rounds {
        for turn in 0..CONTENDERS.len() {
            let who = (round + turn) % CONTENDERS.len();
            eprintln!("{} of {rounds}: {} ...", round + 1, CONTENDERS[who].0);
            // Of a virtual machine, the host takes memory back that is idle, and is slow to give it again.
            call_again([TOUCH, &(bytes * 4).to_string()]);
            ways[who].push(in_fresh_process(who, bytes));
        }
    }
    let series: Vec<Series> = CONTENDERS
        .iter()
        .zip(&ways)
        .map(|((name, _), ways)| Series { name, points: fastest(ways) })
        .collect();
    for Series { name, points } in &series {
        let Point { seconds, resident } = points[POINTS];
        println!("{name:18} {seconds:7.3} s, {:6.0} MiB in memory", resident / (1 << 20) as f64);
    }
    let svg = picture::draw(&series, bytes);
    if measure {
        let wanted = arguments.iter().position(|argument| argument == "--svg").map(|at| at + 1);
        let wanted = wanted.map(|at| arguments.get(at).expect("--svg needs a file").as_str());
        let path = wanted.unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/growth.svg"));
        std::fs::write(path, svg).expect("the picture is written");
        println!("written: {path}");
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// Pushes numbers onto a vector until it has `bytes` bytes.
fn grow<A: Allocator>(bytes: usize, memory: A) -> Vec<Point> {
    let mut points = Vec::with_capacity(POINTS + 1);
    let before = resident();
    points.push(Point { seconds: 0.0, resident: 0.0 });
    let mut vec: ArenaVec<u64, A> = ArenaVec::new_in(memory);
    let mut time = Duration::ZERO;
    for point in 1..=POINTS {
        let end = (bytes / size_of::<u64>() * point / POINTS) as u64;
        let start = Instant::now();
        push_until(&mut vec, end);
        time += start.elapsed();
        // Beside the clock, as it takes a while.
        let resident = resident().saturating_sub(before) as f64;
        points.push(Point { seconds: time.as_secs_f64(), resident });
    }
    black_box(&vec);
    points
}

#[inline(never)]
fn push_until<A: Allocator>(vec: &mut ArenaVec<u64, A>, end: u64) {
    for i in vec.len() as u64..end {
        vec.push(i);
    }
}

/// Bytes of this process that are in memory; 0 where the system does not tell.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) << 10
}

/// Has that much memory for a moment.
fn touch(bytes: usize) {
    let memory = Virtual::new().huge_pages(HugePages::Always).prefault(bytes);
    // If there is not so much, it goes without.
    drop(black_box(Arena::<_>::try_with_capacity_in(bytes, memory)));
}

/// What this program prints with these arguments.
fn call_again<const N: usize>(arguments: [&str; N]) -> String {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program).args(arguments).output().expect("this program runs again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn in_fresh_process(who: usize, bytes: usize) -> Vec<Point> {
    let text = call_again([FRESH, &who.to_string(), &bytes.to_string()]);
    let point = |line: &str| {
        let (seconds, resident) = line.split_once(' ')?;
        Some(Point { seconds: seconds.parse().ok()?, resident: resident.parse().ok()? })
    };
    let points: Vec<Point> = text.lines().filter_map(point).collect();
    assert_eq!(points.len(), POINTS + 1, "{text}");
    points
}

fn run_fresh(who: usize, bytes: usize) {
    for Point { seconds, resident } in CONTENDERS[who].1(bytes) {
        println!("{seconds} {resident}");
    }
}

/// The fastest run. What makes others slower is not the contender: mostly a host that is slow to give memory.
fn fastest(ways: &[Vec<Point>]) -> Vec<Point> {
    let fastest = ways.iter().min_by(|a, b| a[POINTS].seconds.total_cmp(&b[POINTS].seconds));
    fastest.expect("at least one").clone()
}
