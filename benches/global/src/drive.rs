//! Runs the programs: in turns, so that what disturbs the machine disturbs all of them.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use indicatif::{ProgressBar, ProgressStyle};

use crate::input::Input;
use crate::rows::{Kind, ROWS};
use crate::table;
use crate::timeline;

/// What the allocators are called, and their programs.
pub(crate) const ALLOCATORS: [(&str, &str); 9] = [
    ("glibc", "glibc"),
    ("jemalloc", "jemalloc"),
    ("snmalloc", "snmalloc"),
    ("mimalloc", "mimalloc"),
    ("regions over system", "scoped_system"),
    ("regions over mimalloc", "scoped_mimalloc"),
    ("passing to mimalloc", "passing_mimalloc"),
    ("mimalloc heaps, deleted", "heaps_deleted"),
    ("mimalloc heaps, destroyed", "heaps_destroyed"),
];

/// Those that are measured in a row: heaps are for rows of heaps alone.
pub(crate) fn contenders(row: usize) -> &'static [(&'static str, &'static str)] {
    if ROWS[row].kind == Kind::Heap { &ALLOCATORS } else { &ALLOCATORS[..7] }
}

/// The program that writes down which sizes a row asks for.
const CENSUS: &str = "census";

/// What a process took: nanoseconds and KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) processor: f64,
    pub(crate) wall: f64,
    pub(crate) user: f64,
    pub(crate) peak: f64,
    pub(crate) after: f64,
    pub(crate) at_last: f64,
    /// The same under every allocator; in rows of heaps, how many heaps there were.
    pub(crate) check: f64,
}

/// How to go about it: `[PART OF A ROW'S NAME ...] [--rounds N] [--quick] [--litter] [--input FOLDER] [--figures FILE]
/// [--timeline FILE]`.
struct Options {
    wanted: Vec<String>,
    rounds: usize,
    quick: bool,
    /// Each row is measured a second time, in a heap that has been in use before.
    litter: bool,
    input: PathBuf,
    /// For the figures, to be read by other programs.
    figures: Option<PathBuf>,
    /// For the memory of each process over time. Nothing else is measured then.
    timeline: Option<PathBuf>,
}

impl Options {
    fn parse() -> Result<Options, Box<dyn Error>> {
        let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/global-input");
        let mut options = Options {
            wanted: Vec::new(),
            rounds: 5,
            quick: false,
            litter: false,
            input,
            figures: None,
            timeline: None,
        };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => (options.quick, options.rounds) = (true, 1),
                "--litter" => options.litter = true,
                "--rounds" => options.rounds = arguments.next().ok_or("--rounds needs a number")?.parse()?,
                "--figures" => {
                    options.figures = Some(arguments.next().ok_or("--figures needs a file")?.into())
                }
                "--timeline" => {
                    options.timeline = Some(arguments.next().ok_or("--timeline needs a file")?.into())
                }
                "--input" => options.input = arguments.next().ok_or("--input needs a folder")?.into(),
                other if other.starts_with('-') => return Err(format!("there is no option `{other}`").into()),
                _ => options.wanted.push(argument),
            }
        }
        Ok(options)
    }
}

/// Measures all rows under all allocators and prints the tables.
pub fn drive() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let input = Input::find(options.input.clone())?;
    let wanted = |name: &str| {
        options.wanted.is_empty() || options.wanted.iter().any(|part| name.contains(part.as_str()))
    };
    let rows: Vec<usize> = (0..ROWS.len()).filter(|&row| wanted(ROWS[row].name)).collect();
    if rows.is_empty() {
        return Err("no row is called so".into());
    }
    if let Some(file) = &options.timeline {
        let mut lines = String::new();
        for row in rows {
            for (name, program) in contenders(row) {
                eprintln!("{}: {name} ...", ROWS[row].name);
                let mut command = command(program, row, options, &input, None)?;
                timeline::watch(&mut command, ROWS[row].name, name, &mut lines)?;
            }
        }
        fs::write(file, lines)?;
        return Ok(());
    }
    let style =
        ProgressStyle::with_template("[{bar:40}] {pos}/{len} ({eta} left) {msg}")?.progress_chars("=> ");
    let processes: usize = rows.iter().map(|&row| options.rounds * contenders(row).len()).sum();
    let times = if options.litter { 2 } else { 1 };
    let progress = ProgressBar::new((times * processes) as u64).with_style(style);
    let (mut results, mut littered) = (Vec::new(), Vec::new());
    for row in rows {
        progress.set_message(ROWS[row].name);
        let Some(figures) = measure(row, options, &input, None, &progress)? else {
            progress.println(format!(
                "{}: skipped, since its input is missing; benches/global/fetch gets it",
                ROWS[row].name
            ));
            continue;
        };
        results.push((row, figures));
        if options.litter {
            let sizes = sizes(row, options, &input)?;
            if let Some(figures) = measure(row, options, &input, Some(&sizes), &progress)? {
                littered.push((row, figures));
            }
        }
    }
    progress.finish_and_clear();
    println!("{}", table::show(&results));
    if options.litter {
        println!("{}", table::litter(&results, &littered));
    }
    if let Some(file) = &options.figures {
        fs::write(file, table::figures(&results))?;
    }
    println!("Medians of {} processes for each figure, in turns.", options.rounds);
    if options.quick {
        println!("Everything was cut down, to see that it runs: the figures mean nothing.");
    }
    Ok(())
}

/// A file with the sizes that a row asks for.
fn sizes(row: usize, options: &Options, input: &Input) -> Result<PathBuf, Box<dyn Error>> {
    let text = output(CENSUS, row, command(CENSUS, row, options, input, None)?)?;
    let file = input.folder.join("sizes");
    // The first line is what every program says.
    fs::write(&file, text.split_once('\n').ok_or("the census has more than one line")?.1)?;
    Ok(file)
}

/// The figures of a row, or `None` if its input is missing; with litter of the `sizes` in a file, if there is one.
fn measure(
    row: usize,
    options: &Options,
    input: &Input,
    sizes: Option<&Path>,
    progress: &ProgressBar,
) -> Result<Option<table::Figures>, Box<dyn Error>> {
    let contenders = contenders(row);
    let mut figures = vec![Vec::new(); contenders.len()];
    // The first one finds the machine colder than the others.
    if in_process(contenders[0].1, row, options, input, sizes)?.is_none() {
        return Ok(None);
    }
    for round in 0..options.rounds {
        for turn in 0..contenders.len() {
            // From another one each time, forwards and backwards.
            let step = if round % 2 == 0 { turn } else { contenders.len() - turn };
            let who = (round / 2 * 3 + step) % contenders.len();
            let Some(samples) = in_process(contenders[who].1, row, options, input, sizes)? else {
                return Ok(None);
            };
            figures[who].push(samples);
            progress.inc(1);
        }
    }
    let checks: Vec<f64> = figures.iter().flatten().map(|samples| samples.check).collect();
    if checks.iter().any(|check| *check != checks[0]) {
        return Err(format!("{}: not the same under all allocators: {checks:?}", ROWS[row].name).into());
    }
    Ok(Some(figures))
}

/// The program of an allocator, to do the work of a row.
fn command(
    program: &str,
    row: usize,
    options: &Options,
    input: &Input,
    sizes: Option<&Path>,
) -> Result<Command, Box<dyn Error>> {
    let path = env::current_exe()?.with_file_name(format!("{program}{}", env::consts::EXE_SUFFIX));
    let mut command = Command::new(path);
    command.arg(row.to_string()).arg(&input.folder).arg(if options.quick { "quick" } else { "full" });
    command.args(sizes);
    Ok(command)
}

/// What a program printed.
fn output(program: &str, row: usize, mut command: Command) -> Result<String, Box<dyn Error>> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {program}: {error}; build all programs first"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program}, {}: {}\n{error}", ROWS[row].name, output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The work of a row under an allocator.
fn in_process(
    program: &str,
    row: usize,
    options: &Options,
    input: &Input,
    sizes: Option<&Path>,
) -> Result<Option<Sample>, Box<dyn Error>> {
    let text = output(program, row, command(program, row, options, input, sizes)?)?;
    if text.trim() == "skipped" {
        return Ok(None);
    }
    let numbers: Vec<f64> = text.split_whitespace().map_while(|number| number.parse().ok()).collect();
    let &[processor, wall, user, peak, after, at_last, check] = &numbers[..] else {
        return Err(format!("{program}, {}: it said {text:?}", ROWS[row].name).into());
    };
    Ok(Some(Sample { processor, wall, user, peak, after, at_last, check }))
}
