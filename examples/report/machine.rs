//! Which machine this is, and when.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// What others need to know to compare, as pairs of a name and a value.
pub(crate) fn describe() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        ("measured", date(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()))),
        ("processor", format!("{}, {cores} cores", processor())),
        ("memory", first("/proc/meminfo", "MemTotal:").map_or_else(unknown, |text| gibibytes(&text))),
        ("system", system()),
        ("compiler", output("rustc", &["--version"])),
        ("arenite", env!("CARGO_PKG_VERSION").to_owned() + &commit()),
        ("arenas", versions(&lock("Cargo.lock"), &["bumpalo", "bump-scope", "blink-alloc"])),
        ("global allocators", allocators()),
    ]
}

fn unknown() -> String {
    "not known".to_owned()
}

fn allocators() -> String {
    let names = ["mimalloc", "snmalloc-rs", "tikv-jemallocator"];
    let crates = versions(&lock("benches/global/Cargo.lock"), &names);
    match output("getconf", &["GNU_LIBC_VERSION"]) {
        libc if libc.starts_with("glibc") => format!("{crates}, {libc}"),
        _ => crates,
    }
}

fn processor() -> String {
    let name =
        first("/proc/cpuinfo", "model name").map(|name| name.trim_start_matches([':', ' ', '\t']).to_owned());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn system() -> String {
    let kernel = output("uname", &["-sr"]);
    let pages = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let chosen = pages.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    chosen.map_or_else(|| kernel.clone(), |(chosen, _)| format!("{kernel}, transparent huge pages: {chosen}"))
}

fn commit() -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let hash = output("git", &["-C", root, "rev-parse", "--short", "HEAD"]);
    if hash.chars().all(|char| char.is_ascii_hexdigit()) { format!(" at {hash}") } else { String::new() }
}

/// What follows `name` in the first line of a file that begins with it.
fn first(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}

fn gibibytes(kibibytes: &str) -> String {
    let number = kibibytes.split(' ').next().and_then(|number| number.parse::<f64>().ok());
    number.map_or_else(unknown, |number| format!("{:.1} GiB", number / (1 << 20) as f64))
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or_else(unknown, |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The text of a lock file of this repository.
fn lock(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

/// Names and versions of packages, from a lock file.
pub(crate) fn versions(lock: &str, names: &[&str]) -> String {
    let version = |name: &&str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    names.iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

/// The date and the time of so many seconds after the beginning of 1970, in Greenwich.
pub(crate) fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, so that the odd day is at the end, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest % 3600 / 60)
}
