//! `Auto` beside the two that it chooses between, from a kilobyte to a gigabyte.

use std::hint::black_box;
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};

use crate::contender::Contender;
use crate::ours::{ByDefault, InChunks, Ours, Reserved};
use crate::samples::{Effort, fresh, median, touch};
use crate::table::short;

/// When the clock runs.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// In the first arena of a process.
    Fresh,
    /// In one of many, each dropped before the next is made.
    Again,
}

pub(crate) const MODES: [Mode; 2] = [Mode::Fresh, Mode::Again];

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Fresh => "fresh: curve of an arena's life",
            Mode::Again => "again and again: curve of an arena's life",
        }
    }
}

const WHO: [fn(Mode, usize) -> [u64; 2]; 3] =
    [life::<Ours<ByDefault>>, life::<Ours<InChunks>>, life::<Ours<Reserved>>];

/// An arena of `bytes` bytes in blocks of 64 bytes, made, filled and dropped: nanoseconds, and by how many bytes the
/// process was larger before the end.
fn life<C: Contender>(mode: Mode, bytes: usize) -> [u64; 2] {
    let put = |arena: &C, n: u64| (0..n).fold(0, |sum, i| sum ^ arena.put([i; 8]));
    let fill = |arena: &C| put(arena, bytes as u64 / 64);
    // Memory is to be fresh, and code is not: finding its pages would be most of what small sizes take.
    black_box(put(&C::new(), 2));
    arenite::Virtual::trim_cache();
    resident();
    let before = resident();
    let start = Instant::now();
    let arena = C::new();
    black_box(fill(&arena));
    let filled = start.elapsed();
    let grown = resident().saturating_sub(before);
    let start = Instant::now();
    drop(arena);
    let time = match mode {
        Mode::Fresh => filled + start.elapsed(),
        Mode::Again => lives(bytes, || fill(&C::new())),
    };
    [time.as_nanos() as u64, grown]
}

/// The time in the middle, of many.
fn lives<R>(bytes: usize, mut life: impl FnMut() -> R) -> Duration {
    let each = ((1 << 20) / bytes).max(1) as u32;
    let batches = ((256 << 20) / bytes).clamp(3, 15);
    let mut times: Vec<Duration> = (0..=batches)
        .map(|_| {
            let start = Instant::now();
            (0..each).for_each(|_| drop(black_box(life())));
            start.elapsed() / each
        })
        .skip(1)
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Bytes in memory that are this process's own, to the page; 0 where the system does not tell.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kibibytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}

/// What the program does that [`fresh`] starts.
pub(crate) fn run_fresh(mode: usize, who: usize, power: usize) {
    let [time, grown] = WHO[who](MODES[mode], 1 << power);
    println!("{time} {grown}");
}

/// Who is on the curve.
pub(crate) const NAMES: [&str; WHO.len()] = ["Auto", "Chained", "Virtual"];

/// What an arena of some size takes.
pub(crate) struct Point {
    pub(crate) bytes: u64,
    /// Nanoseconds for a block.
    pub(crate) times: [f64; WHO.len()],
    /// Bytes by which the process had grown.
    pub(crate) sizes: [f64; WHO.len()],
}

/// One point for each size.
pub(crate) fn measure(mode: Mode, effort: Effort) -> Vec<Point> {
    let (rounds, powers) = effort.curve();
    let mut points = Vec::new();
    for power in powers {
        let rounds = if power < 26 { rounds } else { rounds.min(9) };
        let mut times = [const { Vec::new() }; WHO.len()];
        let mut sizes = [const { Vec::new() }; WHO.len()];
        for round in 0..rounds {
            if matches!(mode, Mode::Fresh) && power >= 26 {
                touch(2 << power);
            }
            for turn in 0..WHO.len() {
                let who = (round + turn) % WHO.len();
                let mode = (mode as usize).to_string();
                let [time, grown] = fresh(["curve", &mode, &who.to_string(), &power.to_string()]);
                times[who].push(time as f64 / ((1_u64 << power) / 64) as f64);
                sizes[who].push(grown as f64);
            }
        }
        let middle = |samples: Vec<f64>| median(&samples).unwrap_or(f64::NAN);
        points.push(Point { bytes: 1 << power, times: times.map(middle), sizes: sizes.map(middle) });
    }
    points
}

/// The table, one line a size.
pub(crate) fn show(mode: Mode, points: &[Point]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let legend = format!("{}\nns a block of 64 B; memory", mode.name());
    table.set_header(
        [legend.as_str()].into_iter().chain(NAMES).chain(["Auto,\nx the faster", "Auto,\nx the smaller"]),
    );
    for Point { bytes, times, sizes } in points {
        let mut cells = vec![size(*bytes as f64)];
        cells.extend(
            times.iter().zip(sizes).map(|(time, grown)| format!("{}; {}", short(*time), size(*grown))),
        );
        let ratio = |of: &[f64; 3]| format!("{:.2}", of[0] / of[1].min(of[2]));
        cells.extend([ratio(times), ratio(sizes)]);
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// Bytes, in the unit that suits.
pub(crate) fn size(bytes: f64) -> String {
    match bytes / 1024.0 {
        ..1.0 => format!("{bytes:.0} B"),
        kib if kib < 1024.0 => format!("{kib:.0} KiB"),
        kib if kib < 1024.0 * 1024.0 => format!("{:.1} MiB", kib / 1024.0),
        kib => format!("{:.2} GiB", kib / 1024.0 / 1024.0),
    }
}
