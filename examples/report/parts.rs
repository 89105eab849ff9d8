//! The parts of the report: what each measures, draws and says.

use std::error::Error;

use clap::ValueEnum;

use crate::chart::{self, Axis, Scale, Series};
use crate::figures::Figures;
use crate::measure::{Bench, cargo};
use crate::section::{Picture, Section, bytes, grid, judge, over, short};

type Made = Result<Section, Box<dyn Error>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    Instructions,
    Peers,
    Sizes,
    Growth,
    Global,
    Memory,
    Latency,
}

/// Our contenders in the benches; all others are peers.
const OURS: [&str; 5] = ["arenite", "Chained", "Virtual", "Virtual, small", "Virtual, huge"];

fn is_peer(who: &str) -> bool {
    !OURS.contains(&who)
}

impl Part {
    pub(crate) const ALL: [Part; 7] = [
        Part::Instructions,
        Part::Peers,
        Part::Sizes,
        Part::Growth,
        Part::Global,
        Part::Memory,
        Part::Latency,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Part::Instructions => "Instructions",
            Part::Peers => "Beside other arenas",
            Part::Sizes => "Cost by number and size of blocks",
            Part::Growth => "A vector that grows to a gigabyte",
            Part::Global => "Beside other global allocators",
            Part::Memory => "Memory over time",
            Part::Latency => "Latency of a server",
        }
    }

    pub(crate) fn section(self, bench: &Bench<'_>) -> Made {
        match self {
            Part::Instructions => instructions(bench),
            Part::Peers => peers(bench),
            Part::Sizes => sizes(bench),
            Part::Growth => growth(bench),
            Part::Global => global(bench),
            Part::Memory => memory(bench),
            Part::Latency => latency(bench),
        }
    }
}

fn picture(name: &'static str, title: impl Into<String>, svg: String) -> Picture {
    Picture { name, title: title.into(), svg }
}

fn instructions(bench: &Bench<'_>) -> Made {
    let figures = bench.figures("instructions", "instructions", &["--figures"])?;
    let best = |row: &str| Some(figures.best("arenas", row, is_peer)?.1);
    let ratios = over(&figures, "arenas", "arenite", best);
    let regions = over(&figures, "regions", "in a region", |row| figures.get("regions", row, "glibc"));
    Ok(Section {
        part: Part::Instructions,
        text: "Counted in Valgrind's callgrind: the same each time, whatever else the machine does. Each operation is a \
            function of its own; calling it is not counted.",
        verdicts: vec![
            judge("arenite over the best other arena", &ratios),
            judge("a region over glibc", &regions),
        ],
        pictures: vec![picture(
            "instructions.svg",
            "Instructions: arenite over the best other arena",
            chart::ratios(&ratios),
        )],
        grids: vec![
            grid(&figures, "arenas", "Instructions an operation, arenas", short),
            grid(&figures, "regions", "Instructions an operation, allocators of a program", short),
        ],
        failed: false,
    })
}

fn peers(bench: &Bench<'_>) -> Made {
    let figures = bench.figures(
        "peers",
        "peers",
        &bench.with(&["--rows"], &["--quick", "--figures"], &["--figures"]),
    )?;
    let best = |table: &'static str, wanted: fn(&str) -> bool| {
        let figures = &figures;
        move |row: &str| Some(figures.best(table, row, wanted)?.1)
    };
    let small = over(&figures, "short", "arenite", best("short", is_peer));
    let large = over(&figures, "large", "arenite", best("large", |who| is_peer(who) && who != "std"));
    let mut std = over(&figures, "large", "arenite", best("large", |who| who == "std"));
    // Nothing is reset there.
    std.retain(|(row, _)| !row.starts_with("reset"));
    Ok(Section {
        part: Part::Peers,
        text: "Times. Every contender goes through the same generic function, compiled for it alone, in turns. The best peer \
            is another one in each row, so no single crate is that good everywhere.",
        verdicts: vec![
            judge("short work, arenite over the best peer", &small),
            judge("large memory, arenite over the best other arena", &large),
            judge("large memory, arenite over std", &std),
        ],
        pictures: vec![
            picture(
                "ratios.svg",
                "Short work: time of arenite over that of the best peer",
                chart::ratios(&small),
            ),
            picture(
                "large.svg",
                "Large memory: time of arenite over that of the best other arena",
                chart::ratios(&large),
            ),
            picture("large-std.svg", "Large memory: time of arenite over that of std", chart::ratios(&std)),
        ],
        grids: vec![
            grid(&figures, "short", "Short work: nanoseconds an operation", short),
            grid(&figures, "large", "Large memory: nanoseconds an operation", short),
        ],
        failed: false,
    })
}

const OF_MEMORY: Axis = Axis { title: "bytes in the arena", scale: Scale::Doubling, label: bytes };
const TIME: Axis = Axis { title: "nanoseconds a block", scale: Scale::Doubling, label: short };

fn series(figures: &Figures, table: &str) -> Vec<Series> {
    figures.who(table).iter().map(|who| (who.to_string(), figures.line(table, who))).collect()
}

fn sizes(bench: &Bench<'_>) -> Made {
    let figures = bench.figures(
        "curves",
        "peers",
        &bench.with(&["--curves"], &["--quick", "--figures"], &["--figures"]),
    )?;
    let of_block = Axis { title: "bytes in a block", ..OF_MEMORY };
    let mut multiples = series(&figures, "fresh memory");
    for (_, points) in &mut multiples {
        // Below, a page more or less is all there is to see.
        points.retain(|(bytes, grown)| *bytes >= 65_536.0 && *grown > 0.0);
        points.iter_mut().for_each(|(bytes, grown)| *grown /= *bytes);
    }
    let times = Axis { title: "bytes in memory, a byte used", scale: Scale::Linear, label: short };
    let best = |row: &str| Some(figures.best("sizes", row, is_peer)?.1);
    let ratios: Vec<(String, f64)> = over(&figures, "sizes", "arenite", best)
        .into_iter()
        .map(|(row, ratio)| (bytes(row.parse().unwrap_or(0.0)), ratio))
        .collect();
    Ok(Section {
        part: Part::Sizes,
        text: "First, a block by its size, in memory that was used before: most of it is what writing the block costs, and \
            std frees each block at once. Then the life of an arena of blocks of 64 bytes, by how many there are: the \
            default backing (Auto) beside the two that it chooses between, in a fresh process and again and again.",
        verdicts: vec![judge("blocks by size, arenite over the best peer", &ratios)],
        pictures: vec![
            picture(
                "blocks.svg",
                "Time a block, by its size",
                chart::lines(of_block, TIME, &series(&figures, "sizes")),
            ),
            picture(
                "fresh.svg",
                "Fresh process: time a block",
                chart::lines(OF_MEMORY, TIME, &series(&figures, "fresh time")),
            ),
            picture(
                "again.svg",
                "Again and again: time a block",
                chart::lines(OF_MEMORY, TIME, &series(&figures, "again time")),
            ),
            picture("grown.svg", "Memory for each byte used", chart::lines(OF_MEMORY, times, &multiples)),
        ],
        grids: vec![
            grid(&figures, "sizes", "Nanoseconds a block; rows are sizes in bytes", short),
            grid(&figures, "fresh time", "Fresh: nanoseconds a block; rows are bytes in all", short),
            grid(
                &figures,
                "again time",
                "Again and again: nanoseconds a block; rows are bytes in all",
                short,
            ),
        ],
        failed: false,
    })
}

fn growth(bench: &Bench<'_>) -> Made {
    let arguments = bench.with(&[], &["--quick", "--svg"], &["--short", "--svg"]);
    let svg = bench.file("growth-bench.svg", |file| {
        cargo(&["bench", "--quiet", "--bench", "growth", "--"], &arguments, file)
    })?;
    Ok(Section {
        part: Part::Growth,
        text: "One vector grows by push, each contender in a process of its own. Where memory comes in chunks, the vector moves and \
            leaves its old place behind; in reserved memory it stays where it is.",
        verdicts: Vec::new(),
        pictures: vec![picture("growth.svg", "Time and memory of a vector by its size", svg)],
        grids: Vec::new(),
        failed: false,
    })
}

/// Rows that are soon done.
const SOON: [&str; 6] = ["pair", "batch", "mixed", "BTreeMap", "HashMap", "serde"];

fn global(bench: &Bench<'_>) -> Made {
    let mut quick = vec!["--rounds", "1"];
    quick.extend(SOON);
    quick.push("--figures");
    let arguments = bench.with(&[], &quick, &["--rounds", "3", "--figures"]);
    let figures = bench.figures("global", "global", &arguments)?;
    let compare =
        |table: &str, who: &str, base: &str| over(&figures, table, who, |row| figures.get(table, row, base));
    let time = compare("processor", "regions over mimalloc", "mimalloc");
    let system = compare("processor", "regions over system", "glibc");
    let passing = compare("processor", "passing to mimalloc", "mimalloc");
    let peak = compare("peak", "regions over mimalloc", "mimalloc");
    Ok(Section {
        part: Part::Global,
        text: "Programs that know nothing of arenas, each built with each allocator, a process for every figure. With regions, \
            each piece of work (a file, a document, a request) is done in one. Rows whose input is not there are left \
            out: benches/global/fetch gets it.",
        verdicts: vec![
            judge("processor time, regions over mimalloc, of mimalloc's", &time),
            judge("processor time, regions over the system's allocator, of glibc's", &system),
            judge("processor time without a region, of mimalloc's", &passing),
            judge("peak memory, regions over mimalloc, of mimalloc's", &peak),
        ],
        pictures: vec![
            picture(
                "global.svg",
                "Processor time: regions over mimalloc, of mimalloc's",
                chart::ratios(&time),
            ),
            picture(
                "global-system.svg",
                "Processor time: regions over the system's, of glibc's",
                chart::ratios(&system),
            ),
            picture(
                "global-peak.svg",
                "Peak memory: regions over mimalloc, of mimalloc's",
                chart::ratios(&peak),
            ),
        ],
        grids: vec![
            grid(&figures, "processor", "Processor time: milliseconds", |time| short(time * 1e-6)),
            grid(&figures, "peak", "Peak memory: MiB", |kib| short(kib / 1024.0)),
        ],
        failed: false,
    })
}

fn memory(bench: &Bench<'_>) -> Made {
    let rows = ["requests, 64 bytes left behind", "churn of small blocks"];
    let mut arguments = rows.to_vec();
    arguments.push("--timeline");
    let figures = bench.figures("memory", "global", &arguments)?;
    let seconds = Axis { title: "seconds", scale: Scale::Linear, label: short };
    let mebibytes = Axis { title: "MiB in memory", scale: Scale::Linear, label: short };
    let names = ["memory-requests.svg", "memory-churn.svg"];
    let pictures = rows.iter().zip(names).map(|(row, name)| {
        let scaled = series(&figures, row).into_iter().map(|(who, points)| {
            (who, points.into_iter().map(|(time, kib)| (time / 1e3, kib / 1024.0)).collect())
        });
        picture(name, *row, chart::lines(seconds, mebibytes, &scaled.collect::<Vec<Series>>()))
    });
    Ok(Section {
        part: Part::Memory,
        text: "How much memory a process has from its beginning to its end. Requests: 100 000 of them, each of which allocates 100 KB \
            and leaves 64 bytes in a map. Churn: 1 MB of blocks of 16 to 128 bytes lives, and 1.4 GB go through it, in one \
            region.",
        verdicts: Vec::new(),
        pictures: pictures.collect(),
        grids: Vec::new(),
        failed: false,
    })
}

const PERCENTILES: [&str; 9] = ["50", "75", "90", "95", "99", "99.5", "99.9", "99.99", "100"];

fn latency(bench: &Bench<'_>) -> Made {
    let requests = if bench.quick { "8000" } else { "40000" };
    let text = bench.file("latency.tsv", |file| {
        let command = ["run", "--release", "--quiet", "--manifest-path", "examples/server/Cargo.toml"];
        cargo(&command, &["--target-dir", "target/server-example", "--", requests], file)
    })?;
    let figures = Figures::parse(&text);
    let percentile =
        |place: f64| PERCENTILES.get(place.round() as usize).map_or(String::new(), |name| name.to_string());
    let x = Axis { title: "percentile", scale: Scale::Linear, label: percentile };
    let time = |micros: f64| {
        if micros < 999.5 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1e3) }
    };
    let y = Axis { title: "", scale: Scale::Doubling, label: time };
    let lines = |table: &str| {
        let line = |(way, name): (&str, &str)| {
            let at = |(place, row): (usize, &&str)| Some((place as f64, figures.get(table, row, way)?));
            (name.to_owned(), PERCENTILES.iter().enumerate().filter_map(at).collect())
        };
        let series: Vec<Series> =
            [("none", "without regions"), ("regions", "a region a request")].map(line).into();
        chart::lines(x, y, &series)
    };
    let ratios = |table: &str| over(&figures, table, "regions", |row| figures.get(table, row, "none"));
    let without_rate = |table: &str| -> Vec<(String, f64)> {
        ratios(table).into_iter().filter(|(row, _)| row != "requests a second").collect()
    };
    Ok(Section {
        part: Part::Latency,
        text: "A server over HTTP with 16 clients in the same process. In the second picture one request in 500 asks for \
            64 MB; with regions, which have a budget of 4 MiB, it is refused.",
        verdicts: vec![
            judge("with regions over without, by percentile", &without_rate("modest")),
            judge("the same with greedy requests", &without_rate("greedy")),
        ],
        pictures: vec![
            picture("latency.svg", "Latency by percentile", lines("modest")),
            picture("latency-greedy.svg", "Latency by percentile, with greedy requests", lines("greedy")),
        ],
        grids: vec![
            grid(&figures, "modest", "Microseconds by percentile", short),
            grid(&figures, "greedy", "Microseconds by percentile, with greedy requests", short),
        ],
        failed: false,
    })
}
