//! Taking samples: contenders in turn, so that what disturbs the machine disturbs all of them.

use std::process::Command;
use std::time::Duration;

use crate::rows::{ROWS, Row, Sampling};
use crate::{CONTENDERS, FRESH};

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
    pub(crate) const MEASURE: Effort =
        Effort { samples: 61, long_samples: 11, sample_time: Duration::from_millis(3) };

    /// Everything runs, nothing is learnt.
    pub(crate) const TEST: Effort = Effort { samples: 1, long_samples: 1, sample_time: Duration::ZERO };
}

/// Nanoseconds an operation took, sample by sample; none if the contender cannot do the job.
pub(crate) type Samples = Vec<f64>;

/// The samples of every contender.
pub(crate) fn take(row: usize, effort: Effort) -> Vec<Samples> {
    let Row { job, operations, sampling, .. } = ROWS[row];
    let rounds = if sampling == Sampling::Many { effort.samples } else { effort.long_samples };
    let run = |contender: usize, units: u64| match sampling {
        Sampling::Fresh => in_fresh_process(row, contender),
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

/// This program again, with a hidden argument, for one unit of a job.
fn in_fresh_process(row: usize, contender: usize) -> Option<Duration> {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program)
        .args([FRESH, &row.to_string(), &contender.to_string()])
        .output()
        .expect("this program runs again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let nanoseconds = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a time");
    Some(Duration::from_nanos(nanoseconds))
}

/// What the program that [`in_fresh_process`] starts does.
pub(crate) fn run_fresh(mut arguments: impl Iterator<Item = String>) {
    let mut number = || arguments.next().and_then(|text| text.parse::<usize>().ok()).expect("a number");
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

fn quantile(samples: &[f64], part: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * part).round() as usize).copied()
}
