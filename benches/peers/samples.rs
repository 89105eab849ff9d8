//! Taking samples: contenders in turn, so that what disturbs the machine disturbs all of them.

use std::process::Command;
use std::time::Duration;

use arenite::{Arena, HugePages, Virtual};

use crate::rows::{ROWS, Row, Sampling};
use crate::{CONTENDERS, FRESH, curve};

/// How much work is done.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Samples a contender takes of a short job.
    samples: usize,
    /// The same of a long one.
    long_samples: usize,
    /// How long a sample of short jobs takes.
    sample_time: Duration,
}

impl Effort {
    /// How often a long job is done, and the exponents of the sizes of a curve.
    pub(crate) fn curve(self) -> (usize, std::ops::RangeInclusive<usize>) {
        match self.samples {
            1 => (1, 10..=12),
            2..=9 => (1, 10..=24),
            10..=21 => (5, 10..=30),
            _ => (15, 10..=30),
        }
    }

    /// How often a short job is done.
    pub(crate) fn samples(self) -> usize {
        self.samples
    }

    pub(crate) const MEASURE: Effort =
        Effort { samples: 61, long_samples: 11, sample_time: Duration::from_millis(3) };

    /// For a report of everything.
    pub(crate) const SHORT: Effort =
        Effort { samples: 21, long_samples: 5, sample_time: Duration::from_millis(1) };

    /// The same in a hurry.
    pub(crate) const QUICK: Effort =
        Effort { samples: 9, long_samples: 1, sample_time: Duration::from_micros(200) };

    /// Everything runs, nothing is learnt.
    pub(crate) const TEST: Effort = Effort { samples: 1, long_samples: 1, sample_time: Duration::ZERO };
}

/// Nanoseconds an operation took, sample by sample; none if the contender cannot do the job.
pub(crate) type Samples = Vec<f64>;

/// The samples of every contender.
pub(crate) fn take(row: usize, effort: Effort) -> Vec<Samples> {
    let Row { job, operations, sampling, table, .. } = ROWS[row];
    let rounds = match sampling {
        Sampling::Many | Sampling::FreshShort => effort.samples,
        Sampling::One | Sampling::Fresh => effort.long_samples,
    };
    let run = |contender: usize, units: u64| match sampling {
        _ if !CONTENDERS[contender].is_in(table) => None,
        Sampling::Fresh | Sampling::FreshShort => in_fresh_process(row, contender),
        _ => (CONTENDERS[contender].run)(job, units),
    };
    let units: Vec<u64> = (0..CONTENDERS.len())
        .map(|contender| match sampling {
            Sampling::Many => units_for(effort.sample_time, |units| run(contender, units)),
            _ => 1,
        })
        .collect();
    let mut samples = vec![Samples::new(); CONTENDERS.len()];
    for round in 0..rounds {
        if sampling == Sampling::Fresh {
            touch(512 << 20);
        }
        // Each round starts with another one: who comes first is worse off, or better.
        for turn in 0..CONTENDERS.len() {
            let contender = (round + turn) % CONTENDERS.len();
            if let Some(time) = run(contender, units[contender]) {
                let done = (units[contender] * operations) as f64;
                samples[contender].push(time.as_secs_f64() * 1e9 / done);
            }
        }
    }
    samples
}

/// How many units of a job fill a sample.
fn units_for(sample_time: Duration, run: impl Fn(u64) -> Option<Duration>) -> u64 {
    let mut units = 1;
    while run(units).is_some_and(|time| time < sample_time) {
        units *= 2;
    }
    units
}

fn in_fresh_process(row: usize, contender: usize) -> Option<Duration> {
    let [nanoseconds] = fresh(["row", &row.to_string(), &contender.to_string()]);
    Some(Duration::from_nanos(nanoseconds))
}

/// The figures that this program prints when it is called with a hidden argument, and these.
pub(crate) fn fresh<const N: usize, const M: usize>(arguments: [&str; N]) -> [u64; M] {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program).arg(FRESH).args(arguments).output().expect("this program runs again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<u64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    figures.try_into().unwrap_or_else(|_| panic!("not {M} figures: {text}"))
}

/// Has another process use that much memory: of a virtual machine, the host takes back what is idle, and is slow to give
/// it again.
pub(crate) fn touch(bytes: usize) {
    let [_] = fresh(["touch", &bytes.to_string()]);
}

/// What the program that [`fresh`] starts does.
pub(crate) fn run_fresh(mut arguments: impl Iterator<Item = String>) {
    let what = arguments.next();
    let mut number = || arguments.next().and_then(|text| text.parse::<usize>().ok()).expect("a number");
    match what.as_deref() {
        Some("curve") => return curve::run_fresh(number(), number(), number()),
        Some("touch") => {
            let memory = Virtual::new().huge_pages(HugePages::Always).prefault(number());
            // If there is not so much, it goes without.
            let arena = Arena::<_>::try_with_capacity_in(1, memory);
            return println!("{}", arena.map_or(0, |arena| arena.stats().reserved));
        }
        _ => {}
    }
    let (row, contender) = (number(), number());
    let time = (CONTENDERS[contender].run)(ROWS[row].job, 1).expect("every contender does the fresh jobs");
    println!("{}", time.as_nanos());
}

/// The value in the middle.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

/// How far the middle half of the samples lies apart, as a part of the median.
pub(crate) fn spread(samples: &[f64]) -> Option<f64> {
    Some((quantile(samples, 0.75)? - quantile(samples, 0.25)?) / median(samples)?)
}

pub(crate) fn quantile(samples: &[f64], part: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * part).round() as usize).copied()
}
